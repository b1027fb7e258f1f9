"""The keys that each object has, with the values of one about which nothing is known; made of the official fixtures."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

_FOLDER = files("sandbox.server.stripe") / "shapes"


@cache
def shape(name: str) -> dict[str, Any]:
    """Give a shape; its nested values are shared, so it is laid under an object and never changed."""
    loaded: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return loaded

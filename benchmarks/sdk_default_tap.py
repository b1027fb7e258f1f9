"""The same raw records by the Singer SDK's own way: `get_records` and nothing overridden."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from tap_core.raw import RAW_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable


class Imports(Stream):
    """Rows as raw records."""

    name = "imports"
    schema: ClassVar[dict[str, Any]] = RAW_SCHEMA
    primary_keys: ClassVar[list[str]] = ["account", "id"]

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        """Yield a row at a time."""
        del context
        path = self.config["file"]
        with Path(path).open(encoding="utf-8", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                key = f"ghl_contacts:{row['Contact Id']}"
                origin = {"file": "68dd211d4666", "path": path, "line": line}
                yield {"account": "main", "id": key, "record": row, "phones": [], "origin": origin}


class DefaultTap(Tap):
    """A tap as the SDK's template makes it."""

    name = "tap-default"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(th.Property("file", th.StringType)).to_dict()

    def discover_streams(self) -> list[Stream]:
        """Return the one stream."""
        return [Imports(self)]


if __name__ == "__main__":
    DefaultTap.cli()

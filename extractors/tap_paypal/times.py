"""Dates as PayPal reads and writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tap_core.intervals import from_text, to_text


def stamp(milliseconds: int) -> str:
    """What PayPal reads: `2024-02-10T00:01:56Z`."""
    return f"{datetime.fromtimestamp(milliseconds // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def instant(text: Any) -> str | None:
    """A date of PayPal's, which has the account's own offset, in UTC; None if there is none."""
    return to_text(from_text(text)) if isinstance(text, str) and text else None

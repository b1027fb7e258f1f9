"""Dates as PayPal reads and writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sandbox.exports.formats import iso, local

_DATE = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})"
)
_YEARS = 3


def read(text: str) -> int | None:
    """Give the second that a date means; seconds and zone are required, parts of a second are dropped."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return int(datetime.fromisoformat(text.upper()).timestamp())
    except ValueError:
        return None


def stamp(seconds: int, offsets: tuple[int, int]) -> str:
    """Write `2024-02-10T00:01:56+0000`: the account's clock, and no colon in its offset."""
    shown, zone = local(seconds, (_zone(offsets[0]), offsets[0]), (_zone(offsets[1]), offsets[1]))
    return f"{iso(shown, 'T')}{zone}"


def zulu(seconds: int) -> str:
    """Write `2024-02-10T00:01:56Z`, as everything but the reports does."""
    return f"{iso(seconds, 'T')}Z"


def years_before(now: int) -> int:
    """Give the second before which the reports hold nothing."""
    moment = datetime.fromtimestamp(now, UTC)
    day = 28 if (moment.month, moment.day) == (2, 29) else moment.day
    return int(moment.replace(year=moment.year - _YEARS, day=day).timestamp())


def _zone(hours: int) -> str:
    return f"{'-' if hours < 0 else '+'}{abs(hours):02d}00"

"""Remaining intervals: what of a stream's time line is not read yet. The set is the bookmark.

A download is a set of half-open intervals, each with the vendor's cursor inside it. A page shrinks the interval that it
was read from; an idle worker splits the largest. Whatever happens, what is in the set is still to be read and what is
not in it has been delivered, so a run that was cut off anywhere goes on from the set. Times: epoch milliseconds, UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """[start, end), and where the vendor goes on inside it (None: not begun)."""

    start: int
    end: int
    cursor: Any = None

    @property
    def width(self) -> int:
        """Milliseconds left."""
        return self.end - self.start


class Coverage(msgspec.Struct):
    """What a stream's bookmark says: everything in [start, end) is read but for what remains."""

    start: int
    end: int
    remaining: list[Interval]

    def extended(self, start: int, end: int, lookback: int) -> Coverage:
        """The coverage of the next run: the new end, a look back before the old one, and an earlier start if asked."""
        fresh = Interval(max(self.end - lookback, min(start, self.end)), end)
        remaining = [interval for interval in self.remaining if interval.width > 0]
        if fresh.width > 0:
            remaining.append(fresh)
        if start < self.start:
            remaining.append(Interval(start, self.start))
        return Coverage(min(start, self.start), max(end, self.end), remaining)


def to_bookmark(coverage: Coverage) -> dict[str, Any]:
    """A form that a person can read."""
    remaining = sorted(coverage.remaining, key=lambda interval: interval.start)
    return {
        "covered_from": to_text(coverage.start),
        "covered_to": to_text(coverage.end),
        "remaining": [_interval_text(interval) for interval in remaining],
    }


def from_bookmark(bookmark: dict[str, Any]) -> Coverage:
    """The coverage that a bookmark tells."""
    remaining = [
        Interval(from_text(entry["from"]), from_text(entry["to"]), entry.get("cursor"))
        for entry in bookmark["remaining"]
    ]
    return Coverage(from_text(bookmark["covered_from"]), from_text(bookmark["covered_to"]), remaining)


def _interval_text(interval: Interval) -> dict[str, Any]:
    text = {"from": to_text(interval.start), "to": to_text(interval.end)}
    return text if interval.cursor is None else {**text, "cursor": interval.cursor}


def to_text(milliseconds: int) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}Z"


def from_text(text: str) -> int:
    """The inverse of `to_text`; takes any ISO 8601 with a zone."""
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000

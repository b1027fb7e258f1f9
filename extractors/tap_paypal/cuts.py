"""Cuts a window of many pages so that several workers share it, without asking for anything twice.

The report is in the order of initiation, so a page and one half way to the end tell where to cut: what lies inside
each of them is read, and what is between and behind them are two windows of their own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tap_core.interval_stream import SECOND
from tap_core.intervals import Interval, from_text

from tap_paypal.twins import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_core.raw import RecordMessage

MANY_PAGES = 8
"""A window with fewer is left to one worker: each cut costs about half a page."""


class Cut(NamedTuple):
    """The rows that are read for good, and the windows that are left."""

    messages: list[RecordMessage]
    parts: tuple[Interval, ...]


def moments(messages: Sequence[RecordMessage]) -> list[int]:
    """When the rows of a page were initiated; none if one of them could not be read."""
    rows = rows_of(messages)
    return [from_text(row.created_at) for row in rows if row.created_at] if len(rows) == len(messages) else []


def is_spread(messages: Sequence[RecordMessage]) -> bool:
    """Whether a page holds a whole second: then some of its rows need not be read again."""
    times = moments(messages)
    return bool(times) and times[0] < times[-1] and _ascending(times)


def cut(interval: Interval, page: Sequence[RecordMessage], middle: Sequence[RecordMessage]) -> Cut | None:
    """Cut a window by the page it is read to and one half way to its end; None if they are not in order.

    A second at the border of a page goes on elsewhere, so that it is read again as a whole, with its twins.
    """
    times, later = moments(page), moments(middle)
    if not (times and later and _ascending(times + later)):
        return None
    known_to, low, high = times[-1], later[0], later[-1]
    kept = [one for one, time in zip(page, times, strict=True) if time < known_to]
    kept += [one for one, time in zip(middle, later, strict=True) if low < time < high]
    between = [(known_to, low + SECOND)] if low < high else [(known_to, low), (low, low + SECOND)]
    behind = (high, interval.end) if low < high else (low + SECOND, interval.end)
    return Cut(kept, tuple(Interval(start, end) for start, end in [*between, behind] if start < end))


def _ascending(times: Sequence[int]) -> bool:
    return all(earlier <= later for earlier, later in pairwise(times))

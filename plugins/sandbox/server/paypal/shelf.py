"""The rows of an account in the order of the report, and which of them are published."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from sandbox.server.paypal.switches import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.server.paypal.facts import Row

_at = attrgetter("at")
_updated = attrgetter("updated")
_order = attrgetter("order")
_LATEST = 3 * DAY


class Moment(NamedTuple):
    """What the report holds: rows initiated up to `refreshed`, if they are published by `now`."""

    now: int
    refreshed: int

    def holds(self, row: Row) -> bool:
        """Say whether a row is published."""
        return row.at <= self.refreshed and row.published <= self.now


class Shelf:
    """Rows by initiation; all that need an order by change or a look-up by id is made anew after a change."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows = sorted(rows, key=_order)
        self.version = 0
        self._changed: tuple[int, list[Row]] = (-1, [])

    def add(self, row: Row) -> None:
        """Enter a row that has just come."""
        insort(self.rows, row, key=_order)
        self.version += 1

    def touch(self) -> None:
        """Note that rows have changed."""
        self.version += 1

    def published(self, moment: Moment) -> Iterator[Row]:
        """Yield all rows that the report holds, in its order."""
        return filter(moment.holds, self.rows)

    def initiated(self, start: int, end: int, moment: Moment) -> list[Row]:
        """Give the published rows initiated from `start` to `end`, both included."""
        first, last = bisect_left(self.rows, start, key=_at), bisect_right(self.rows, end, key=_at)
        old = bisect_left(self.rows, moment.now - _LATEST, first, last, key=_at)
        return self.rows[first:old] + [row for row in self.rows[old:last] if moment.holds(row)]

    def changed(self, start: int, end: int, moment: Moment) -> list[Row]:
        """Give the published rows last changed from `start` to `end`, in the order of the report."""
        if self._changed[0] != self.version:
            self._changed = (self.version, sorted(self.rows, key=_updated))
        rows = self._changed[1]
        first, last = bisect_left(rows, start, key=_updated), bisect_right(rows, end, key=_updated)
        return sorted((row for row in rows[first:last] if moment.holds(row)), key=_order)

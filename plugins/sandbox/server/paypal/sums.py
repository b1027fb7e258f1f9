"""Running sums of the published rows, so that the balance of any moment is quickly found."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.server.paypal.facts import Row

_HELD = ("T1503", "T1105")
_STEP = 500
_at = attrgetter("at")


class Sums:
    """Totals and what is held, by currency, after each few hundred rows; `key` says of which state of the books."""

    def __init__(self, key: Any, rows: list[Row]) -> None:
        self.key = key
        self._rows = rows
        self._after: list[tuple[Counter[str], Counter[str]]] = [(Counter(), Counter())]
        for start in range(0, len(rows), _STEP):
            self._after.append(self._added(start, start + _STEP))

    def until(self, at: int) -> tuple[Counter[str], Counter[str]]:
        """Give the sums of all rows up to a moment."""
        end = bisect_right(self._rows, at, key=_at)
        return self._added(end // _STEP * _STEP, end)

    def _added(self, start: int, end: int) -> tuple[Counter[str], Counter[str]]:
        total, held = (Counter(before) for before in self._after[start // _STEP])
        for row in self._rows[start:end]:
            if row.code in _HELD:
                held[row.currency] -= row.cents
            elif row.affects:
                total[row.currency] += row.cents + row.fee
        return total, held

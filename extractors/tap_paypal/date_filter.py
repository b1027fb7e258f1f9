"""Which date PayPal filters by, and whether a window holds its last second: not documented, so it is asked."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tap_core.interval_stream import SECOND
from tap_core.intervals import from_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_paypal.twins import Info


class DateFilter:
    """Finds out by a row that has changed: which windows hold it, the second of its initiation alone for instance?"""

    def __init__(self, ask: Callable[[int, int, str], list[Info]]) -> None:
        """`ask` tells the rows of an id from one second until another."""
        self._ask = ask
        self._lock = threading.Lock()
        self._telling: Info | None = None
        self._by_initiation: bool | None = None
        self.is_inclusive = False
        """Whether it is sure that a window holds the rows of its last second."""

    def see(self, info: Info) -> None:
        """Keep a row that can tell."""
        if self._telling is None and _has_changed(info):
            self._telling = info

    def is_by_initiation(self) -> bool:
        """Whether it is sure that windows are of the date of initiation; asked once, if there is a row to ask by."""
        with self._lock:
            if self._by_initiation is None and self._telling is not None:
                self.is_inclusive = self._holds(self._telling, 0)
                self._by_initiation = self.is_inclusive or self._holds(self._telling, SECOND)
            return bool(self._by_initiation)

    def _holds(self, row: Info, width: int) -> bool:
        at = from_text(row.transaction_initiation_date)
        return any(_dates(found) == _dates(row) for found in self._ask(at, at + width, row.transaction_id))


def _dates(info: Info) -> tuple[str, str]:
    return info.transaction_initiation_date, info.transaction_updated_date


def _has_changed(info: Info) -> bool:
    """Whether its dates differ by so much that no window of a second holds both."""
    initiated, updated = _dates(info)
    return bool(initiated and updated) and initiated != updated and from_text(updated) - from_text(initiated) > SECOND

"""Ids of subscriptions: no list of PayPal's names them, only the transactions that pay them do."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_SECONDS = 0.2


class Revealed:
    """Ids that the transactions of this run name; known once these are read."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self._done = threading.Event()
        self._done.set()

    def expect(self) -> None:
        """Transactions will be read: wait for them."""
        self._done.clear()

    def reveal(self, subscription: str) -> None:
        """Take note of an id."""
        self._ids[subscription] = None

    def complete(self) -> None:
        """All transactions of this run are read."""
        self._done.set()

    def ids(self, is_stopping: Callable[[], bool]) -> list[str]:
        """Wait until all transactions are read, or the run is ending, and return the ids they named."""
        while not self._done.wait(POLL_SECONDS) and not is_stopping():
            continue
        return list(self._ids)

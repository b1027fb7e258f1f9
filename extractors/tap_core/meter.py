"""What a stream's requests cost: counted by its threads, shown while it runs."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Meter:
    """Requests and waits of one stream."""

    def __init__(self) -> None:
        self.requests = 0
        self.waits = 0
        self._waiting: dict[int, datetime] = {}
        self._lock = threading.Lock()

    def request(self) -> None:
        """Count a request."""
        with self._lock:
            self.requests += 1

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Count a wait and show its end while it lasts."""
        thread = threading.get_ident()
        with self._lock:
            self.waits += 1
            self._waiting[thread] = datetime.now(UTC) + timedelta(seconds=seconds)
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[thread]

    @property
    def waiting_until(self) -> str | None:
        """When the last of those that wait goes on."""
        with self._lock:
            ends = list(self._waiting.values())
        return max(ends).isoformat() if ends else None

"""How many requests of one kind may be under way: more while the limiter leaves room, fewer when the vendor tires."""

from __future__ import annotations

import threading
import time

FIRST = 2
SLOW_FACTOR = 3.0
SLOW_AT_LEAST_SECONDS = 1.0
"""Shorter answers are never called slow: the network alone varies by that much."""
SMOOTHING = 0.2


class Concurrency:
    """A number of workers that follows what they meet.

    As TCP does: one more with every answer until the vendor tires for the first time, then one more per round.
    """

    def __init__(self, most: int, first: int = FIRST) -> None:
        self._most = float(most)
        self._allowed = float(min(first, most))
        self._usual: float | None = None
        self._cut_at = float("-inf")
        self._has_been_cut = False
        self._lock = threading.Lock()

    def allowed(self) -> int:
        """How many may work now; at least one."""
        return int(self._allowed)

    def answered(self, seconds: float, waited: float) -> None:
        """Take note of an answer that took `seconds`, after `waited` seconds for the limiter."""
        with self._lock:
            usual = seconds if self._usual is None else self._usual
            self._usual = usual + SMOOTHING * (min(seconds, SLOW_FACTOR * usual) - usual)
            if seconds > max(SLOW_FACTOR * usual, SLOW_AT_LEAST_SECONDS):
                self._shrink(0.75)
            elif waited < 0.1 * seconds:
                self._set(self._allowed + (1 / self._allowed if self._has_been_cut else 1))
            elif waited > 2 * seconds:
                self._set(self._allowed - 1 / self._allowed)

    def refused(self) -> None:
        """Take note of a 429, a time-out or an answer that never came."""
        with self._lock:
            self._shrink(0.5)

    def _shrink(self, factor: float) -> None:
        """Shrink once per round: requests that left together fail together."""
        now = time.monotonic()
        if now - self._cut_at > (self._usual or 0.0):
            self._cut_at, self._has_been_cut = now, True
            self._set(self._allowed * factor)

    def _set(self, allowed: float) -> None:
        self._allowed = min(max(allowed, 1.0), self._most)

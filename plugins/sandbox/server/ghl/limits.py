"""Requests counted as GoHighLevel counts them: 100 in ten seconds and 200,000 a day, for each location."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.server.vendor import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.server.vendor import Clock

INTERVAL = 10.0


@dataclass(slots=True)
class _Count:
    began: float
    used: int = 0


@dataclass(slots=True)
class Windows:
    """A window of ten seconds begins with its first request; a day is one of the sandbox's clock."""

    days: Clock
    interval_limit: int = 100
    daily_limit: int = 200_000
    clock: Callable[[], float] = time.monotonic
    _intervals: dict[str, _Count] = field(default_factory=dict)
    _days: dict[str, _Count] = field(default_factory=dict)

    def refusal(self, location: str) -> str | None:
        """Count a request, or name the limit that it goes beyond: such a one is not counted."""
        interval, day = self._interval(location), self._day(location)
        if interval.used >= self.interval_limit:
            return "interval"
        if day.used >= self.daily_limit:
            return "daily"
        interval.used += 1
        day.used += 1
        return None

    def headers(self, location: str) -> dict[str, str]:
        """Say what is left."""
        return {
            "X-RateLimit-Limit-Daily": str(self.daily_limit),
            "X-RateLimit-Daily-Remaining": str(max(0, self.daily_limit - self._day(location).used)),
            "X-RateLimit-Interval-Milliseconds": str(int(INTERVAL * 1000)),
            "X-RateLimit-Max": str(self.interval_limit),
            "X-RateLimit-Remaining": str(max(0, self.interval_limit - self._interval(location).used)),
        }

    def _interval(self, location: str) -> _Count:
        now = self.clock()
        count = self._intervals.setdefault(location, _Count(now))
        if now - count.began >= INTERVAL:
            count.began, count.used = now, 0
        return count

    def _day(self, location: str) -> _Count:
        today = self.days.now // DAY
        count = self._days.setdefault(location, _Count(today))
        if count.began != today:
            count.began, count.used = today, 0
        return count

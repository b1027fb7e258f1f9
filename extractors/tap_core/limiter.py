"""Rate limits of a vendor's account, shared by all threads: every request takes from several buckets at once.

Requests leave at even distances, a little slower than the limit, since the network may squeeze them together. A second
process of the same account shares the limits through the database: `shared_bucket` is another kind of bucket.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from tap_core.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEADROOM = 0.97
"""The share of a limit that is used."""

SLACK_SECONDS = 0.02
"""Lateness that later requests may catch up with; with `HEADROOM`, no second ever holds more than the limit."""

SLOWEST_SHARE = 0.1
RECOVERY = 0.01


class Bucket(Protocol):
    """One limit of one account. Whoever holds `turn` may wait for it and take from it."""

    turn: threading.Lock

    def seconds_until_ready(self) -> float:
        """How long until a request may leave."""
        ...

    def take(self) -> None:
        """Count a request that leaves now."""
        ...

    def slow_down(self) -> None:
        """The vendor refused a request: go at half the pace, and recover with every request."""
        ...


class LocalBucket:
    """A bucket of this process."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.turn = threading.Lock()
        self._interval = 1 / (per_second * HEADROOM)
        self._clock = clock
        self._next = 0.0
        self._share = 1.0

    def seconds_until_ready(self) -> float:
        """How long until a request may leave."""
        return self._next - self._clock()

    def take(self) -> None:
        """Count a request that leaves now."""
        self._next = max(self._next, self._clock() - SLACK_SECONDS) + self._interval / self._share
        self._share = min(1.0, self._share + RECOVERY)

    def slow_down(self) -> None:
        """Go at half the pace; it recovers with every request."""
        self._share = max(SLOWEST_SHARE, self._share / 2)


def _local_bucket(_account: str, _name: str, per_second: float) -> Bucket:
    return LocalBucket(per_second)


class Limiter:
    """All limits of one tap run, by account and name."""

    def __init__(
        self,
        per_second: Callable[[str], float],
        stopping: threading.Event,
        make_bucket: Callable[[str, str, float], Bucket] | None = None,
    ) -> None:
        self._per_second = per_second
        self._stopping = stopping
        self._make_bucket = make_bucket or _local_bucket
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._lock = threading.Lock()

    def acquire(self, account: str, names: Sequence[str]) -> float:
        """Wait until a request may leave, take from each bucket, and return the seconds waited.

        Args:
            account: Whose limits.
            names: The buckets, the narrowest first: so one thread at most per narrow bucket waits for the wide one.

        Raises:
            StoppedError: the run is ending.
        """
        began = time.monotonic()
        buckets = [self.bucket(account, name) for name in names]
        with ExitStack() as turns:
            for bucket in buckets:
                turns.enter_context(bucket.turn)
                while (seconds := bucket.seconds_until_ready()) > 0:
                    if self._stopping.wait(seconds):
                        raise StoppedError
            for bucket in buckets:
                bucket.take()
        return time.monotonic() - began

    def bucket(self, account: str, name: str) -> Bucket:
        """The bucket of that name, made when first asked for."""
        with self._lock:
            key = (account, name)
            if key not in self._buckets:
                self._buckets[key] = self._make_bucket(account, name, self._per_second(name))
            return self._buckets[key]

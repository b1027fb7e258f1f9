"""Requests counted as a vendor counts them: token buckets, and a record of every request beyond them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Violation:
    """A request that the vendor refused as one too many."""

    time: float
    vendor: str
    account: str
    path: str
    limit: str


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


@dataclass(slots=True)
class Limiter:
    """One bucket for each name; it holds the requests of one second and fills steadily."""

    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def refusal(self, rates: Mapping[str, float]) -> str | None:
        """Take one token of every named bucket, or none and give the name of the one that is empty."""
        now = self.clock()
        buckets = [self._filled(name, rate, now) for name, rate in rates.items()]
        for name, bucket in zip(rates, buckets, strict=True):
            if bucket.tokens < 1:
                return name
        for bucket in buckets:
            bucket.tokens -= 1
        return None

    def _filled(self, name: str, rate: float, now: float) -> _Bucket:
        bucket = self._buckets.setdefault(name, _Bucket(rate, now))
        bucket.tokens = min(rate, bucket.tokens + (now - bucket.filled_at) * rate)
        bucket.filled_at = now
        return bucket

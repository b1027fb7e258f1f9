"""A rate limit that all processes of an account share through the warehouse.

A process reserves a few moments at a time in `ops.rate_limits` and sends one request at each. The warehouse's clock
decides; only spans of time travel, so the clocks of two machines may differ.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import psycopg

from tap_core.limiter import HEADROOM, RECOVERY, SLACK_SECONDS, SLOWEST_SHARE

if TYPE_CHECKING:
    from tap_core.database import Database

logger = logging.getLogger(__name__)

RESERVED_SECONDS = 0.3
"""At most so much of the future is reserved at once: moments that are not used are lost to everybody."""
RETRY_SECONDS = 30.0

_RESERVE = """
insert into ops.rate_limits as kept (source, account, bucket, next_at)
values (%(source)s, %(account)s, %(bucket)s, clock_timestamp() + %(seconds)s * interval '1 second')
on conflict (source, account, bucket) do update set
    next_at = greatest(kept.next_at, clock_timestamp() - %(slack)s * interval '1 second')
        + %(seconds)s / least(1, kept.share + %(recovery)s) * interval '1 second',
    share = least(1, kept.share + %(recovery)s)
returning extract(epoch from next_at - clock_timestamp())::float8, share
"""
_SLOW_DOWN = """
update ops.rate_limits set share = greatest(%s, share / 2) where (source, account, bucket) = (%s, %s, %s)
"""


class SharedBucket:
    """One limit of one account, whoever asks; without the warehouse it keeps the pace alone."""

    def __init__(self, database: Database, source: str, account: str, name: str, per_second: float) -> None:
        self.turn = threading.Lock()
        self._database = database
        self._key = {"source": source, "account": account, "bucket": name}
        self._interval = 1 / (per_second * HEADROOM)
        self._most = max(1, int(per_second * RESERVED_SECONDS))
        self._count = 1
        self._idle = True
        self._moments: deque[float] = deque()
        self._alone_until = float("-inf")

    def seconds_until_ready(self) -> float:
        """How long until a request may leave."""
        late = time.monotonic() - SLACK_SECONDS
        while self._moments and self._moments[0] < late:
            self._moments.popleft()
            self._idle = True
        if len(self._moments) <= self._count // 2:
            self._reserve()
        return self._moments[0] - time.monotonic()

    def take(self) -> None:
        """Count a request that leaves now."""
        self._moments.popleft()

    def slow_down(self) -> None:
        """Go at half the pace, here and in all other processes; it recovers with every request."""
        try:
            with self._database.connection() as connection:
                connection.execute(_SLOW_DOWN, [SLOWEST_SHARE, *self._key.values()])
        except psycopg.Error as error:
            self._go_on_alone(error)

    def _reserve(self) -> None:
        self._count = 1 if self._idle else min(self._most, self._count * 2)
        self._idle = False
        seconds, share = self._asked() or self._alone()
        first = time.monotonic() + seconds - self._count * self._interval / share
        self._moments.extend(first + number * self._interval / share for number in range(self._count))

    def _asked(self) -> tuple[float, float] | None:
        """Seconds until the end of what the warehouse reserved, and the share of the pace that is in force."""
        if time.monotonic() < self._alone_until:
            return None
        values = {"seconds": self._count * self._interval, "slack": SLACK_SECONDS, "recovery": RECOVERY * self._count}
        try:
            with self._database.connection() as connection:
                row = connection.execute(_RESERVE, {**self._key, **values}).fetchone()
        except psycopg.Error as error:
            self._go_on_alone(error)
            return None
        return row and (row[0], row[1])

    def _alone(self) -> tuple[float, float]:
        begin = max(self._moments[-1] + self._interval if self._moments else 0.0, time.monotonic() - SLACK_SECONDS)
        return begin - time.monotonic() + self._count * self._interval, 1.0

    def _go_on_alone(self, error: psycopg.Error) -> None:
        logger.warning("The limit is not shared with other processes for now: %s", str(error).strip())
        self._alone_until = time.monotonic() + RETRY_SECONDS

"""The requests that a location may make in a day: noted from every answer, planned with, and never overdrawn."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import psycopg
from singer_sdk.exceptions import FatalAPIError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_core.database import Database

logger = logging.getLogger("tap-ghl")

LEFT_HEADER, LIMIT_HEADER = "X-RateLimit-Daily-Remaining", "X-RateLimit-Limit-Daily"
NEVER_USED = 20
"""So many requests of a day are left alone: as many may be under way when the last answer is read."""
STORED_EVERY = 25

_STORE = """
insert into ops.daily_requests as kept (source, account, day, requests, remaining)
values ('ghl', %(account)s, (now() at time zone 'utc')::date, %(requests)s, %(remaining)s)
on conflict (source, account, day) do update set
    requests = kept.requests + excluded.requests, remaining = excluded.remaining
"""


class DayUsedUpError(FatalAPIError):
    """The day's requests of a location are used up; what was read is in, and tomorrow's run goes on."""


class Quota:
    """What is left of a location's day, as its last answer told."""

    def __init__(self, account: str, database: Database | None) -> None:
        self.left: int | None = None
        self.limit: int | None = None
        self._account = account
        self._database = database
        self._unstored = 0
        self._due_at = 1
        self._lock = threading.Lock()

    def note(self, headers: Mapping[str, str]) -> None:
        """Take what the headers of an answer tell."""
        left, limit = headers.get(LEFT_HEADER, ""), headers.get(LIMIT_HEADER, "")
        with self._lock:
            self.left = int(left) if left.isdecimal() else self.left
            self.limit = int(limit) if limit.isdecimal() else self.limit
            self._unstored += 1
            due = self._unstored >= self._due_at
        if due:
            self._store()

    def refuse_if_used_up(self) -> None:
        """Refuse to ask for more than the day allows.

        Raises:
            DayUsedUpError: nothing is left.
        """
        if self.left is not None and self.left <= NEVER_USED:
            raise DayUsedUpError(
                f"Waiting until tomorrow: location {self._account} has {self.left} of today's "
                f"{self.limit or 0:,} requests left. What was read is in; run the same command tomorrow (the day is "
                "GoHighLevel's) and it goes on from here."
            )

    def plan(self, what: str, requests: int) -> str:
        """Say what is about to be read, and whether the day is long enough for it."""
        needs = f"{what}: about {requests:,} request{'' if requests == 1 else 's'}"
        if self.left is None:
            return f"{needs}."
        told = f"{needs}; {self.left:,} of today's {self.limit or 0:,} are left."
        if requests > self.left:
            told += " It is read until they are used up, and the run of the next day goes on from there."
            logger.warning("Location %s: %s", self._account, told)
        else:
            logger.info("Location %s: %s", self._account, told)
        return told

    def _store(self) -> None:
        """Keep the count in the warehouse, for people; a run never fails for it."""
        if self._database is None:
            return
        with self._lock:
            values = {"account": self._account, "requests": self._unstored, "remaining": self.left}
            self._unstored, self._due_at = 0, STORED_EVERY
        try:
            with self._database.connection() as connection:
                connection.execute(_STORE, values)
        except psycopg.Error as error:
            logger.warning("The count of today's requests is not kept: %s", str(error).strip())

"""Ids of subscriptions: no list of PayPal's names them, only the transactions that pay them do."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tap_core.database import Database

POLL_SECONDS = 0.2

_TABLE = "select to_regclass(%s) is not null"
_NAMED = """
select distinct record #>> '{transaction_info,paypal_reference_id}'
from staging_paypal.transactions
where account = %s
    and (%s::timestamptz is null or _first_loaded_at >= %s::timestamptz - interval '1 hour')
    and record #>> '{transaction_info,paypal_reference_id_type}' = 'SUB'
"""
_UNFINISHED = """
select id from staging_paypal.subscriptions
where account = %s and _deleted_at is null and record ->> 'status' not in ('CANCELLED', 'EXPIRED')
"""
_HAS = "select exists (select from staging_paypal.subscriptions where (account, id) = (%s, %s))"


class Revealed:
    """Ids that the transactions of this run name; known once these are read.

    Without a warehouse that holds the transactions, their bookmark keeps the ids until both streams that need them
    have taken them over.
    """

    def __init__(self, bookmarks: Mapping[str, Any], *, keeps: bool) -> None:
        report = bookmarks.get("transactions", {})
        taken = [bookmarks.get(name, {}).get("took") for name in ("subscriptions", "subscription_transactions")]
        is_pending = keeps and "named_by" in report and taken != [report["named_by"]] * 2
        self._ids: dict[str, None] = dict.fromkeys(report["named"] if is_pending else [])
        self._keeps = keeps
        self._run = datetime.now(UTC).isoformat()
        self._done = threading.Event()
        self._done.set()

    def named(self) -> dict[str, Any]:
        """What the bookmark of transactions has to keep."""
        return {"named": list(self._ids), "named_by": self._run} if self._keeps and self._ids else {}

    def taken(self) -> dict[str, Any]:
        """What the bookmark says of a stream that has taken the ids over."""
        return {"took": self._run} if self._keeps else {}

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


class Due(NamedTuple):
    """Subscriptions that are read once a day."""

    ids: list[str]
    known_to: str | None
    """The warehouse's time: what it holds by then was looked through."""


class Known:
    """Subscriptions that earlier runs came across: those in the warehouse, or in the bookmark where there is none."""

    def __init__(self, database: Database | None, account: str, always: Iterable[str]) -> None:
        self._database, self._account, self._always = database, account, list(always)

    def due(self, known_to: str | None) -> Due:
        """What is not finished, and what transactions name that were loaded since `known_to`."""
        if self._database is None:
            return Due(self._always, None)
        with self._database.connection() as connection:
            row = connection.execute("select clock_timestamp()").fetchone()
        named = self._column("transactions", _NAMED, known_to, known_to)
        unfinished = self._column("subscriptions", _UNFINISHED)
        return Due([*self._always, *named, *unfinished], row and row[0].isoformat())

    def has(self, subscription: str) -> bool:
        """Whether the warehouse holds it."""
        return self._column("subscriptions", _HAS, subscription) == [True]

    def _column(self, table: str, query: str, *values: object) -> list[Any]:
        if self._database is None:
            return []
        with self._database.connection() as connection:
            exists = connection.execute(_TABLE, [f"staging_paypal.{table}"]).fetchone()
            rows = connection.execute(query, [self._account, *values]).fetchall() if exists and exists[0] else []
        return [row[0] for row in rows if row[0] is not None]

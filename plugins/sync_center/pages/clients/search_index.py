"""Keeps what is searched as fresh as what is published, beside the publish and never in its way."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from stage_first.queries import queries
from warehouse.connection import connect

from sync_center.database import FOLDER, fetch

if TYPE_CHECKING:
    from sync_center.database import Connection, Row
    from sync_center.panel import Panel

SECONDS_TO_WAIT = 0.7
"""What a search waits for the index; a small one is made in less."""
SECONDS_BETWEEN = 1.0
"""A making that failed, or that another panel was at, is tried again no sooner."""
MOST_REFRESHED = 0.1
"""The share of clients up to which they are changed one by one; above it all is made anew."""
_EXTENSIONS = "extensions"
"""Where Supabase has its extensions too; nothing of ours is in `public`."""
_TOUCHED = "and {table}.client_id in (select touched.client_id from touched)"
_SETTLE = "set local statement_timeout = 0; set local work_mem = '64MB'; set local maintenance_work_mem = '64MB'"
_log = logging.getLogger(__name__)


class Freshness(NamedTuple):
    """What a search can rely on."""

    is_unified: bool
    is_made: bool
    is_current: bool


class SearchIndex:
    """The one of a panel; several panels on one database take turns."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._begun_at = 0.0

    def freshness(self) -> Freshness:
        """How it stands; if it is behind it is being made, and small ones are ready at once."""
        state = self._state()
        if state["is_unified"] and not _is_current(state):
            thread, begun_at = self._begin()
            thread.join(max(0.0, begun_at + SECONDS_TO_WAIT - time.monotonic()))
            state = self._state()
        return Freshness(state["is_unified"], state["has_rows"], _is_current(state))

    def _state(self) -> Row:
        return self._panel.database.rows("clients", "search_state")[0]

    def _begin(self) -> tuple[threading.Thread, float]:
        with self._lock:
            has_ended = self._thread is None or not self._thread.is_alive()
            if self._thread is None or (has_ended and time.monotonic() > self._begun_at + SECONDS_BETWEEN):
                self._thread = threading.Thread(target=self._run, name="client search", daemon=True)
                self._begun_at = time.monotonic()
                self._thread.start()
            return self._thread, self._begun_at

    def _run(self) -> None:
        try:
            url = self._panel.settings.database_url
            with connect(url, application="sync-center search", row_factory=dict_row) as connection:
                make_current(connection)
        except psycopg.Error as error:  # whoever searches next begins again
            _log.warning("The search could not be made: %s", type(error).__name__)


def search_index(panel: Panel) -> SearchIndex:
    """The index of this panel."""
    found: SearchIndex = panel.known.setdefault("search index", SearchIndex(panel))
    return found


def make_current(connection: Connection) -> None:
    """Bring the search up to the last publish, in one transaction that sees one state."""
    _get_trigrams(connection)
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        connection.execute(_SETTLE)
        if not fetch(connection, "clients", "search_lock")[0]["is_free"]:
            return
        state = fetch(connection, "clients", "search_state")[0]
        if not _is_current(state):
            _refresh(connection) if _can_refresh(connection, state) else _make(connection)
            fetch(connection, "clients", "note_made", published=state["published"])


def _is_current(state: Row) -> bool:
    return state["made"] == state["published"] and (state["has_rows"] or state["made"] is None)


def _can_refresh(connection: Connection, state: Row) -> bool:
    if state["made"] is None or not state["has_rows"]:
        return False
    if fetch(connection, "clients", "newly_filled", made=state["made"])[0]["newly_filled"]:
        return False
    fetch(connection, "clients", "collect_touched", made=state["made"])
    share: float = fetch(connection, "clients", "touched_share")[0]["share"]
    return share < MOST_REFRESHED


def _refresh(connection: Connection) -> None:
    fetch(connection, "clients", "forget_touched")
    _insert_words(connection, "client_search", only_touched=True)


def _make(connection: Connection) -> None:
    for statement in _parts("begin_again"):
        connection.execute(statement)
    _insert_words(connection, "client_search_next", only_touched=False)
    for statement in _parts("index_next"):
        connection.execute(statement)
    trigrams = fetch(connection, "clients", "trigrams")
    if trigrams:
        operators = sql.SQL(trigrams[0]["schema_name"])
        index = "create index on ops.client_search_next using gin (words {}.gin_trgm_ops)"
        connection.execute(sql.SQL(index).format(operators))
    for statement in _parts("take_place"):
        connection.execute(statement)


def _insert_words(connection: Connection, table: str, *, only_touched: bool) -> None:
    scopes = {
        f"of_{name}": sql.SQL(_TOUCHED.format(table=source) if only_touched else "")
        for name, source in {"records": "client_records", "clients": "clients"}.items()
    }
    query = sql.SQL(queries(FOLDER / "clients.sql")["words"])
    connection.execute(query.format(table=sql.Identifier("ops", table), **scopes))


def _parts(query: str) -> list[bytes]:
    return [part.encode() for part in queries(FOLDER / "clients.sql")[query].split(";\n")]


def _get_trigrams(connection: Connection) -> None:
    """Install pg_trgm where it can be had; without it, names are found by their beginning."""
    try:
        if not connection.execute("select from pg_extension where extname = 'pg_trgm'").fetchone():
            with connection.transaction():
                connection.execute(f"create schema if not exists {_EXTENSIONS}")
                connection.execute(f"create extension if not exists pg_trgm with schema {_EXTENSIONS}")
    except psycopg.Error as error:
        _log.info("No pg_trgm here (%s): clients are found by the beginning of their name.", type(error).__name__)

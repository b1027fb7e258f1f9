"""The pool of connections, and the named queries of `queries/<page>.sql`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool
from stage_first.queries import queries
from warehouse.connection import OWNER_ROLE, SETTLE

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).with_name("queries")
MOST_CONNECTIONS = 8
PATIENCE_SECONDS = 10
Connection: TypeAlias = "psycopg.Connection[DictRow]"
Row: TypeAlias = "dict[str, Any]"


class Database:
    """The warehouse as the pages read it: rows are dicts, each statement commits by itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        options = {"autocommit": True, "row_factory": dict_row, "application_name": "stage-first sync-center"}
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            kwargs=options,
            configure=_settle,
            min_size=1,
            max_size=MOST_CONNECTIONS,
            timeout=PATIENCE_SECONDS,
            check=ConnectionPool.check_connection,
            open=False,
        )

    def open(self) -> None:
        """Let it connect, in the background: a database that is away must not keep the panel from starting."""
        self._pool.open()

    def close(self) -> None:
        """End all connections."""
        self._pool.close(timeout=2)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection, for several statements; open a transaction on it where they belong together."""
        with self._pool.connection() as connection:
            yield connection

    def rows(self, page: str, query: str, /, **parameters: Any) -> list[Row]:
        """The rows of the query of `queries/<page>.sql`; none, where it returns nothing."""
        with self.connection() as connection:
            return fetch(connection, page, query, **parameters)

    def row(self, page: str, query: str, /, **parameters: Any) -> Row | None:
        """The first row, if there is one."""
        return next(iter(self.rows(page, query, **parameters)), None)


def fetch(connection: Connection, page: str, query: str, /, **parameters: Any) -> list[Row]:
    """The same on a connection of the caller's."""
    cursor = connection.execute(queries(FOLDER / f"{page}.sql")[query].encode(), parameters)
    return cursor.fetchall() if cursor.description else []


def _settle(connection: Connection) -> None:
    connection.execute(SETTLE, [OWNER_ROLE])
    set_json_loads(partial(json.loads, parse_float=Decimal), connection)  # money in JSON is never a float

"""A tap's own line to the warehouse: for limits that processes share, tokens that rotate, and seeds.

A tap never writes rows of a source; only the loader does.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from warehouse.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator


class Database:
    """One connection that threads take turns with; a broken one is opened anew."""

    def __init__(self, url: str, application: str) -> None:
        self._url = url
        self._application = application
        self._connection: psycopg.Connection[Any] | None = None
        self._turn = threading.RLock()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Hold the connection, in autocommit mode.

        Raises:
            psycopg.Error: the warehouse cannot be reached, or refuses.
        """
        with self._turn:
            if self._connection is None or self._connection.closed:
                self._connection = connect(self._url, application=self._application)
            try:
                yield self._connection
            except psycopg.OperationalError:
                self._connection.close()
                raise

    def close(self) -> None:
        """Give the connection back."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()

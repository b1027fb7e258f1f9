"""The loader's hold on the database: a lease, a heartbeat, and commits that survive a lost connection exactly once."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from warehouse.connection import connect
from warehouse.lease import BEAT_SECONDS, Lease, acquire
from warehouse.migrate import migrate

from target_postgres.commit import commit_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_postgres.batch import Batch, Counts
    from target_postgres.runs import Run

_Result = TypeVar("_Result")

logger = logging.getLogger("target-postgres")
_APPLICATION = "target-postgres"


class Session:
    """One run's connection; `write` commits a batch or raises with nothing of it stored."""

    def __init__(self, database_url: str, schema: str, run: Run, *, reconnect_seconds: float) -> None:
        self._url = database_url
        self._run = run
        self._reconnect_seconds = reconnect_seconds
        self._connection = connect(database_url, application=_APPLICATION)
        migrate(self._connection)
        self.lease = acquire(self._connection, schema, run.run_id)
        run.bury_dead(self._connection)
        self._heartbeat = Heartbeat(database_url, run, self.lease)
        self._heartbeat.start()

    def write(self, batch: Batch) -> dict[str, Counts]:
        """Commit a batch; figures by stream.

        Raises:
            LeaseLostError: another run took over.
            psycopg.OperationalError: the database stayed away longer than `reconnect_seconds`.
        """
        return self._insist(lambda connection: commit_batch(connection, self.lease, self._run, batch))

    def end(self, status: str, error: str | None = None) -> None:
        """Write how the run ended and give the lease back."""

        def finish(connection: psycopg.Connection[Any]) -> None:
            with connection.transaction():
                self._run.end(connection, status, error)
                self.lease.release(connection)

        self._heartbeat.stop()
        self._insist(finish)
        self._connection.close()

    def _insist(self, work: Callable[[psycopg.Connection[Any]], _Result]) -> _Result:
        """Do the work; where the connection is lost, reconnect and do it again."""
        deadline: float | None = None
        pause = 0.2
        while True:
            try:
                return work(self._open_connection())
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if not _is_connection_loss(error, self._connection):
                    raise
                deadline = deadline or time.monotonic() + self._reconnect_seconds
                if time.monotonic() > deadline:
                    raise
                logger.warning("The database is away (%s); trying again.", str(error).strip().splitlines()[0])
                time.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _open_connection(self) -> psycopg.Connection[Any]:
        if self._connection.closed:
            self._connection = connect(self._url, application=_APPLICATION)
        return self._connection


def _is_connection_loss(error: psycopg.Error, connection: psycopg.Connection[Any]) -> bool:
    """Whether the server went away (class 57 too: it shuts down or starts up), rather than refused the work."""
    return connection.closed or connection.broken or error.sqlstate is None or error.sqlstate[:2] in {"08", "57"}


class Heartbeat(threading.Thread):
    """Beats for the lease and the run, on a connection of its own, whatever the loader is busy with."""

    def __init__(self, database_url: str, run: Run, lease: Lease) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._url = database_url
        self._run = run
        self._lease = lease
        self._stopped = threading.Event()
        self._connection: psycopg.Connection[Any] | None = None

    def run(self) -> None:
        """Beat until told to stop; a lost connection is opened again at the next beat."""
        while not self._stopped.wait(BEAT_SECONDS):
            with contextlib.suppress(psycopg.Error):
                if self._connection is None or self._connection.closed:
                    self._connection = connect(self._url, application="heartbeat")
                self._lease.beat(self._connection)
                self._run.beat(self._connection)
        if self._connection is not None:
            self._connection.close()

    def stop(self) -> None:
        """End the beats."""
        self._stopped.set()
        self.join(timeout=BEAT_SECONDS)

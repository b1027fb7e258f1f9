"""The loader's hold on the database: a lease, a heartbeat, and commits that survive a lost connection exactly once."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from warehouse.connection import connect
from warehouse.heartbeat import Heartbeat
from warehouse.lease import TAKEOVER_SECONDS, acquire
from warehouse.migrate import migrate

from target_postgres.commit import commit_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_postgres.batch import Batch, Counts
    from target_postgres.runs import Run

_Result = TypeVar("_Result")

logger = logging.getLogger("target-postgres")
_APPLICATION = "target-postgres"
FIRST_PAUSE_SECONDS = 0.2
HURRY_SECONDS = 5.0


_SETTLE = f"""
set statement_timeout = 0;
set lock_timeout = 0;
set idle_in_transaction_session_timeout = '{TAKEOVER_SECONDS}s';
set tcp_keepalives_idle = {TAKEOVER_SECONDS};
set tcp_keepalives_interval = 10;
set tcp_keepalives_count = 3
"""
"""A long statement is no fault; a loader that stops in mid-transaction (a laptop asleep) holds no locks for ever."""
_BACKEND = "select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()"
_END_BACKEND = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where pid = %s and backend_start = %s and application_name like %s
"""


class Session:
    """One run's connection; `write` commits a batch or raises with nothing of it stored."""

    def __init__(self, database_url: str, schema: str, run: Run, *, reconnect_seconds: float) -> None:
        self._url = database_url
        self._run = run
        self._reconnect_seconds = reconnect_seconds
        self._backend: tuple[Any, ...] | None = None
        self._connection = self._connect()
        try:
            migrate(self._connection)
            self.lease = acquire(self._connection, schema, run.run_id)
            run.bury_dead(self._connection)
        except BaseException:
            self._connection.close()
            raise
        self._heartbeat = Heartbeat(database_url, self.lease, run)
        self._heartbeat.start()

    def write(self, batch: Batch) -> dict[str, Counts]:
        """Commit a batch; figures by stream.

        Raises:
            LeaseLostError: another run took over.
            psycopg.OperationalError: the database stayed away longer than `reconnect_seconds`.
        """
        return self._insist(lambda connection: commit_batch(connection, self.lease, self._run, batch))

    def hurry(self) -> None:
        """Somebody waits for the end: do not wait for a database that is away much longer."""
        self._reconnect_seconds = min(self._reconnect_seconds, HURRY_SECONDS)

    def end(self, status: str, error: str | None = None) -> None:
        """Write how the run ended and give the lease back."""

        def finish(connection: psycopg.Connection[Any]) -> None:
            with connection.transaction():
                self._run.end(connection, status, error)
                self.lease.release(connection)

        self._heartbeat.stop()
        try:
            self._insist(finish)
        finally:
            self._connection.close()

    def _insist(self, work: Callable[[psycopg.Connection[Any]], _Result]) -> _Result:
        """Do the work; where the connection is lost, reconnect and do it again."""
        lost_at: float | None = None
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return work(self._open_connection())
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if not _is_passing(error, self._connection):
                    raise
                lost_at = lost_at or time.monotonic()
                if time.monotonic() - lost_at > self._reconnect_seconds:
                    self._reconnect_seconds = 0
                    raise
                logger.warning("The database is away (%s); trying again.", str(error).strip().splitlines()[0])
                time.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _open_connection(self) -> psycopg.Connection[Any]:
        if self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> psycopg.Connection[Any]:
        """A new connection, once the server no longer works for the lost one: its locks would block this one."""
        connection = connect(self._url, application=_APPLICATION, client_encoding="UTF8", prepare_threshold=None)
        connection.execute(_SETTLE)
        with connection.transaction():
            connection.execute("set local role none")  # the group role may neither see nor end our login's backends
            if self._backend is not None:
                connection.execute(_END_BACKEND, [*self._backend, f"%{_APPLICATION}"])
            self._backend = connection.execute(_BACKEND).fetchone()
        return connection


def _is_passing(error: psycopg.Error, connection: psycopg.Connection[Any]) -> bool:
    """Whether trying again helps: the server is away or starting (08, 57), or broke a deadlock at our cost (40)."""
    return connection.closed or error.sqlstate is None or error.sqlstate[:2] in {"08", "40", "57"}

"""The lease and the run log of a unification, held while dbt writes."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import threading
import uuid
from typing import TYPE_CHECKING, Any, Self

import psycopg
from warehouse.connection import connect
from warehouse.lease import BEAT_SECONDS, Lease, LeaseHeldError, acquire

from stage_first.settings import UsageError

if TYPE_CHECKING:
    from types import TracebackType

SOURCE = "unify"
_STREAM = "dbt"
_START = """
insert into ops.sync_runs (run_id, source, stream, environment, started_by, host, pid)
values (%s, %s, %s, %s, %s, %s, %s)
"""
_BURY = """
update ops.sync_runs set status = 'dead', finished_at = heartbeat_at, error = 'The process ended without a word.'
where source = %s and status = 'running'
"""
_END = """
update ops.sync_runs set
    status = %s, error = %s, finished_at = clock_timestamp(), heartbeat_at = clock_timestamp()
where run_id = %s
"""


class UnifyRun:
    """Only one at a time; the second is told who holds the lease."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._run_id = uuid.uuid4()
        self._stopped = threading.Event()
        self._lease: Lease | None = None
        self.succeeded = False

    def __enter__(self) -> Self:
        with connect(self._url, application=SOURCE) as connection:
            try:
                self._lease = acquire(connection, SOURCE, self._run_id)
            except LeaseHeldError as error:
                raise UsageError(str(error)) from error
            connection.execute(_BURY, [SOURCE])
            user = os.environ.get("STAGE_FIRST_STARTED_BY") or getpass.getuser()
            environment = os.environ.get("MELTANO_ENVIRONMENT")
            row = [self._run_id, SOURCE, _STREAM, environment, user, socket.gethostname(), os.getpid()]
            connection.execute(_START, row)
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        status = "succeeded" if self.succeeded else "failed"
        message = None if self.succeeded else str(error or "dbt failed; its output says which model or test.")
        with connect(self._url, application=SOURCE) as connection:
            connection.execute(_END, [status, message, self._run_id])
            if self._lease is not None:
                self._lease.release(connection)

    def _beat(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while not self._stopped.wait(BEAT_SECONDS):
            with contextlib.suppress(psycopg.Error):
                if connection is None or connection.closed:
                    connection = connect(self._url, application="heartbeat")
                if self._lease is not None:
                    self._lease.beat(connection)
                connection.execute(
                    "update ops.sync_runs set heartbeat_at = clock_timestamp() where run_id = %s", [self._run_id]
                )
        if connection is not None:
            connection.close()

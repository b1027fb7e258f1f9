"""The lease and the run log of a unification, held while dbt writes."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from warehouse.connection import connect
from warehouse.heartbeat import Heartbeat
from warehouse.lease import LeaseHeldError, acquire
from warehouse.run_log import RunLog

from stage_first.settings import UsageError

if TYPE_CHECKING:
    from types import TracebackType

SOURCE = "unify"
_STREAM = "dbt"


class UnifyRun:
    """Only one at a time; the second is told who holds the lease."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._run = RunLog(SOURCE, uuid.uuid4())
        self.succeeded = False

    def __enter__(self) -> Self:
        with connect(self._url, application=SOURCE) as connection:
            try:
                self._lease = acquire(connection, SOURCE, self._run.run_id)
            except LeaseHeldError as error:
                raise UsageError(str(error)) from error
            self._run.bury_dead(connection)
            self._run.start_stream(connection, _STREAM)
        self._heartbeat = Heartbeat(self._url, self._lease, self._run)
        self._heartbeat.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._heartbeat.stop()
        status = "succeeded" if self.succeeded else "failed"
        message = None if self.succeeded else str(error or "dbt failed; its output says which model or test.")
        with connect(self._url, application=SOURCE) as connection, connection.transaction():
            self._run.end(connection, status, message)
            self._lease.release(connection)

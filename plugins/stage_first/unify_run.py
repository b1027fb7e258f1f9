"""The lease and the run log of a unification, held while dbt writes."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from warehouse.connection import connect
from warehouse.heartbeat import Heartbeat
from warehouse.lease import LeaseHeldError, acquire
from warehouse.run_log import RunLog

from stage_first.settings import UsageError

if TYPE_CHECKING:
    from types import TracebackType

    import psycopg

SOURCE = "unify"
STREAM = "dbt"
_CANCELLED = "Cancelled; {published}. Run it again whenever you like: it begins where the last publish ended."
_HOLD = """
update ops.publish_hold set is_held = true, reason = %s, since = clock_timestamp(), set_by = 'gate'
where not is_held or set_by = 'gate'
"""
_RELEASE = """
update ops.publish_hold set is_held = false, reason = null, since = null, set_by = null
where is_held and set_by = 'gate'
"""


class UnifyRun:
    """Only one at a time; the second is told who holds the lease."""

    def __init__(self, database_url: str, stream: str = STREAM) -> None:
        self._url = database_url
        self._stream = stream
        self.log = RunLog(SOURCE, uuid.uuid4())
        self.succeeded = False
        self.failures: list[str] = []
        self.gates: list[str] | None = None
        """What the gates that failed say; none were asked if it is None."""

    def __enter__(self) -> Self:
        with connect(self._url, application=SOURCE) as connection:
            try:
                self._lease = acquire(connection, SOURCE, self.log.run_id)
            except LeaseHeldError as error:
                raise UsageError(str(error)) from error
            self.log.bury_dead(connection)
            self.log.start_stream(connection, self._stream)
            self._published_before = _last_publish(connection)
        self._heartbeat = Heartbeat(self._url, self._lease, self.log)
        self._heartbeat.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._heartbeat.stop()
        with connect(self._url, application=SOURCE) as connection, connection.transaction():
            self._hold(connection)
            self.log.end(connection, *self._ending(connection, error))
            self._lease.release(connection)

    def _hold(self, connection: psycopg.Connection[Any]) -> None:
        """While a gate fails, what was computed waits for a person; everybody can see why."""
        if self.gates:
            connection.execute(_HOLD, ["\n".join(self.gates)])
        elif self.gates is not None:
            connection.execute(_RELEASE)

    def _ending(self, connection: psycopg.Connection[Any], error: BaseException | None) -> tuple[str, str | None]:
        if isinstance(error, KeyboardInterrupt):
            is_published = _last_publish(connection) != self._published_before
            published = "what it had published stays" if is_published else "nothing was published"
            return "incomplete", _CANCELLED.format(published=published)
        if self.succeeded:
            return "succeeded", None
        return "failed", str(error or "\n".join(self.failures) or "dbt failed; its output says which model or test.")


def _last_publish(connection: psycopg.Connection[Any]) -> int | None:
    ((last,),) = connection.execute("select max(publish_id) from ops.publishes").fetchall()
    return None if last is None else int(last)

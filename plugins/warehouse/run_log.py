"""What `ops.sync_runs` is told about a run: that it began, that it lives, how it ended."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

NO_STREAM = "(none)"
MAX_ERROR_LENGTH = 2000

_START = """
insert into ops.sync_runs (run_id, source, stream, environment, started_by, host, pid)
values (%s, %s, %s, %s, %s, %s, %s)
on conflict (run_id, source, stream) do update set
    status = 'running', error = null, finished_at = null, heartbeat_at = clock_timestamp()
"""
_END = """
update ops.sync_runs set
    status = case when %(status)s = 'succeeded' and rows_rejected > 0 then 'succeeded_with_rejects' else %(status)s end,
    error = %(error)s,
    waiting_until = null,
    heartbeat_at = clock_timestamp(),
    finished_at = clock_timestamp()
where run_id = %(run_id)s and source = %(source)s and status = 'running'
"""
_BURY = """
update ops.sync_runs set
    status = 'dead',
    error = coalesce(error, 'The process ended without a word (killed, or the machine went down).'),
    finished_at = heartbeat_at
where source = %s and status = 'running' and run_id <> %s
"""


def run_id_of_environment() -> uuid.UUID:
    """Meltano's run id where our door passed it on, else a new one."""
    try:
        return uuid.UUID(os.environ["MELTANO_RUN_ID"])
    except (KeyError, ValueError):
        return uuid.uuid4()


def started_by() -> str:
    """Who or what started this run."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return os.environ.get("STAGE_FIRST_STARTED_BY") or user


@dataclass
class RunLog:
    """One run of one source, as `ops` knows it."""

    source: str
    run_id: uuid.UUID = field(default_factory=run_id_of_environment)
    streams: set[str] = field(default_factory=set)

    def key(self, stream: str) -> dict[str, Any]:
        """The key of a stream's row, for SQL parameters."""
        return {"run_id": self.run_id, "source": self.source, "stream": storable(stream)}

    def bury_dead(self, connection: psycopg.Connection[Any]) -> None:
        """Mark earlier runs of this source that never ended; the caller holds the lease, so they are dead."""
        connection.execute(_BURY, [self.source, self.run_id])

    def start_stream(self, connection: psycopg.Connection[Any], stream: str) -> None:
        """Make the stream's row."""
        if stream in self.streams:
            return
        environment = os.environ.get("MELTANO_ENVIRONMENT")
        row = [self.run_id, self.source, storable(stream), environment, started_by()]
        connection.execute(_START, [*row, socket.gethostname(), os.getpid()])
        self.streams.add(stream)

    def beat(self, connection: psycopg.Connection[Any]) -> None:
        """Say that the run is alive."""
        connection.execute(
            "update ops.sync_runs set heartbeat_at = clock_timestamp()"
            " where run_id = %s and source = %s and status = 'running'",
            [self.run_id, self.source],
        )

    def end(self, connection: psycopg.Connection[Any], status: str, error: str | None) -> None:
        """Write how the run ended, on each of its streams."""
        if not self.streams:
            self.start_stream(connection, NO_STREAM)
        text = None if error is None else storable(error)[:MAX_ERROR_LENGTH]
        connection.execute(_END, {"run_id": self.run_id, "source": self.source, "status": status, "error": text})


def storable(text: str) -> str:
    """Text that Postgres can hold."""
    return text.replace("\0", "\\0").encode("utf-8", "replace").decode()

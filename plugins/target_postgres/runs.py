"""What `ops` is told about a run: its streams, its batches, its rejects, and how it ended."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_postgres.messages import encode
from target_postgres.rows import has_nul

if TYPE_CHECKING:
    import msgspec
    import psycopg

    from target_postgres.batch import Counts, RejectedRecord, StreamPart
    from target_postgres.messages import StreamProgress

NO_STREAM = "(none)"
UNKNOWN_STREAM = "(unknown)"
MAX_ERROR_LENGTH = 2000

_START = """
insert into ops.sync_runs (run_id, source, stream, environment, started_by, host, pid)
values (%s, %s, %s, %s, %s, %s, %s)
on conflict (run_id, source, stream) do update set
    status = 'running', error = null, finished_at = null, heartbeat_at = clock_timestamp()
"""
_ADD = """
update ops.sync_runs set
    rows_read = rows_read + %(read)s,
    rows_new = rows_new + %(new)s,
    rows_changed = rows_changed + %(changed)s,
    rows_unchanged = rows_unchanged + %(unchanged)s,
    rows_repeated = rows_repeated + %(repeated)s,
    rows_rejected = rows_rejected + %(rejected)s,
    rows_deleted = rows_deleted + %(deleted)s,
    heartbeat_at = clock_timestamp()
where run_id = %(run_id)s and source = %(source)s and stream = %(stream)s
"""
_PROGRESS = """
update ops.sync_runs set
    bookmark = coalesce(%(bookmark)s, bookmark),
    requests = coalesce(%(requests)s, requests),
    waits = coalesce(%(waits)s, waits),
    waiting_until = %(waiting_until)s,
    progress_done = coalesce(%(done)s, progress_done),
    progress_total = coalesce(%(total)s, progress_total),
    progress_unit = coalesce(%(unit)s, progress_unit),
    heartbeat_at = clock_timestamp()
where run_id = %(run_id)s and source = %(source)s and stream = %(stream)s
"""
_BATCH = """
insert into ops.batches (batch_id, run_id, source, stream, rows_read, rows_new, rows_changed, rows_deleted, state)
overriding system value values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_REJECT = """
insert into ops.rejected_records (run_id, batch_id, source, stream, reason, raw, raw_length, raw_sha256, origin)
values (%s, %s, %s, %s, %s, %b, %s, %b, %s)
"""
_HAS_REJECTS = """
select 1 from ops.rejected_records
where run_id = %s and source = %s and stream in (%s, %s)
limit 1
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
class Run:
    """One run of one source, as `ops` knows it."""

    source: str
    run_id: uuid.UUID = field(default_factory=run_id_of_environment)
    streams: set[str] = field(default_factory=set)

    def _key(self, stream: str) -> dict[str, Any]:
        return {"run_id": self.run_id, "source": self.source, "stream": _storable(stream)}

    def bury_dead(self, connection: psycopg.Connection[Any]) -> None:
        """Mark earlier runs of this source that never ended; the caller holds the lease, so they are dead."""
        connection.execute(_BURY, [self.source, self.run_id])

    def start_stream(self, connection: psycopg.Connection[Any], stream: str) -> None:
        """Make the stream's row."""
        if stream in self.streams:
            return
        environment = os.environ.get("MELTANO_ENVIRONMENT")
        row = [self.run_id, self.source, _storable(stream), environment, started_by()]
        connection.execute(_START, [*row, socket.gethostname(), os.getpid()])
        self.streams.add(stream)

    def add_batch(
        self,
        connection: psycopg.Connection[Any],
        part: StreamPart,
        counts: Counts,
        state: dict[str, msgspec.Raw] | None,
    ) -> None:
        """Add a commit's figures to the stream's row and write the row of the batch."""
        self.start_stream(connection, part.stream)
        figures = {**vars(counts), "unchanged": counts.unchanged}
        connection.execute(_ADD, {**self._key(part.stream), **figures})
        row = [part.batch_id, self.run_id, self.source, _storable(part.stream)]
        row += [counts.read, counts.new, counts.changed, counts.deleted]
        connection.execute(_BATCH, [*row, None if state is None else encode(state).decode()])

    def set_progress(
        self,
        connection: psycopg.Connection[Any],
        stream: str,
        bookmark: msgspec.Raw | None,
        progress: StreamProgress,
    ) -> None:
        """Write where the stream is: bookmark, requests, waits, done and total."""
        values = {name: getattr(progress, name) for name in progress.__struct_fields__}
        text = None if bookmark is None else bytes(bookmark).decode()
        connection.execute(_PROGRESS, {**self._key(stream), **values, "bookmark": text})

    def add_rejects(
        self, connection: psycopg.Connection[Any], batch_id: int | None, rejects: list[RejectedRecord]
    ) -> None:
        """Keep what was refused, with its bytes and the reason."""
        rows = [
            (
                self.run_id,
                batch_id,
                self.source,
                _storable(reject.stream),
                _storable(reject.reason),
                reject.raw,
                reject.raw_length,
                reject.raw_sha256,
                None if reject.origin is None else _storable_json(reject.origin),
            )
            for reject in rejects
        ]
        with connection.cursor() as cursor:
            cursor.executemany(_REJECT, rows)

    def has_rejects(self, connection: psycopg.Connection[Any], stream: str) -> bool:
        """Whether a record of this run was refused that is, or may be, the stream's."""
        found = [self.run_id, self.source, _storable(stream), UNKNOWN_STREAM]
        return connection.execute(_HAS_REJECTS, found).fetchone() is not None

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
        text = None if error is None else _storable(error)[:MAX_ERROR_LENGTH]
        connection.execute(_END, {"run_id": self.run_id, "source": self.source, "status": status, "error": text})


def _storable(text: str) -> str:
    """Text that Postgres can hold."""
    return text.replace("\0", "\\0").encode("utf-8", "replace").decode()


def _storable_json(value: Any) -> str:
    """JSON that Postgres can hold."""
    text = encode(value)
    return (encode({"text": repr(value)}) if has_nul(text) else text).decode()

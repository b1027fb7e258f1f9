"""What `ops` is told about a run: its streams, its batches, its rejects, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.run_log import MAX_ERROR_LENGTH, RunLog, storable

from target_postgres.messages import encode
from target_postgres.rows import has_nul

if TYPE_CHECKING:
    from datetime import datetime

    import msgspec
    import psycopg

    from target_postgres.batch import Counts, RejectedRecord, StreamPart
    from target_postgres.messages import StreamProgress

UNKNOWN_STREAM = "(unknown)"

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
    note = coalesce(%(note)s, note),
    heartbeat_at = clock_timestamp()
where run_id = %(run_id)s and source = %(source)s and stream = %(stream)s
"""
_NOTE = """
update ops.sync_runs set note = %(note)s
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
where source = %s and stream in (%s, %s) and (run_id = %s or rejected_at >= %s)
limit 1
"""


@dataclass
class Run(RunLog):
    """One run of one source, with what the loader alone knows: batches, progress, rejects and notes.

    `told` holds the tap's last note on a stream, `warnings` the loader's own.
    """

    told: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)

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
        connection.execute(_ADD, {**self.key(part.stream), **figures})
        row = [part.batch_id, self.run_id, self.source, storable(part.stream)]
        row += [counts.read, counts.new, counts.changed, counts.deleted]
        connection.execute(_BATCH, [*row, None if state is None else encode(state).decode()])

    def set_progress(
        self,
        connection: psycopg.Connection[Any],
        stream: str,
        bookmark: msgspec.Raw | None,
        progress: StreamProgress,
    ) -> None:
        """Write where the stream is: bookmark, requests, waits, done and total; and the tap's note, if it has one."""
        if progress.note:
            self.told[stream] = progress.note
        values = {name: getattr(progress, name) for name in progress.__struct_fields__}
        text = None if bookmark is None else bytes(bookmark).decode()
        connection.execute(_PROGRESS, {**self.key(stream), **values, "bookmark": text, "note": self._note(stream)})

    def warn(self, connection: psycopg.Connection[Any], stream: str, warning: str) -> None:
        """Add a sentence of the loader's own to the note; a batch that is tried again does not add it twice."""
        warnings = self.warnings.setdefault(stream, [])
        if warning not in warnings:
            warnings.append(warning)
        self.start_stream(connection, stream)
        connection.execute(_NOTE, {**self.key(stream), "note": self._note(stream)})

    def _note(self, stream: str) -> str | None:
        told = [self.told[stream]] if stream in self.told else []
        return storable(" ".join(told + self.warnings.get(stream, [])))[:MAX_ERROR_LENGTH] or None

    def add_rejects(
        self, connection: psycopg.Connection[Any], batch_id: int | None, rejects: list[RejectedRecord]
    ) -> None:
        """Keep what was refused, with its bytes and the reason."""
        rows = [
            (
                self.run_id,
                batch_id,
                self.source,
                storable(reject.stream),
                storable(reject.reason),
                reject.raw,
                reject.raw_length,
                reject.raw_sha256,
                None if reject.origin is None else _storable_json(reject.origin),
            )
            for reject in rejects
        ]
        with connection.cursor() as cursor:
            cursor.executemany(_REJECT, rows)

    def has_rejects(self, connection: psycopg.Connection[Any], stream: str, since: datetime | None) -> bool:
        """Whether a record was refused, in this run or `since` then, that is, or may be, the stream's."""
        found = [self.source, storable(stream), UNKNOWN_STREAM, self.run_id, since]
        return connection.execute(_HAS_REJECTS, found).fetchone() is not None


def _storable_json(value: Any) -> str:
    """JSON that Postgres can hold."""
    text = encode(value)
    return (encode({"text": repr(value)}) if has_nul(text) else text).decode()

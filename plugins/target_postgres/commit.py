"""One transaction: rows, bookmark, run log, batch and rejects; all of it or nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import psycopg

from target_postgres.batch import Counts, RejectedRecord, StreamPart
from target_postgres.ddl import make_incoming, prepare
from target_postgres.schema import Column

if TYPE_CHECKING:
    from warehouse.lease import Lease

    from target_postgres.batch import Batch
    from target_postgres.runs import Run

KEPT_BYTES = 64 * 1024
_WRITE_BYTES = 256 * 1024
_RECORDS_FAULT = {"22", "23", "54"}
"""Classes of SQLSTATE that speak of the data: data exception, integrity, limits of the program."""


def commit_batch(connection: psycopg.Connection[Any], lease: Lease, run: Run, batch: Batch) -> dict[str, Counts]:
    """Store a batch once, however often it is called: a commit whose answer was lost is recognised by its batch id."""
    if already_committed(connection, batch):
        return {}
    streams_before = set(run.streams)
    tables = [part.table for part in batch.parts.values() if part.table is not None and not part.table.ready]
    try:
        with connection.transaction():
            lease.hold(connection)
            for stream in batch.started:
                run.start_stream(connection, stream)
            counts = {stream: _store_part(connection, run, part) for stream, part in batch.parts.items()}
            _sweep(connection, run, batch, counts)
            for stream, part in batch.parts.items():
                run.add_batch(connection, part, counts[stream], batch.state)
            _write_progress(connection, run, batch)
    except BaseException:
        run.streams = streams_before
        for table in tables:
            table.ready = False
        raise
    return counts


def already_committed(connection: psycopg.Connection[Any], batch: Batch) -> bool:
    """Whether an earlier attempt at this batch went through; gives the parts their batch ids otherwise."""
    known = [part.batch_id for part in batch.parts.values() if part.batch_id is not None]
    if known:
        found = connection.execute("select 1 from ops.batches where batch_id = any(%s)", [known]).fetchone()
        return found is not None
    for part in batch.parts.values():
        row = connection.execute("select nextval(pg_get_serial_sequence('ops.batches', 'batch_id'))").fetchone()
        part.batch_id = row[0] if row else None
    return False


def _store_part(connection: psycopg.Connection[Any], run: Run, part: StreamPart) -> Counts:
    counts = Counts(read=part.read, repeated=part.repeated)
    rejects = list(part.rejects)
    if part.table is not None:
        _ready_table(connection, part)
        if part.rows:
            make_incoming(connection, part.table)
            _load(connection, run, part, list(part.rows.values()), counts, rejects)
    counts.rejected = len(rejects)
    if rejects:
        run.add_rejects(connection, part.batch_id, rejects)
    return counts


def _ready_table(connection: psycopg.Connection[Any], part: StreamPart) -> None:
    """Make, widen or leave the table; DDL is part of the transaction and is undone with it."""
    table = part.table
    if table is None or (table.ready and not part.widen):
        return
    table.columns = [Column(c.name, "numeric", c.source) if c.name in part.widen else c for c in table.columns]
    prepare(connection, table)
    table.ready = True


def _load(
    connection: psycopg.Connection[Any],
    run: Run,
    part: StreamPart,
    rows: list[bytes],
    counts: Counts,
    rejects: list[RejectedRecord],
) -> None:
    """Copy and move rows; where Postgres refuses them, halve until the bad ones stand alone."""
    try:
        with connection.transaction():
            new, changed = _copy_and_upsert(connection, run, part, rows)
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate[:2] not in _RECORDS_FAULT:
            raise
        if len(rows) == 1:
            rejects.append(_refused(part.stream, rows[0], error))
            return
        middle = len(rows) // 2
        _load(connection, run, part, rows[:middle], counts, rejects)
        _load(connection, run, part, rows[middle:], counts, rejects)
    else:
        counts.new += new
        counts.changed += changed


def _copy_and_upsert(
    connection: psycopg.Connection[Any], run: Run, part: StreamPart, rows: list[bytes]
) -> tuple[int, int]:
    table = part.table
    if table is None:
        raise TypeError("rows without a table")
    with connection.cursor() as cursor:
        with cursor.copy(table.copy_statement()) as copy:
            for piece in _pieces(rows):
                copy.write(piece)
        names = {"run_id": run.run_id, "batch_id": part.batch_id, "stream": table.label, "version": part.version}
        cursor.execute(table.upsert_statement(), names)
        new, changed = cursor.fetchone() or (0, 0)
        if part.version is not None and table.keys:
            cursor.execute(table.list_statement(), names)
        if len(rows) < len(part.rows):
            cursor.execute(table.empty_statement())
    return new, changed


def _pieces(rows: list[bytes]) -> list[bytes]:
    """The rows joined to writes of about 256 KB."""
    step = max(1, _WRITE_BYTES * len(rows) // max(1, sum(map(len, rows))))
    return [b"\n".join(rows[start : start + step]) + b"\n" for start in range(0, len(rows), step)]


def _refused(stream: str, row: bytes, error: psycopg.Error) -> RejectedRecord:
    reason = (error.diag.message_primary or str(error)).strip()
    detail = error.diag.message_detail
    if detail and "Failing row" not in detail:
        reason += f" ({detail})"
    return RejectedRecord(stream, reason, row[:KEPT_BYTES], len(row), hashlib.sha256(row).digest())


def _sweep(connection: psycopg.Connection[Any], run: Run, batch: Batch, counts: dict[str, Counts]) -> None:
    """Mark what a complete re-list did not show."""
    for table, stream, version in batch.sweeps:
        part = batch.parts[stream]
        names = {"run_id": run.run_id, "batch_id": part.batch_id, "stream": table.label, "version": version}
        counts[stream].deleted += connection.execute(table.sweep_statement(), names).rowcount
        connection.execute("delete from ops.listed_keys where stream = %s and version <= %s", [table.label, version])


def _write_progress(connection: psycopg.Connection[Any], run: Run, batch: Batch) -> None:
    bookmarks = (batch.state or {}).get("bookmarks")
    bookmarks = bookmarks if isinstance(bookmarks, dict) else {}
    progress = {name: value for name, value in batch.progress.items() if isinstance(value, dict)}
    for stream in sorted(run.streams & (set(bookmarks) | set(progress))):
        bookmark = bookmarks.get(stream)
        run.set_progress(connection, stream, bookmark, progress.get(stream, {}))

"""One transaction: rows, bookmark, run log, batch and rejects; all of it or nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import psycopg

from target_postgres import relists
from target_postgres.messages import StreamProgress, object_of
from target_postgres.store import PartStore

if TYPE_CHECKING:
    from warehouse.lease import Lease

    from target_postgres.batch import Batch, Counts, StreamPart
    from target_postgres.runs import Run

logger = logging.getLogger("target-postgres")


def commit_batch(connection: psycopg.Connection[Any], lease: Lease, run: Run, batch: Batch) -> dict[str, Counts]:
    """Store a batch once, however often it is called: a commit whose answer was lost is recognised by its batch id."""
    streams = batch.started | set(batch.parts)
    if already_committed(connection, batch):
        run.streams |= streams
        return {}
    streams_before = set(run.streams)
    try:
        with connection.transaction():
            connection.execute("set local timezone = 'UTC'")  # a pooler may have handed over another session
            counts = _store(connection, run, batch)
            lease.hold(connection)
    except BaseException as error:
        run.streams = streams_before
        for part in batch.parts.values():
            if part.table is not None:
                part.table.ready = False
        if _is_batch_known(error):
            run.streams |= streams
            return {}
        raise
    return counts


def already_committed(connection: psycopg.Connection[Any], batch: Batch) -> bool:
    """Whether an earlier attempt at this batch went through; gives the parts their batch ids otherwise."""
    known = [part.batch_id for part in batch.parts.values() if part.batch_id is not None]
    query = "select 1 from ops.batches where batch_id = any(%s)"
    if known and connection.execute(query, [known]).fetchone():
        return True
    for part in batch.parts.values():
        if part.batch_id is None:
            row = connection.execute("select nextval(pg_get_serial_sequence('ops.batches', 'batch_id'))").fetchone()
            part.batch_id = row[0] if row else None
    return False


def _is_batch_known(error: BaseException) -> bool:
    """Whether an earlier attempt, still on its way when this one began, came first."""
    diagnosed = error.diag if isinstance(error, psycopg.errors.UniqueViolation) else None
    return diagnosed is not None and (diagnosed.schema_name, diagnosed.table_name) == ("ops", "batches")


def _store(connection: psycopg.Connection[Any], run: Run, batch: Batch) -> dict[str, Counts]:
    for stream in sorted(batch.started):
        run.start_stream(connection, stream)
    counts = {stream: _store_part(connection, run, part, strict=batch.strict) for stream, part in batch.parts.items()}
    _sweep(connection, run, batch, counts)
    for stream, part in batch.parts.items():
        run.add_batch(connection, part, counts[stream], batch.state)
    _write_progress(connection, run, batch)
    return counts


def _store_part(connection: psycopg.Connection[Any], run: Run, part: StreamPart, *, strict: bool) -> Counts:
    relists.begin(connection, run, part)
    store = PartStore(connection, run.run_id, part, strict=strict)
    store.store()
    if store.rejects:
        run.add_rejects(connection, part.batch_id, store.rejects)
    return store.counts


def _sweep(connection: psycopg.Connection[Any], run: Run, batch: Batch, counts: dict[str, Counts]) -> None:
    """End the re-lists that are complete; where one marks nothing, say why."""
    for sweep in batch.sweeps:
        marked, reason = relists.end(connection, run, sweep, batch.parts[sweep.stream].batch_id)
        counts[sweep.stream].deleted += marked
        if reason is not None:
            logger.warning("%s", reason)
            run.warn(connection, sweep.stream, reason)


def _write_progress(connection: psycopg.Connection[Any], run: Run, batch: Batch) -> None:
    bookmarks = object_of((batch.state or {}).get("bookmarks"))
    for stream in sorted(run.streams & (set(bookmarks) | set(batch.progress))):
        progress = batch.progress.get(stream, StreamProgress())
        run.set_progress(connection, stream, bookmarks.get(stream), progress)

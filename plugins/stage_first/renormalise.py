"""Reads the phone numbers of what is staged anew, with another default region, without a download."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import sql
from warehouse.connection import connect
from warehouse.heartbeat import Heartbeat
from warehouse.lease import LeaseHeldError, acquire
from warehouse.run_log import RunLog

from stage_first.renormalise_readers import StagedRow, UnknownFileError, readers_of
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    import psycopg

    from stage_first.renormalise_readers import Reader
    from stage_first.sources import Source

PAGE_ROWS = 1000
MOST_CHANGES = 5000
WRITE_SECONDS = 2.0
"""What is held is written so often, or when so many rows are changed; more than that no kill can undo."""
REGION_IS_NONE = "no default region"

_PAGE = """
select account, id, record::text, phones, origin ->> 'file'
from {table}
where (account, id) > (%(account)s, %(id)s) and (%(only)s::text is null or account = %(only)s)
order by account, id
limit %(rows)s
"""
_COUNT = "select count(*) from {table} where %(only)s::text is null or account = %(only)s"
_WRITE = """
-- `_loaded_at` stays: what a vendor told is no newer than before (ManyChat's newer side wins by it).
update {table} as kept set
    phones = fresh.phones::jsonb, _run_id = %(run_id)s, _batch_id = %(batch_id)s
from unnest(%(accounts)s::text[], %(ids)s::text[], %(phones)s::text[]) as fresh (account, id, phones)
where kept.account = fresh.account and kept.id = fresh.id
"""
_BATCH = """
insert into ops.batches (run_id, source, stream, rows_read, rows_new, rows_changed)
values (%(run_id)s, %(source)s, %(stream)s, %(read)s, 0, %(changed)s)
returning batch_id
"""
_PROGRESS = """
update ops.sync_runs set
    rows_read = %(read)s, rows_changed = %(changed)s, rows_unchanged = %(read)s::bigint - %(changed)s,
    progress_done = %(read)s, progress_total = %(total)s, progress_unit = 'rows', note = %(note)s,
    heartbeat_at = clock_timestamp()
where run_id = %(run_id)s and source = %(source)s and stream = %(stream)s
"""


@dataclass
class Counts:
    """What became of the rows of one stream; `left` are CSV rows of whose file nothing is known."""

    stream: str
    total: int = 0
    read: int = 0
    changed: int = 0
    left: int = 0


class SourceRun:
    """The lease of one source and its run in the log, as a download has them."""

    def __init__(self, database_url: str, source: Source) -> None:
        self._url = database_url
        self._source = source
        self.log = RunLog(source.name, uuid.uuid4())

    def __enter__(self) -> Self:
        self.connection = connect(self._url, application="renormalise")
        try:
            self.lease = acquire(self.connection, self._source.schema, self.log.run_id)
        except LeaseHeldError as error:
            self.connection.close()
            raise UsageError(str(error)) from error
        self.log.bury_dead(self.connection)
        self._heartbeat = Heartbeat(self._url, self.lease, self.log)
        self._heartbeat.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._heartbeat.stop()
        self.connection.close()
        with connect(self._url, application="renormalise") as connection, connection.transaction():
            self.log.end(connection, *_outcome(error))
            self.lease.release(connection)


def _outcome(error: BaseException | None) -> tuple[str, str | None]:
    if error is None:
        return "succeeded", None
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "incomplete", "Stopped; what was written stays, and the same command goes on."
    return "failed", f"{type(error).__name__}: {error}"


@dataclass
class Renormalisation:
    """One source, from its first row to its last; run again, it changes nothing."""

    database_url: str
    source: Source
    region: str | None
    account: str | None = None
    _changes: list[tuple[StagedRow, list[str] | None]] = field(default_factory=list)
    _in_batches: int = 0
    _written_at: float = field(default_factory=time.monotonic)

    def run(self, show: Callable[[Counts], None]) -> list[Counts]:
        """Read all rows; `show` is told after each page how far it is.

        Raises:
            UsageError: the source is being written by somebody else.
        """
        with SourceRun(self.database_url, self.source) as run:
            readers = readers_of(run.connection, self.source, self.region)
            filled = [Counts(stream, total) for stream in readers if (total := self._rows_of(run.connection, stream))]
            for counts in filled:
                run.log.start_stream(run.connection, counts.stream)
            for counts in filled:
                self._read_stream(run, readers[counts.stream], counts, show)
            return filled

    def _rows_of(self, connection: psycopg.Connection[Any], stream: str) -> int:
        """How many rows there are; none where the stream was never downloaded."""
        table = sql.Identifier(self.source.schema, stream)
        found = connection.execute("select to_regclass(%s)", [table.as_string(connection)]).fetchone()
        if found is None or found[0] is None:
            return 0
        row = connection.execute(sql.SQL(_COUNT).format(table=table), {"only": self.account}).fetchone()
        return int(row[0]) if row else 0

    def _read_stream(self, run: SourceRun, reader: Reader, counts: Counts, show: Callable[[Counts], None]) -> None:
        table, self._in_batches = sql.Identifier(self.source.schema, counts.stream), 0
        for page in self._pages(run.connection, table):
            self._compare(page, reader, counts)
            if len(self._changes) >= MOST_CHANGES or time.monotonic() - self._written_at >= WRITE_SECONDS:
                self._write(run, table, counts)
            show(counts)
        self._write(run, table, counts)

    def _pages(self, connection: psycopg.Connection[Any], table: sql.Identifier) -> Iterator[list[StagedRow]]:
        query, last = sql.SQL(_PAGE).format(table=table), ("", "")
        while True:
            wanted = {"account": last[0], "id": last[1], "only": self.account, "rows": PAGE_ROWS}
            page = [StagedRow(*row) for row in connection.execute(query, wanted)]
            if not page:
                return
            yield page
            last = (page[-1].account, page[-1].id)

    def _compare(self, page: list[StagedRow], reader: Callable[[StagedRow], list[str] | None], counts: Counts) -> None:
        for row in page:
            try:
                phones = reader(row)
            except UnknownFileError:
                counts.left += 1
                continue
            if phones != row.phones:
                self._changes.append((row, phones))
        counts.read += len(page)

    def _write(self, run: SourceRun, table: sql.Identifier, counts: Counts) -> None:
        """Rows, batch and progress in one transaction, and only while the lease is ours."""
        changes, connection = self._changes, run.connection
        key = run.log.key(counts.stream)
        with connection.transaction():
            if changes:
                figures = {**key, "read": counts.read - self._in_batches, "changed": len(changes)}
                batch = connection.execute(_BATCH, figures).fetchone()
                values = {"run_id": run.log.run_id, "batch_id": batch and batch[0], **_columns(changes)}
                connection.execute(sql.SQL(_WRITE).format(table=table), values)
            counts.changed += len(changes)
            progress = {"read": counts.read, "changed": counts.changed, "total": counts.total}
            connection.execute(_PROGRESS, {**key, **progress, "note": self._note})
            run.lease.hold(connection)
        self._in_batches = counts.read if changes else self._in_batches
        self._changes, self._written_at = [], time.monotonic()

    @property
    def _note(self) -> str:
        return f"Phone numbers of staged rows read anew ({self.region or REGION_IS_NONE}); nothing was downloaded."


def _columns(changes: list[tuple[StagedRow, list[str] | None]]) -> dict[str, list[Any]]:
    return {
        "accounts": [row.account for row, _ in changes],
        "ids": [row.id for row, _ in changes],
        "phones": [None if phones is None else json.dumps(phones) for _, phones in changes],
    }

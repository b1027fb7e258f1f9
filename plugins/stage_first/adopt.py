"""Copies a raw table that somebody already has through the loader into staging, so that nothing is downloaded twice."""

from __future__ import annotations

import os
import subprocess
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

import msgspec
import psycopg
from psycopg import sql
from tap_core.raw import RAW_KEY, RAW_SCHEMA, RawRecord
from tap_core.rejects import reject
from tap_core.writer import encode_lines
from warehouse.connection import connect
from warehouse.run_log import storable

from stage_first import project
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg import Copy
    from tap_core.api_stream import ApiStream
    from tap_core.raw import RecordMessage

PAGE_ROWS = 1000

_COUNTS = """
select count(adopted_ids.id), count(distinct adopted_ids.id), count(distinct staged.id)
from adopted_ids
left join {staged} as staged on adopted_ids.id = staged.id and staged.account = %s
"""
_REJECTED = """
select coalesce(sum(rows_rejected), 0)::bigint, max(error) from ops.sync_runs where run_id = %s
"""
_REMEMBER = """
insert into ops.adopted_tables (table_name, source, stream, account, rows_copied)
values (%s, %s, %s, %s, %s)
on conflict (table_name) do update set
    source = excluded.source,
    stream = excluded.stream,
    account = excluded.account,
    rows_copied = excluded.rows_copied,
    copied_at = clock_timestamp()
"""
_HAS_BOOKMARK = """
select exists (
    select 1 from ops.sync_runs where source = %s and stream = %s and bookmark is not null and bookmark <> '{}'
)
"""


@dataclass(frozen=True)
class RawTable:
    """The table to copy: where it is and which column holds the vendor's object (jsonb, json or text)."""

    url: str
    name: str
    payload: str

    def count(self) -> int:
        """How many rows it has.

        Raises:
            UsageError: there is no such table or column.
        """
        query = sql.SQL("select count(*), count({}) from {}").format(sql.Identifier(self.payload), self._identifier)
        try:
            with self._reader() as connection:
                row = connection.execute(query).fetchone()
        except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
            told = str(error).strip().splitlines()[0]
            raise UsageError(f"The table cannot be read: {told}. Name it as schema.table.") from error
        return int(row[0]) if row else 0

    def payloads(self) -> Iterator[list[str | None]]:
        """Pages of payloads as text, every digit kept, out of one snapshot."""
        query = sql.SQL("select {}::text from {}").format(sql.Identifier(self.payload), self._identifier)
        with (
            self._reader() as connection,
            connection.transaction(),
            connection.cursor(name="adopted") as cursor,
        ):
            cursor.execute(query)
            while page := cursor.fetchmany(PAGE_ROWS):
                yield [text for (text,) in page]

    def _reader(self) -> psycopg.Connection[Any]:
        """A connection of the login itself: what it may read, the role that owns our tables may not."""
        return psycopg.connect(self.url, autocommit=True, application_name="stage-first adopt")

    @property
    def _identifier(self) -> sql.Identifier:
        return sql.Identifier(*self.name.split("."))


@dataclass(frozen=True)
class Counts:
    """What became of the rows: each is staged, rejected, or the twin of another row with its id."""

    rows: int
    staged: int
    rejected: int
    missing: int

    @property
    def twins(self) -> int:
        """Rows whose id another row has, too; the last one counts."""
        return self.rows - self.staged - self.rejected


class Adoption:
    """One copy, from the first row to the counts; run again, it changes nothing."""

    def __init__(self, database_url: str, table: RawTable, schema: str, stream: ApiStream) -> None:
        self._url = database_url
        self._table = table
        self._schema = schema
        self._stream = stream
        self._run_id = str(uuid.uuid4())
        self._log = project.DATA / "logs" / "adopt.log"

    def run(self, show: Callable[[int, int], None]) -> Counts:
        """Copy all rows; `show` is told how many of how many are on their way.

        Raises:
            RuntimeError: the loader ended early; what is committed stays, and the same command goes on.
        """
        total, sent = self._table.count(), 0
        with ExitStack() as stack:
            connection = stack.enter_context(closing(connect(self._url, application="adopt")))
            stack.enter_context(connection.transaction())
            connection.execute("create temporary table adopted_ids (id text) on commit drop")
            loader = stack.enter_context(self._start_loader())
            with connection.cursor().copy("copy adopted_ids from stdin") as ids:
                sent = self._send_all(loader, ids, total, show)
            if loader.wait():
                raise RuntimeError(self._failure(loader.returncode))
            return self._counts(connection, sent)

    def _start_loader(self) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "DATABASE_URL": self._url, "MELTANO_RUN_ID": self._run_id}
        environment["MELTANO_EXTRACT__LOAD_SCHEMA"] = self._schema
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [project.BIN / "target-postgres"],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def _send_all(
        self, loader: subprocess.Popen[bytes], ids: Copy, total: int, show: Callable[[int, int], None]
    ) -> int:
        sent, name = 0, self._stream.name
        try:
            with cast("IO[bytes]", loader.stdin) as pipe:
                _write(pipe, type="SCHEMA", stream=name, schema=RAW_SCHEMA, key_properties=list(RAW_KEY))
                for page in self._table.payloads():
                    messages = [self._message(payload, sent + place) for place, payload in enumerate(page, 1)]
                    pipe.write(encode_lines(messages))
                    sent += len(page)
                    _write(pipe, type="STATE", value=self._state(sent, total))
                    for message in messages:
                        if isinstance(message.record, RawRecord):
                            ids.write_row([storable(message.record.id)])
                    show(sent, total)
                _write(pipe, type="STATE", value=self._state(sent, total, finished=True))
        except BrokenPipeError:
            loader.wait()
            raise RuntimeError(self._failure(loader.returncode)) from None
        return sent

    def _message(self, payload: str | None, row: int) -> RecordMessage:
        origin = {"adopted_from": self._table.name}
        if payload is None:
            return reject(self._stream.name, "the payload is null", b"", {**origin, "row": row}, hide=False)
        return self._stream.message(msgspec.Raw(payload.encode()), origin)

    def _state(self, done: int, total: int, *, finished: bool = False) -> dict[str, Any]:
        progress = {"done": done, "total": total, "unit": "rows"}
        return {"bookmarks": {}, "progress": {self._stream.name: progress, "finished": finished}}

    def _counts(self, connection: psycopg.Connection[Any], rows: int) -> Counts:
        staged_table = sql.Identifier(self._schema, self._stream.name)
        counted = connection.execute(sql.SQL(_COUNTS).format(staged=staged_table), [self._stream.account])
        records, ids, staged = counted.fetchone() or (0, 0, 0)
        found = connection.execute(_REJECTED, [self._run_id]).fetchone() or (0, None)
        source = self._schema.removeprefix("staging_")
        remembered = [self._table.name, source, self._stream.name, self._stream.account, rows]
        connection.execute(_REMEMBER, remembered)
        refused_by_loader = found[0] - (rows - records)
        return Counts(rows, staged, found[0], max(ids - staged - refused_by_loader, 0))

    def _failure(self, code: int) -> str:
        with connect(self._url, application="adopt") as connection:
            row = connection.execute(_REJECTED, [self._run_id]).fetchone()
        told = (row[1] if row else None) or f"The loader ended with exit code {code}."
        return f"{told} What is committed stays; the same command goes on. The loader's output: {self._log}"


def has_bookmark(database_url: str, source: str, stream: str) -> bool:
    """Whether a download of the stream has been somewhere already."""
    with connect(database_url, application="adopt") as connection:
        row = connection.execute(_HAS_BOOKMARK, [source, stream]).fetchone()
    return bool(row and row[0])


def _write(pipe: IO[bytes], **message: Any) -> None:
    pipe.write(msgspec.json.encode(message) + b"\n")

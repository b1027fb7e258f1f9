"""Where a test meets the loader: a staging schema of its own, runs in this process or another, and the books."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row
from target_postgres.target import TargetPostgres

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

LOADER_COLUMNS = ["_first_loaded_at", "_loaded_at", "_run_id", "_batch_id", "_deleted_at"]
_BOOKS = """
select
    r.stream, r.status, r.finished_at,
    r.rows_read - r.rows_new - r.rows_changed - r.rows_unchanged - r.rows_repeated - r.rows_rejected as unaccounted,
    r.rows_unchanged < 0 or r.rows_repeated < 0 as negative,
    r.rows_read - b.read as read, r.rows_new - b.new as new, r.rows_changed - b.changed as changed,
    r.rows_deleted - b.deleted as deleted, r.rows_rejected - j.rejected as rejected
from ops.sync_runs as r
cross join lateral (
    select
        coalesce(sum(rows_read), 0) as read, coalesce(sum(rows_new), 0) as new,
        coalesce(sum(rows_changed), 0) as changed, coalesce(sum(rows_deleted), 0) as deleted
    from ops.batches where (run_id, source, stream) = (r.run_id, r.source, r.stream)
) as b
cross join lateral (
    select count(*) as rejected from ops.rejected_records
    where (run_id, source, stream) = (r.run_id, r.source, r.stream)
) as j
where r.source = %s
"""
_DIFFERENCES = ("unaccounted", "read", "new", "changed", "deleted", "rejected")


@dataclass
class Outcome:
    """How a run in this process ended."""

    code: int | str | None = 0
    error: BaseException | None = None
    states: list[Any] = field(default_factory=list)


@dataclass
class Desk:
    """One staging schema and the loader before it."""

    url: str
    schema: str
    connection: psycopg.Connection[Any]
    folder: Path

    @property
    def source(self) -> str:
        """The source's name in `ops`."""
        return self.schema.removeprefix("staging_")

    def settings(self, **settings: Any) -> dict[str, Any]:
        """Settings of the loader, the given ones over ours."""
        return {"database_url": self.url, "default_target_schema": self.schema, **settings}

    def load(self, *lines: bytes, out: io.StringIO | None = None, **settings: Any) -> Outcome:
        """Run the loader here, on these lines."""
        outcome, out = Outcome(), out or io.StringIO()
        with tempfile.TemporaryFile() as file, contextlib.redirect_stdout(out):
            file.writelines(text + b"\n" for text in lines)
            file.seek(0)
            before, sys.stdin = sys.stdin, file  # type: ignore[assignment]
            handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                TargetPostgres(config=self.settings(**settings)).listen()
            except SystemExit as end:
                outcome.code, outcome.error = end.code, end.__cause__
            except Exception as error:
                outcome.code, outcome.error = 1, error
            finally:
                sys.stdin = before
                if threading.current_thread() is threading.main_thread():
                    for number, handler in handlers.items():
                        signal.signal(number, handler)
        outcome.states = [json.loads(text) for text in out.getvalue().splitlines()]
        return outcome

    def start(self, source: IO[bytes] | None = None, **settings: Any) -> subprocess.Popen[bytes]:
        """Start the loader as a process of its own, fed by another's output or by us."""
        config = self.folder / "config.json"
        config.write_text(json.dumps(self.settings(**settings)))
        command = [sys.executable, "-m", "target_postgres.target", "--config", str(config)]
        pipe = subprocess.PIPE
        with (self.folder / "stderr.txt").open("ab") as errors:
            return subprocess.Popen(command, stdin=source or pipe, stdout=pipe, stderr=errors)

    def errors(self) -> str:
        """What the processes wrote to stderr."""
        return (self.folder / "stderr.txt").read_text()

    def query(self, text: str, *parameters: Any) -> list[Any]:
        """Rows of a query, as tuples."""
        return self.connection.execute(text, parameters).fetchall()

    def one(self, text: str, *parameters: Any) -> Any:
        """The single value of a query."""
        ((value,),) = self.query(text, *parameters)
        return value

    def table(self, stream: str = "people") -> sql.Identifier:
        """A stream's table."""
        return sql.Identifier(self.schema, stream)

    def select(self, columns: str, stream: str = "people", rest: str = "order by 1") -> list[Any]:
        """Columns of a stream's table."""
        parts = [sql.SQL(columns), self.table(stream), sql.SQL(rest)]
        return self.connection.execute(sql.SQL("select {} from {} {}").format(*parts)).fetchall()

    def content(self, stream: str = "people") -> list[dict[str, Any]]:
        """What the tap's rows became: no loader's columns, no nulls, numbers with a point as they are written."""
        query = sql.SQL("select jsonb_strip_nulls(to_jsonb(t) - {}::text[])::text from {} as t order by 1")
        found = self.connection.execute(query.format(LOADER_COLUMNS, self.table(stream))).fetchall()
        return [json.loads(text, parse_float=str) for (text,) in found]

    def columns(self, stream: str = "people") -> dict[str, str]:
        """The columns' types."""
        found = self.query(
            "select attname, format_type(atttypid, null) from pg_attribute where attrelid = %s::regclass"
            " and attnum > 0 and not attisdropped order by attnum",
            self.table(stream).as_string(None),
        )
        return {name: kind for name, kind in found if name not in LOADER_COLUMNS}

    def runs(self) -> list[dict[str, Any]]:
        """Rows of `ops.sync_runs`, oldest first."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            query = "select * from ops.sync_run_status where source = %s order by started_at, stream"
            return cursor.execute(query, [self.source]).fetchall()

    def run(self) -> dict[str, Any]:
        """The only row of `ops.sync_runs`."""
        (found,) = self.runs()
        return found

    def rejects(self) -> list[tuple[str, str, bytes]]:
        """Stream, reason and bytes of what was refused."""
        query = "select stream, reason, raw from ops.rejected_records where source = %s order by reject_id"
        return self.query(query, self.source)

    def check_books(self) -> None:
        """The figures agree wherever they stand, each run ended, and nobody holds the lease."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            for row in cursor.execute(_BOOKS, [self.source]).fetchall():
                assert not {name: row[name] for name in _DIFFERENCES if row[name]}, row
                assert not row["negative"], row
                assert row["status"] != "running", row
                assert row["finished_at"] is not None, row
        assert self.query("select from ops.leases where name = %s and owner is not null", self.schema) == []
        strange = (
            "select reject_id from ops.rejected_records where source = %s"
            " and (length(raw) > raw_length or (length(raw) = raw_length) <> (sha256(raw) = raw_sha256))"
        )
        assert self.query(strange, self.source) == []


def feed(process: subprocess.Popen[bytes], lines: Iterable[bytes]) -> None:
    """Write lines to a process and flush them."""
    assert process.stdin is not None
    process.stdin.writelines(text + b"\n" for text in lines)
    process.stdin.flush()

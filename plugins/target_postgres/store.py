"""Moves a batch's rows of one stream into their table; what Postgres refuses is set aside and the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from target_postgres.batch import Counts, RejectedRecord, StreamPart
from target_postgres.ddl import make_incoming, prepare
from target_postgres.rejects import is_records_fault, rejected_row
from target_postgres.rows import BadRecordError
from target_postgres.schema import Column

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from target_postgres.table import Table

_WRITE_BYTES = 256 * 1024


class PartStore:
    """Stores one part, inside the caller's transaction; `counts` and `rejects` say what became of its rows."""

    def __init__(
        self, connection: psycopg.Connection[Any], run_id: uuid.UUID, part: StreamPart, *, strict: bool
    ) -> None:
        self._connection = connection
        self._run_id = run_id
        self._part = part
        self._strict = strict
        self.counts = Counts(read=part.read, repeated=part.repeated)
        self.rejects: list[RejectedRecord] = list(part.rejects)

    def store(self) -> None:
        """Make the table ready and move the rows over.

        Raises:
            BadRecordError: Postgres refused a row, and the run is strict.
        """
        table = self._part.table
        if table is not None:
            self._ready(table)
            if self._part.rows:
                make_incoming(self._connection, table, listed=bool(self._part.versions))
                self._move(table, self._part.histories())
        self.counts.rejected = len(self.rejects)

    def _ready(self, table: Table) -> None:
        """Make, widen or leave the table; DDL is part of the transaction and is undone with it."""
        outgrown = {column.name for column in table.columns if column.type == "bigint"} & self._part.widen
        if table.ready and not outgrown:
            return
        table.columns = [Column(c.name, "numeric", c.source) if c.name in outgrown else c for c in table.columns]
        prepare(self._connection, table)
        table.ready = True

    def _move(self, table: Table, histories: list[list[bytes]]) -> None:
        """Copy and upsert the last version of each row; where Postgres refuses, halve until the bad ones are alone."""
        try:
            with self._connection.transaction():
                self._copy_and_upsert(table, [rows[-1] for rows in histories])
        except psycopg.Error as error:
            if not is_records_fault(error):
                raise
            if len(histories) == 1:
                return self._refuse(table, histories[0], error)
            middle = len(histories) // 2
            self._move(table, histories[:middle])
            self._move(table, histories[middle:])
        return None

    def _refuse(self, table: Table, rows: list[bytes], error: psycopg.Error) -> None:
        """Set the row aside and take the one that it replaced within the batch, if any."""
        reject = rejected_row(self._part, rows[-1], error)
        if self._strict:
            raise BadRecordError(reject.reason) from error
        self.rejects.append(reject)
        if len(rows) > 1:
            self.counts.repeated -= 1
            self._move(table, [rows[:-1]])

    def _copy_and_upsert(self, table: Table, rows: list[bytes]) -> None:
        part = self._part
        with self._connection.cursor() as cursor:
            with cursor.copy(table.copy_statement()) as copy:
                for piece in _pieces(rows):
                    copy.write(piece)
            cursor.execute(table.upsert_statement(self._run_id, part.batch_id))
            new, changed = cursor.fetchone() or (0, 0)
            if part.versions:
                cursor.execute(table.list_statement())
            if len(rows) < len(part.rows):
                cursor.execute(table.empty_statement())
        self.counts.new += new
        self.counts.changed += changed


def _pieces(rows: list[bytes]) -> Iterator[bytes]:
    """The rows joined, and very long ones cut, to writes of about 256 KB."""
    step = max(1, _WRITE_BYTES * len(rows) // max(1, sum(map(len, rows))))
    for start in range(0, len(rows), step):
        piece = b"\n".join(rows[start : start + step])
        for cut in range(0, len(piece) - _WRITE_BYTES, _WRITE_BYTES):
            yield piece[cut : cut + _WRITE_BYTES]
        yield piece[(len(piece) - 1) // _WRITE_BYTES * _WRITE_BYTES :] + b"\n"

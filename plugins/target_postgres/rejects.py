"""What becomes of a record that cannot be stored: its bytes, and the reason in words."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from target_postgres.batch import RejectedRecord, StreamPart
from target_postgres.messages import decode_value, encode
from target_postgres.rows import COPY_NULL, BadRecordError
from target_postgres.schema import DELETED_PROPERTY, Column

if TYPE_CHECKING:
    import msgspec
    import psycopg

    from target_postgres.lines import GiantLine

REJECTS_STREAM = "_rejected_records"
"""The stream by which our taps say what they could not read."""
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)(?:\\\\)*(?:\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F])"
)

_RECORDS_FAULT = {"21", "22", "23", "54"}
"""Classes of SQLSTATE that speak of the data: two rows of one key, data exception, integrity, limits of the program."""
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_LITERAL = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$|true$|false$")


def decode_reason(error: Exception, line: bytes) -> str:
    """Why a line could not be decoded."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if _LONE_SURROGATE.search(line):
        return "a lone surrogate (half of a character), which Postgres cannot store"
    return f"not a valid Singer message: {error}"


def rejected_line(stream: str, reason: str, line: bytes) -> RejectedRecord:
    """A line as it came."""
    return RejectedRecord(stream, reason, line, len(line), hashlib.sha256(line).digest())


def rejected_giant(stream: str, line: GiantLine, limit: int) -> RejectedRecord:
    """A line over the limit."""
    reason = f"{line.length:,} bytes, the limit is {limit // 2**20} MB (setting max_record_mb)"
    origin = None if line.offset is None else {"offset": line.offset}
    return RejectedRecord(stream, reason, line.head, line.length, line.sha256.digest(), origin)


def rejected_by_tap(record: dict[str, msgspec.Raw]) -> RejectedRecord:
    """A row that the tap itself could not read.

    Raises:
        BadRecordError: the tap's own record of it cannot be read either.
    """
    try:
        values = {name: decode_value(value) for name, value in record.items()}
        stream, reason, length = str(values["stream"]), str(values["reason"]), int(values["raw_length"])
        raw, digest = base64.b64decode(values["raw"]), bytes.fromhex(values["raw_sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadRecordError(f"not the shape of a record of {REJECTS_STREAM}: {error!r}") from error
    return RejectedRecord(stream, reason, raw, length, digest, values.get("origin"))


def is_records_fault(error: psycopg.Error) -> bool:
    """Whether the rows are to blame, not the database or the connection."""
    return (error.sqlstate or "")[:2] in _RECORDS_FAULT


def rejected_row(part: StreamPart, row: bytes, error: psycopg.Error) -> RejectedRecord:
    """A row that Postgres refused, as a RECORD message that can be sent again."""
    columns = part.table.stored_columns if part.table is not None else []
    row = row.rpartition(b"\t")[0] if part.versions else row
    return rejected_line(part.stream, _reason(error), record_line(part.stream, columns, row))


def record_line(stream: str, columns: list[Column], row: bytes) -> bytes:
    """The RECORD message of a COPY line; each value of a jsonb column byte for byte."""
    kinds = [(column.source, column.type) for column in columns] + [(DELETED_PROPERTY, "timestamptz")]
    pairs = [
        encode(name) + b":" + _json(kind, _ESCAPE.sub(_unescape, value))
        for (name, kind), value in zip(kinds, row.split(b"\t"), strict=True)
        if value != COPY_NULL
    ]
    return b'{"type":"RECORD","stream":%b,"record":{%b}}' % (encode(stream), b",".join(pairs))


def _unescape(escape: re.Match[bytes]) -> bytes:
    return _ESCAPED.get(escape[1], escape[1])


def _json(kind: str, value: bytes) -> bytes:
    """A value as JSON; what was no text in a text column is valid JSON or unreadable, and stays as it is."""
    if kind == "jsonb" or (kind != "text" and _LITERAL.match(value)):
        return value
    try:
        return encode(value.decode())
    except UnicodeDecodeError:
        return value


def _reason(error: psycopg.Error) -> str:
    reason = (error.diag.message_primary or str(error)).strip()
    detail = error.diag.message_detail
    return f"{reason} ({detail})" if detail and "Failing row" not in detail else reason

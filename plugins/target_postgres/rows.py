"""Turns records into lines of COPY text format; what Postgres cannot hold is told apart here, cheaply."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_postgres.messages import RawRow, decode_value, encode
from target_postgres.schema import DELETED_PROPERTY, Column

if TYPE_CHECKING:
    import msgspec

COPY_NULL = b"\\N"
_SPECIAL = re.compile(r"[\\\n\r\t\0]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_SMALL_INTEGER = re.compile(rb"-?\d{1,18}$")


class BadRecordError(Exception):
    """A record that cannot be stored; the message is the reason."""


class MissingKeyError(BadRecordError):
    """A record without one of its key properties."""


def copy_text(value: str) -> bytes:
    """A text value, escaped."""
    if _SPECIAL.search(value):
        if "\0" in value:
            raise BadRecordError("a NUL character, which Postgres cannot store")
        value = value.translate(_ESCAPES)
    return value.encode()


def copy_json(value: bytes) -> bytes:
    """JSON text as it came, escaped for COPY."""
    if b"\\" not in value:
        return value
    if b"\\u0000" in value and _NUL_ESCAPE.search(value):
        raise BadRecordError("a NUL character (\\u0000), which Postgres cannot store")
    return value.replace(b"\\", b"\\\\")


def _optional_text(value: str | None) -> bytes:
    return COPY_NULL if value is None else copy_text(value)


def _optional_json(value: msgspec.Raw) -> bytes:
    text = bytes(value)
    return COPY_NULL if text == b"null" else copy_json(text)


def raw_row(row: RawRow) -> tuple[bytes, bytes]:
    """Key and COPY line of a raw record, in the order of `table.RAW_COLUMNS` and `_deleted_at`."""
    key = copy_text(row.account) + b"\t" + copy_text(row.id)
    record = bytes(row.record)
    if record[:1] != b"{":
        raise BadRecordError("`record` is not a JSON object")
    line = b"\t".join(
        (
            key,
            _optional_text(row.created_at),
            _optional_text(row.updated_at),
            copy_json(record),
            _optional_json(row.phones),
            _optional_json(row.origin),
            _optional_text(row._sdc_deleted_at),
        )
    )
    return key, line


class TypedRows:
    """Encodes the records of one typed stream; remembers which columns its values have outgrown."""

    def __init__(self, columns: list[Column], keys: list[str]) -> None:
        self.columns = columns
        self.outgrown: set[str] = set()
        self.has_extra = False
        self._keys = keys
        self._known = {column.source for column in columns} | {DELETED_PROPERTY}

    def encode(self, record: dict[str, msgspec.Raw]) -> tuple[bytes | None, bytes]:
        """Key (None: the stream has none) and COPY line: the columns, `_extra`, `_deleted_at`.

        Raises:
            MissingKeyError: a key property is absent or null.
            BadRecordError: a value cannot be stored.
        """
        missing = [name for name in self._keys if bytes(record.get(name, b"null")) == b"null"]
        if missing:
            raise MissingKeyError(f"the key property {', '.join(missing)} is missing")
        values = {column.source: self._value(column, record) for column in self.columns}
        key = b"\t".join(values[name] for name in self._keys) if self._keys else None
        deleted = record.get(DELETED_PROPERTY)
        tail = [self._extra(record), COPY_NULL if deleted is None else _scalar(bytes(deleted))]
        return key, b"\t".join([*values.values(), *tail])

    def _value(self, column: Column, record: dict[str, msgspec.Raw]) -> bytes:
        if column.source not in record:
            return COPY_NULL
        value = bytes(record[column.source])
        if column.type == "jsonb":
            return COPY_NULL if value == b"null" else copy_json(value)
        if column.type == "bigint" and not _SMALL_INTEGER.match(value) and value[:1] in b"-0123456789":
            self.outgrown.add(column.name)
        return _scalar(value)

    def _extra(self, record: dict[str, msgspec.Raw]) -> bytes:
        """Properties that the SCHEMA did not announce, as one JSON object."""
        if record.keys() <= self._known:
            return COPY_NULL
        self.has_extra = True
        unknown = [name for name in record if name not in self._known]
        pairs = [encode(name) + b":" + bytes(record[name]) for name in unknown]
        return copy_json(b"{" + b",".join(pairs) + b"}")


def _scalar(value: bytes) -> bytes:
    """A string without its quotes, anything else as it is written: `1.10` stays `1.10`."""
    if value[:1] == b'"':
        return copy_text(decode_value(value))
    return COPY_NULL if value == b"null" else copy_json(value)

"""Turns records into lines of COPY text format; what Postgres cannot hold is told apart here, cheaply."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_postgres.messages import RawRow, decode_value, encode
from target_postgres.schema import DELETED_PROPERTY, Column

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec

    Encoder = Callable[[bytes], bytes]

COPY_NULL = b"\\N"
_BACKSLASH = ord("\\")
_SPECIAL = re.compile(r"[\\\n\r\t\0]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_SMALL_INTEGER = re.compile(rb"-?\d{1,18}$")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00(?::?00)?)?)?$")


class BadRecordError(Exception):
    """A record that cannot be stored; the message is the reason."""


class MissingKeyError(BadRecordError):
    """A record without one of its key properties."""


class UnknownStreamError(BadRecordError):
    """A record of a stream that no SCHEMA announced."""


def copy_text(value: str) -> bytes:
    """A text value, escaped."""
    if _SPECIAL.search(value):
        if "\0" in value:
            raise BadRecordError("a NUL character, which Postgres cannot store")
        value = value.translate(_ESCAPES)
    return value.encode()


def copy_json(value: bytes) -> bytes:
    """JSON text without tabs and carriage returns between its tokens, escaped for COPY."""
    if _BACKSLASH not in value:
        return value
    if b"\\u0000" in value and has_nul(value):
        raise BadRecordError("a NUL character (\\u0000), which Postgres cannot store")
    return value.replace(b"\\", b"\\\\")


def has_nul(value: bytes) -> bool:
    """Whether JSON text holds a NUL character, which it can only do as an escape."""
    return _NUL_ESCAPE.search(value) is not None


def _optional_instant(value: str | None) -> bytes:
    return COPY_NULL if value is None else _instant(value)


def _optional_json(value: msgspec.Raw) -> bytes:
    text = bytes(value)
    return COPY_NULL if text == b"null" else copy_json(text)


def _instant(value: str) -> bytes:
    """A date-time; Postgres would also take `now`, `infinity` and `01/02/2024`."""
    if value[4:5] != "-":
        raise BadRecordError(f"{value[:40]!r} is not an ISO 8601 date-time")
    return copy_text(value)


def raw_row(row: RawRow) -> tuple[bytes, bytes]:
    """Key and COPY line of a raw record, in the order of `table.RAW_COLUMNS` and `_deleted_at`."""
    key = copy_text(row.account) + b"\t" + copy_text(row.id)
    record = bytes(row.record)
    if record[:1] != b"{":
        raise BadRecordError("`record` is not a JSON object")
    line = b"\t".join(
        (
            key,
            _optional_instant(row.created_at),
            _optional_instant(row.updated_at),
            copy_json(record),
            _optional_json(row.phones),
            _optional_json(row.origin),
            _optional_instant(row._sdc_deleted_at),
        )
    )
    return key, line


class TypedRows:
    """Encodes the records of one typed stream; remembers which columns its values have outgrown."""

    def __init__(self, columns: list[Column], keys: list[str]) -> None:
        self.outgrown: set[str] = set()
        self._keys = keys
        self._columns = [(column, _ENCODERS.get(column.type, _scalar)) for column in columns]
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
        try:
            values = {column.source: self._value(column, encoder, record) for column, encoder in self._columns}
            deleted = _date_time(bytes(record.get(DELETED_PROPERTY, b"null")))
        except UnicodeError as error:
            raise BadRecordError(f"not valid UTF-8: {error}") from error
        key = b"\t".join([values[name] for name in self._keys]) if self._keys else None
        return key, b"\t".join([*values.values(), self._extra(record), deleted])

    def _value(self, column: Column, encoder: Encoder, record: dict[str, msgspec.Raw]) -> bytes:
        value = bytes(record.get(column.source, b"null"))
        if value == b"null":
            return COPY_NULL
        if column.type == "bigint" and not _SMALL_INTEGER.match(value) and value[:1] in b"-0123456789":
            self.outgrown.add(column.name)
        return encoder(value)

    def _extra(self, record: dict[str, msgspec.Raw]) -> bytes:
        """Properties that the SCHEMA did not announce, as one JSON object."""
        if record.keys() <= self._known:
            return COPY_NULL
        unknown = [name for name in record if name not in self._known]
        pairs = [encode(name) + b":" + bytes(record[name]) for name in unknown]
        return copy_json(b"{" + b",".join(pairs) + b"}")


def _scalar(value: bytes) -> bytes:
    """A string without its quotes, anything else as it is written: `1.10` stays `1.10`."""
    if value[:1] == b'"':
        return copy_text(decode_value(value))
    return COPY_NULL if value == b"null" else copy_json(value)


def _number(value: bytes) -> bytes:
    """A number; Postgres would also take `NaN` and `Infinity` where they stand as text."""
    if value[:1] == b'"' and not _DIGIT.search(decode_value(value)):
        raise BadRecordError(f"{value[:40].decode('utf-8', 'replace')} is not a number")
    return _scalar(value)


def _date_time(value: bytes) -> bytes:
    if value == b"null":
        return COPY_NULL
    return _instant(decode_value(value) if value[:1] == b'"' else value.decode())


def _date(value: bytes) -> bytes:
    """A date; Postgres would cut off a time of day silently."""
    text = decode_value(value) if value[:1] == b'"' else value.decode()
    if not _DATE.match(text):
        raise BadRecordError(f"{text[:40]!r} is not a date")
    return copy_text(text)


_ENCODERS: dict[str, Encoder] = {
    "jsonb": copy_json,
    "numeric": _number,
    "timestamptz": _date_time,
    "date": _date,
}

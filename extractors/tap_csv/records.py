"""Turns rows into raw records, and bad rows into rejects."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING, Any

import msgspec
from tap_core.raw import REJECTS_STREAM, RawRecord, RecordMessage, Reject

from tap_csv.countries import country_code
from tap_csv.keys import is_e_notation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_core.phones import PhoneReader

    from tap_csv.columns import Columns
    from tap_csv.rows import BadRow, Row

IMPORTS = "imports"
FILES = "files"


def record_maker(
    columns: Columns, phones: PhoneReader, *, account: str, file_id: str, path: str
) -> Callable[[str, int, Row], RawRecord]:
    """Return the function that makes a record of key, line number and row."""
    names, prefix, denied = columns.names, f"{columns.kind.name}:", [columns.names[index] for index in columns.denied]
    phones_of = phones_reader(columns, phones)

    def record_of(key: str, line: int, row: Row) -> RawRecord:
        record: dict[str, Any] = dict(zip(names, row))  # noqa: B905  # a row has as many fields as the header
        if denied:
            for name in denied:
                del record[name]
        numbers = phones_of(row) if phones_of is not None else None
        origin = {"file": file_id, "path": path, "line": line}
        return RawRecord(account, prefix + key, record, None, None, numbers, origin)

    return record_of


def phones_reader(columns: Columns, phones: PhoneReader) -> Callable[[Row], list[str] | None] | None:
    """Return the function that reads a row's phones in its own country; None: no column holds any."""
    numbers, areas, countries = columns.of("phone"), columns.of("phone_area"), columns.of("country")
    if not numbers:
        return None
    area = areas[0] if areas else None
    home = columns.kind.region

    def phones_of(row: Row) -> list[str] | None:
        texts = [row[index] for index in numbers if row[index]]
        if not texts:
            return None
        if area is not None:
            texts = [_with_area(row[area], text) for text in texts]
        region = next(filter(None, (country_code(row[index]) for index in countries if row[index])), home)
        return phones.read_all([text for text in texts if not is_e_notation(text)], region)

    return phones_of


def _with_area(area: str, text: str) -> str:
    return (
        text if text.lstrip("' ").startswith("+") else area.strip().removeprefix("'") + text.strip().removeprefix("'")
    )


def tombstone(account: str, row_id: str, deleted_at: str, origin: dict[str, Any]) -> RawRecord:
    """Return a record that says that its row is gone."""
    return RawRecord(account, row_id, {}, origin=origin, _sdc_deleted_at=deleted_at)


def reject_message(bad: BadRow, *, file_id: str, path: str, hide: bool) -> RecordMessage:
    """Return the reject of a bad row.

    Args:
        bad: The row.
        file_id: The file's id.
        path: The file's path.
        hide: Keep no bytes: which of them belong to a denied column cannot be known.
    """
    origin = {"file": file_id, "path": path, "line": bad.line, "offset": bad.offset}
    raw = b"" if hide else bad.head
    return RecordMessage(REJECTS_STREAM, Reject(IMPORTS, bad.reason, raw, bad.length, bad.sha256, origin))


def file_reject(reason: str, *, file_id: str, path: str) -> RecordMessage:
    """Return the reject of a whole file."""
    empty = hashlib.sha256().hexdigest()
    return RecordMessage(REJECTS_STREAM, Reject(IMPORTS, reason, b"", 0, empty, {"file": file_id, "path": path}))


def without(columns: Columns, row: Row) -> bytes:
    """Return a row as a CSV line without its denied columns."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([row[index] for index in columns.kept])
    return text.getvalue().encode()


encode_record = msgspec.json.Encoder().encode


def decode_record(data: bytes) -> RawRecord:
    """Return what `encode_record` has written."""
    return RawRecord(**msgspec.json.decode(data))

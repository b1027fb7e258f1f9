"""How each stream's phone numbers are read: by the tap's own code, so that they become what a download would give."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from tap_core.api_stream import ApiStream
from tap_core.phones import PhoneReader
from tap_csv.columns import Columns
from tap_csv.kinds import KIND_OF_NAME, Kind, Recognised
from tap_csv.records import phones_reader

from stage_first.adopted_stream import tap_of
from stage_first.queries import fetch

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from stage_first.sources import Source

CSV = "csv"


class StagedRow(NamedTuple):
    """What is read of a staged row; `file` names the file of a CSV row."""

    account: str
    id: str
    record: str
    phones: list[str] | None
    file: str | None


if TYPE_CHECKING:
    Reader = Callable[[StagedRow], list[str] | None]


class UnknownFileError(Exception):
    """Nothing is known of the file that a CSV row came from, so nothing of its columns."""


def region_setting(source: Source) -> str:
    """The variable that holds the tap's setting `default_region`."""
    return f"{source.tap.replace('-', '_').upper()}_DEFAULT_REGION"


def region_of(source: Source) -> str | None:
    """The default region with which the tap downloads."""
    return os.environ.get(region_setting(source), "").strip().upper() or None


def readers_of(connection: psycopg.Connection[Any], source: Source, region: str | None) -> dict[str, Reader]:
    """A reader for each stream of the source that has phone numbers."""
    if source.name == CSV:
        return {"imports": _csv_reader(connection, PhoneReader(region))}
    tap = tap_of(source)
    tap.phone_reader = PhoneReader(region)
    streams = {name: stream for name, stream in tap.streams.items() if isinstance(stream, ApiStream)}
    return {name: _api_reader(stream) for name, stream in streams.items() if _has_phones(stream)}


def _has_phones(stream: ApiStream) -> bool:
    """Whether the stream says where phone numbers stand, or reads them in a way of its own."""
    return bool(stream.phones) or "numbers" in vars(type(stream))


def _api_reader(stream: ApiStream) -> Reader:
    def read(row: StagedRow) -> list[str] | None:
        return stream.numbers(msgspec.json.decode(row.record)) or None

    return read


def _csv_reader(connection: psycopg.Connection[Any], phones: PhoneReader) -> Reader:
    """Reads a row by the columns that its file has today: what a person said a column means, else what was detected."""
    files = {(row["account"], row["file_id"]): _columns(row) for row in fetch(connection, "files_as_mapped")}
    readers = {key: (columns.names, phones_reader(columns, phones)) for key, columns in files.items()}

    def read(row: StagedRow) -> list[str] | None:
        try:
            names, phones_of = readers[row.account, row.file or ""]
        except KeyError:
            raise UnknownFileError(row.file) from None
        if phones_of is None:
            return None
        cells: dict[str, str] = msgspec.json.decode(row.record)
        return phones_of([cells.get(name, "") for name in names])

    return read


def _columns(file: dict[str, Any]) -> Columns:
    kind = KIND_OF_NAME.get(file["kind"], Kind(file["kind"]))
    recognised = Recognised(kind, "the file as it was imported")
    return Columns(recognised, file["headers"], file["mapping"], (), frozenset())

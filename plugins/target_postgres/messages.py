"""Decodes Singer lines as far as needed and no further: `record` and its numbers stay the bytes that the tap sent."""

from __future__ import annotations

from typing import Any

import msgspec

NULL = msgspec.Raw(b"null")


class RawRow(msgspec.Struct):
    """The raw record of our taps; `record`, `phones` and `origin` are undecoded JSON."""

    account: str
    id: str
    record: msgspec.Raw
    created_at: str | None = None
    updated_at: str | None = None
    phones: msgspec.Raw = NULL
    origin: msgspec.Raw = NULL
    _sdc_deleted_at: str | None = None


class RawRecordLine(msgspec.Struct, tag_field="type", tag="RECORD"):
    """RECORD of a raw stream."""

    stream: str
    record: RawRow
    version: int | None = None


class RecordLine(msgspec.Struct, tag_field="type", tag="RECORD"):
    """RECORD of any stream; each property is undecoded JSON."""

    stream: str
    record: dict[str, msgspec.Raw]
    version: int | None = None


class SchemaLine(msgspec.Struct, tag_field="type", tag="SCHEMA"):
    """SCHEMA: what the records of a stream look like from now on."""

    stream: str
    schema: dict[str, Any]
    key_properties: list[str] | None = None


class StateLine(msgspec.Struct, tag_field="type", tag="STATE"):
    """STATE: where the tap may start the next time, once all records before it are committed."""

    value: dict[str, Any]


class ActivateVersionLine(msgspec.Struct, tag_field="type", tag="ACTIVATE_VERSION"):
    """ACTIVATE_VERSION: rows of the stream not sent under this version are gone at the source."""

    stream: str
    version: int


class BatchLine(msgspec.Struct, tag_field="type", tag="BATCH"):
    """BATCH: records in files; not supported, and said so."""

    stream: str


Message = RawRecordLine | RecordLine | SchemaLine | StateLine | ActivateVersionLine | BatchLine

decode_raw = msgspec.json.Decoder(RawRecordLine | SchemaLine | StateLine | ActivateVersionLine | BatchLine).decode
decode_any = msgspec.json.Decoder(RecordLine | SchemaLine | StateLine | ActivateVersionLine | BatchLine).decode
encode = msgspec.json.Encoder().encode
decode_value = msgspec.json.Decoder().decode

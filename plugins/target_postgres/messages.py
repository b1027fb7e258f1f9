"""Decodes Singer lines as far as needed and no further: `record` and its numbers stay the bytes that the tap sent."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

NULL = msgspec.Raw(b"null")


class RawRow(msgspec.Struct, forbid_unknown_fields=True):
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
    schema: msgspec.Raw
    key_properties: list[str] | None = None

    def definition(self) -> dict[str, Any]:
        """The JSON schema; its limits may be numbers of any length."""
        found = json.loads(bytes(self.schema).decode("utf-8", "replace"))
        return found if isinstance(found, dict) else {}


class StateLine(msgspec.Struct, tag_field="type", tag="STATE"):
    """STATE: where the tap may start the next time, once all records before it are committed; passed on as it came."""

    value: dict[str, msgspec.Raw]


class ActivateVersionLine(msgspec.Struct, tag_field="type", tag="ACTIVATE_VERSION"):
    """ACTIVATE_VERSION: rows of the stream, or of one account in it, not sent under this version are gone.

    `since` (epoch milliseconds): the listing began there, so it tells nothing of rows that were created before.
    """

    stream: str
    version: int
    account: str | None = None
    since: int | None = None


class BatchLine(msgspec.Struct, tag_field="type", tag="BATCH"):
    """BATCH: records in files; not supported, and said so."""

    stream: str


class StreamProgress(msgspec.Struct, omit_defaults=True):
    """How far the tap is with a stream."""

    done: int | None = None
    total: int | None = None
    unit: str | None = None
    requests: int | None = None
    waits: int | None = None
    waiting_until: datetime | None = None
    note: str | None = None


Message = RawRecordLine | RecordLine | SchemaLine | StateLine | ActivateVersionLine | BatchLine

decode_raw = msgspec.json.Decoder(RawRecordLine | SchemaLine | StateLine | ActivateVersionLine | BatchLine).decode
decode_any = msgspec.json.Decoder(RecordLine | SchemaLine | StateLine | ActivateVersionLine | BatchLine).decode
decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
decode_progress = msgspec.json.Decoder(StreamProgress).decode
decode_value = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode


def object_of(text: msgspec.Raw | None) -> dict[str, msgspec.Raw]:
    """The members of a JSON object; nothing of anything else."""
    try:
        return {} if text is None else decode_object(text)
    except msgspec.DecodeError:
        return {}

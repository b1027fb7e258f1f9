"""The raw record: one shape for every stream of every tap, so that a vendor's new field never breaks a sync."""

from __future__ import annotations

from typing import Any

import msgspec

RAW_KEY = ("account", "id")

RAW_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "account": {
            "type": "string",
            "description": "Which account or location of the vendor; `main` by default.",
        },
        "id": {"type": "string", "description": "The vendor's id, always text; unique within the account."},
        "created_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "UTC; null if the vendor has none.",
        },
        "updated_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "UTC; null if the vendor has none.",
        },
        "record": {
            "type": "object",
            "additionalProperties": True,
            "description": "The vendor's object, every digit kept.",
        },
        "phones": {
            "type": ["array", "null"],
            "items": {"type": "string"},
            "description": "Valid phone numbers of the record, E.164.",
        },
        "origin": {
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": "File and line, or request window; never part of 'has it changed?'.",
        },
        "_sdc_deleted_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When the vendor deleted it, UTC.",
        },
    },
    "required": ["account", "id", "record"],
}

REJECTS_STREAM = "_rejected_records"
REJECTS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "stream": {"type": "string"},
        "reason": {"type": "string"},
        "raw": {"type": "string", "contentEncoding": "base64"},
        "raw_length": {"type": "integer"},
        "raw_sha256": {"type": "string"},
        "origin": {"type": ["object", "null"], "additionalProperties": True},
    },
}
KEPT_REJECT_BYTES = 64 * 1024


class RawRecord(msgspec.Struct, omit_defaults=True, gc=False):
    """A vendor's object with its key; `record` may be undecoded JSON, so that `1.10` stays `1.10`."""

    account: str
    id: str
    record: dict[str, Any] | msgspec.Raw
    created_at: str | None = None
    updated_at: str | None = None
    phones: list[str] | None = None
    origin: dict[str, Any] | None = None
    _sdc_deleted_at: str | None = None


class Reject(msgspec.Struct):
    """A row that cannot be a record: kept with its bytes (msgspec writes base64) and the reason."""

    stream: str
    reason: str
    raw: bytes
    raw_length: int
    raw_sha256: str
    origin: dict[str, Any] | None = None


class RecordMessage(msgspec.Struct, tag_field="type", tag="RECORD", omit_defaults=True, gc=False):
    """A Singer RECORD message."""

    stream: str
    record: RawRecord | Reject
    version: int | None = None


class Progress(msgspec.Struct, omit_defaults=True):
    """How far a stream is: shown while it runs and stored in `ops.sync_runs` at each commit."""

    done: int = 0
    total: int | None = None
    unit: str = "rows"
    requests: int = 0
    waits: int = 0
    waiting_until: str | None = None
    note: str | None = None


class Listed(msgspec.Struct):
    """A full re-list that is complete: rows of the account that were not sent with its version are gone.

    `since` (epoch milliseconds): the listing began there, and tells nothing of rows that were created before.
    """

    account: str
    version: int
    since: int | None = None


class Page(msgspec.Struct):
    """Records that belong together, and the stream's bookmark once they are committed.

    `bookmark` None leaves the bookmark as it is (more pages follow before the next point to resume from).
    """

    messages: list[RecordMessage]
    bookmark: dict[str, Any] | None = None
    progress: Progress | None = None
    listed: Listed | None = None

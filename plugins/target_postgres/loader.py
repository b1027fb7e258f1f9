"""Takes messages in the order in which they come, holds them until the next commit, and hands batches to the writer."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException

from target_postgres import messages
from target_postgres.batch import Batch, RejectedRecord, StreamPart
from target_postgres.lines import KEPT_BYTES, GiantLine
from target_postgres.rows import BadRecordError, MissingKeyError, TypedRows, raw_row
from target_postgres.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

logger = logging.getLogger("target-postgres")

REJECTS_STREAM = "_rejected_records"
UNKNOWN_STREAM = "(unknown)"
_STREAM_NAME = re.compile(rb'"stream"\s*:\s*"((?:[^"\\]|\\.){1,200})"')


@dataclass
class Stream:
    """A stream that a SCHEMA announced."""

    schema: dict[str, Any]
    key_properties: list[str]
    table: Table | None
    rows: TypedRows | None


@dataclass(frozen=True)
class Limits:
    """When a batch is full."""

    rows: int = 50_000
    size: int = 16 * 1024 * 1024
    record_bytes: int = 16 * 1024 * 1024


class Loader:
    """Turns lines into batches. `submit` is given each full batch."""

    def __init__(self, schema: str, limits: Limits, submit: Callable[[Batch], None], *, fail_on_bad: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._submit = submit
        self._fail_on_bad = fail_on_bad
        self._streams: dict[str, Stream] = {}
        self._versions: dict[str, int] = {}
        self._batch = Batch()
        self._decode = messages.decode_raw
        self.reports_progress = False
        self.finished = False

    def take(self, lines: Iterable[bytes | GiantLine]) -> None:
        """Take lines as they came; a bad one is set aside and the others go on."""
        for line in lines:
            if isinstance(line, GiantLine):
                self._reject_giant(line)
            elif line.strip():
                self._take_line(line)
            if self._batch.rows >= self._limits.rows or self._batch.size >= self._limits.size:
                self.flush()

    def flush(self) -> None:
        """Hand over what is held, if anything."""
        if not self._batch.is_empty:
            batch, self._batch = self._batch, Batch()
            self._submit(batch)

    @property
    def holds_rows(self) -> bool:
        """Whether a commit is due."""
        return not self._batch.is_empty

    def end(self) -> None:
        """Apply what only a complete input may: rows that a full re-list did not show are marked as deleted."""
        if self.finished or not self.reports_progress:
            for stream, version in self._versions.items():
                known = self._streams[stream]
                if known.table is not None and known.table.keys:
                    self._part(stream)
                    self._batch.sweeps.append((known.table, stream, version))
        self.flush()

    def _take_line(self, line: bytes) -> None:
        if len(line) > self._limits.record_bytes:
            giant = GiantLine(line[:KEPT_BYTES], len(line), 0, hashlib.sha256(line))
            return self._reject_giant(giant)
        try:
            message = self._decoded(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return self._reject(_stream_of(line), _decode_reason(error), line)
        try:
            self._dispatch(message, line)
        except MissingKeyError as error:
            if self._fail_on_bad:
                raise MissingKeyPropertiesError(str(error)) from error
            self._reject(_stream_of(line), str(error), line)
        except BadRecordError as error:
            if self._fail_on_bad:
                raise
            self._reject(_stream_of(line), str(error), line)
        return None

    def _decoded(self, line: bytes) -> messages.Message:
        """Decode by the way that fitted the last line, else by the other."""
        try:
            message: messages.Message = self._decode(line)
        except msgspec.ValidationError:
            others = {messages.decode_raw: messages.decode_any, messages.decode_any: messages.decode_raw}
            message = others[self._decode](line)
            self._decode = others[self._decode]
        return message

    def _dispatch(self, message: messages.Message, line: bytes) -> None:
        if isinstance(message, messages.RawRecordLine):
            self._take_raw(message, line)
        elif isinstance(message, messages.RecordLine):
            self._take_typed(message, line)
        elif isinstance(message, messages.StateLine):
            self._take_state(message.value)
        elif isinstance(message, messages.SchemaLine):
            self._take_schema(message)
        elif isinstance(message, messages.ActivateVersionLine):
            self._versions[message.stream] = message.version
        else:
            raise NotImplementedError(
                f"The tap sent a BATCH message for {message.stream}; target-postgres reads RECORD messages only. "
                "Remove `batch_config` from the tap's settings."
            )

    def _take_raw(self, message: messages.RawRecordLine, line: bytes) -> None:
        known = self._streams.get(message.stream)
        if known is None or known.table is None or not known.table.raw:
            return self._take_typed(messages.decode_any(line), line)  # type: ignore[arg-type]
        key, row = raw_row(message.record)
        self._add(message.stream, message.version, key, row)
        return None

    def _take_typed(self, message: messages.RecordLine, line: bytes) -> None:
        if message.stream == REJECTS_STREAM:
            return self._take_reject(message.record)
        known = self._streams.get(message.stream)
        if known is None:
            if self._fail_on_bad:
                raise RecordsWithoutSchemaException(f"a record of {message.stream} came before its SCHEMA")
            return self._reject(message.stream, "no SCHEMA message announced this stream", line)
        if known.rows is None:
            return self._retake_raw(line)
        key, row = known.rows.encode(message.record)
        self._add(message.stream, message.version, key, row)
        part = self._batch.parts[message.stream]
        part.widen |= known.rows.outgrown
        return None

    def _retake_raw(self, line: bytes) -> None:
        """Take a record of a raw stream that came by the other way of decoding, after a record of a typed stream."""
        self._decode = messages.decode_raw
        try:
            message = messages.decode_raw(line)
        except msgspec.ValidationError as error:
            raise BadRecordError(f"not the shape of a raw record (account, id, record): {error}") from error
        self._take_raw(message, line)  # type: ignore[arg-type]  # the line is a RECORD

    def _add(self, stream: str, version: int | None, key: bytes | None, row: bytes) -> None:
        part = self._batch.parts.get(stream) or self._part(stream)
        if part.version != version:
            if part.rows:
                self.flush()
                part = self._part(stream)
            part.version = version
            self._versions.pop(stream, None)
        elif stream in self._versions:
            del self._versions[stream]
        self._batch.size += part.add(key, row)
        self._batch.rows += 1

    def _part(self, stream: str) -> StreamPart:
        known = self._streams.get(stream)
        return self._batch.parts.setdefault(stream, StreamPart(stream, known.table if known else None))

    def _take_state(self, value: dict[str, Any]) -> None:
        progress = value.pop("progress", None)
        if isinstance(progress, dict) and "finished" in progress:
            self.reports_progress = True
            self.finished = progress.pop("finished") is True
            self._batch.progress.update(progress)
        elif progress is not None:
            value["progress"] = progress
        self._batch.state = value

    def _take_schema(self, message: messages.SchemaLine) -> None:
        if message.stream == REJECTS_STREAM:
            return
        properties = message.schema.get("properties")
        if not isinstance(properties, dict):
            raise ValueError(
                f"The SCHEMA of {message.stream} has no properties: the tap is at fault, nothing is loaded."
            )
        keys = list(message.key_properties or [])
        absent = [key for key in keys if key not in properties]
        if absent:
            raise ValueError(f"The SCHEMA of {message.stream} has no property {absent[0]}, which is one of its keys.")
        present = self._streams.get(message.stream)
        if present is not None and present.schema == message.schema and present.key_properties == keys:
            return
        self.flush()
        table = Table.of_stream(self._schema, message.stream, message.schema, keys)
        rows = None if table.raw else TypedRows(table.columns, keys)
        self._streams[message.stream] = Stream(message.schema, keys, table, rows)
        self._batch.started.add(message.stream)
        self._part(message.stream)

    def _take_reject(self, record: dict[str, msgspec.Raw]) -> None:
        """A row that the tap itself could not read."""
        values = {name: messages.decode_value(value) for name, value in record.items()}
        stream = str(values["stream"])
        raw, digest = base64.b64decode(values["raw"]), bytes.fromhex(values["raw_sha256"])
        reject = RejectedRecord(stream, values["reason"], raw, values["raw_length"], digest, values.get("origin"))
        self._keep(stream, reject)

    def _reject(self, stream: str, reason: str, line: bytes) -> None:
        digest = hashlib.sha256(line).digest()
        self._keep(stream, RejectedRecord(stream, reason, line[:KEPT_BYTES], len(line), digest))

    def _reject_giant(self, line: GiantLine) -> None:
        stream = _stream_of(line.head)
        limit = self._limits.record_bytes // 2**20
        reason = f"{line.length:,} bytes, the limit is {limit} MB (setting max_record_mb)"
        origin = {"offset": line.offset}
        self._keep(stream, RejectedRecord(stream, reason, line.head, line.length, line.sha256.digest(), origin))

    def _keep(self, stream: str, reject: RejectedRecord) -> None:
        part = self._batch.parts.get(stream) or self._part(stream)
        part.read += 1
        part.rejects.append(reject)
        self._batch.rows += 1
        self._batch.size += len(reject.raw)


def _stream_of(line: bytes) -> str:
    """The stream's name in a line that cannot be decoded."""
    found = _STREAM_NAME.search(line[:KEPT_BYTES])
    return found.group(1).decode("utf-8", "replace") if found else UNKNOWN_STREAM


def _decode_reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return f"not a valid Singer message: {error}"

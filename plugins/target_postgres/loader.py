"""Takes messages in the order in which they come, holds them until the next commit, and hands batches to the writer."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException

from target_postgres import messages
from target_postgres.batch import Batch, RejectedRecord, StreamPart, Sweep
from target_postgres.lines import KEPT_BYTES, GiantLine
from target_postgres.rejects import REJECTS_STREAM, decode_reason, rejected_by_tap, rejected_giant, rejected_line
from target_postgres.rows import BadRecordError, MissingKeyError, TypedRows, UnknownStreamError, has_nul, raw_row
from target_postgres.runs import UNKNOWN_STREAM
from target_postgres.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

logger = logging.getLogger("target-postgres")

_TAB, _RETURN = b"\t\r"
_TABS = bytes.maketrans(b"\t\r", b"  ")
"""In JSON they can only stand between tokens; COPY would take them for the ends of columns and rows."""
_STREAM_NAME = re.compile(rb'"stream"\s*:\s*("(?:[^"\\]|\\.){1,200}")')


class BadTapError(Exception):
    """The tap says what no loader could make sense of."""


@dataclass
class Stream:
    """A stream that a SCHEMA announced."""

    schema: dict[str, Any]
    key_properties: list[str]
    table: Table
    rows: TypedRows | None


@dataclass(frozen=True)
class Limits:
    """When a batch is full, and how much of an account a re-list may mark as deleted."""

    rows: int = 50_000
    size: int = 16 * 1024 * 1024
    record_bytes: int = 16 * 1024 * 1024
    swept_percent: int = 50


class Loader:
    """Turns lines into batches. `submit` is given each full batch."""

    def __init__(self, schema: str, limits: Limits, submit: Callable[[Batch], None], *, fail_on_bad: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._submit = submit
        self._fail_on_bad = fail_on_bad
        self._streams: dict[str, Stream] = {}
        self._versions: dict[str, int] = {}
        self._batch = Batch(strict=fail_on_bad)
        self._decode = messages.decode_raw
        self.heard_anything = False
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
            batch, self._batch = self._batch, Batch(strict=self._fail_on_bad)
            self._submit(batch)

    @property
    def holds_rows(self) -> bool:
        """Whether a commit is due."""
        return not self._batch.is_empty

    def end(self) -> None:
        """Apply what only a complete input may: rows that a full re-list did not show are marked as deleted."""
        if self.finished or not self.reports_progress:
            for stream, version in self._versions.items():
                self._sweep(stream, version, None)
        self.flush()

    def _take_line(self, line: bytes) -> None:
        if len(line) > self._limits.record_bytes:
            giant = GiantLine(line[:KEPT_BYTES])
            giant.grow(line)
            return self._reject_giant(giant)
        text = line.translate(_TABS) if _TAB in line or _RETURN in line else line
        try:
            message = self._decoded(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return self._reject(self._stream_in(line), BadRecordError(decode_reason(error, line)), line)
        try:
            self._dispatch(message, text)
        except BadRecordError as error:
            self._reject(getattr(message, "stream", UNKNOWN_STREAM), error, line)
        return None

    def _decoded(self, line: bytes) -> messages.Message:
        """Decode by the way that fitted the last line, else by the other."""
        try:
            message: messages.Message = self._decode(line)
        except (msgspec.ValidationError, UnicodeError):
            others = {messages.decode_raw: messages.decode_any, messages.decode_any: messages.decode_raw}
            message = others[self._decode](line)
            self._decode = others[self._decode]
        return message

    def _dispatch(self, message: messages.Message, line: bytes) -> None:
        self.heard_anything = True
        if isinstance(message, messages.RawRecordLine):
            self._take_raw(message, line)
        elif isinstance(message, messages.RecordLine):
            self._take_typed(message, line)
        elif isinstance(message, messages.StateLine):
            self._take_state(message.value)
        elif isinstance(message, messages.SchemaLine):
            self._take_schema(message)
        elif isinstance(message, messages.ActivateVersionLine):
            self._take_version(message)
        else:
            raise BadTapError(
                f"The tap sent a BATCH message for {message.stream}; target-postgres reads RECORD messages only. "
                "Remove `batch_config` from the tap's settings."
            )

    def _take_raw(self, message: messages.RawRecordLine, line: bytes) -> None:
        known = self._streams.get(message.stream)
        if known is None or known.rows is not None:
            return self._take_typed(messages.decode_any(line), line)  # type: ignore[arg-type]
        account, version = message.record.account, message.version
        try:
            key, row = raw_row(message.record)
        except BadRecordError:
            if version is not None:
                self._part(message.stream).relists.add((account, version))
            raise
        self._add(message.stream, version, key, row, account)
        return None

    def _take_typed(self, message: messages.RecordLine, line: bytes) -> None:
        if message.stream == REJECTS_STREAM:
            return self._keep(rejected_by_tap(message.record))
        known = self._streams.get(message.stream)
        if known is None:
            raise UnknownStreamError(f"no SCHEMA message announced the stream {message.stream}")
        if known.rows is None:
            return self._retake_raw(line)
        key, row = known.rows.encode(message.record)
        self._add(message.stream, message.version, key, row)
        if known.rows.outgrown:
            self._batch.parts[message.stream].widen |= known.rows.outgrown
        return None

    def _retake_raw(self, line: bytes) -> None:
        """Take a record of a raw stream that came by the other way of decoding, after a record of a typed stream."""
        self._decode = messages.decode_raw
        try:
            message = messages.decode_raw(line)
        except (msgspec.ValidationError, UnicodeError) as error:
            raise BadRecordError(f"not the shape of a raw record (account, id, record): {error}") from error
        self._take_raw(message, line)  # type: ignore[arg-type]  # the line is a RECORD

    def _add(self, stream: str, version: int | None, key: bytes | None, row: bytes, account: str = "") -> None:
        part = self._batch.parts.get(stream) or self._part(stream)
        if self._batch.sweeps or part.must_follow(key, row, version):
            self.flush()
            part = self._part(stream)
        if stream in self._versions:
            del self._versions[stream]
        part.add(key, row)
        if version is not None and key is not None:
            part.show(account, key, version)
        self._batch.size += len(row)
        self._batch.rows += 1

    def _part(self, stream: str) -> StreamPart:
        known = self._streams.get(stream)
        return self._batch.parts.setdefault(stream, StreamPart(stream, known.table if known else None))

    def _take_version(self, message: messages.ActivateVersionLine) -> None:
        known = self._streams.get(message.stream)
        if known is None or not known.table.keys:
            lack = "no SCHEMA" if known is None else "no key"
            return logger.warning("ACTIVATE_VERSION of %s, which has %s, changes nothing.", message.stream, lack)
        if message.account is None:
            self._versions[message.stream] = message.version
        elif known.table.raw:
            self._sweep(message.stream, message.version, message.account, message.since)
        else:
            logger.warning("ACTIVATE_VERSION of one account of %s, a typed stream, changes nothing.", message.stream)
        return None

    def _sweep(self, stream: str, version: int, account: str | None, since: int | None = None) -> None:
        """End a re-list with this batch, after its rows; a record that follows waits for the next one."""
        self._part(stream)
        table, percent = self._streams[stream].table, self._limits.swept_percent
        self._batch.sweeps.append(Sweep(table, stream, version, account, since, percent))

    def _take_state(self, value: dict[str, msgspec.Raw]) -> None:
        text = messages.encode(value)
        try:
            text.decode()
        except UnicodeDecodeError as error:
            raise BadRecordError(f"a STATE that is not valid UTF-8: {error}") from error
        if has_nul(text):
            raise BadRecordError("a STATE with a NUL character, which Postgres cannot store")
        progress = messages.object_of(value.get("progress"))
        if "finished" in progress:
            del value["progress"]
            self._take_progress(progress)
        self._batch.state = value

    def _take_progress(self, progress: dict[str, msgspec.Raw]) -> None:
        self.reports_progress = True
        self.finished = bytes(progress.pop("finished", b"")) == b"true"
        for stream, text in progress.items():
            try:
                latest = messages.decode_progress(text)
            except msgspec.ValidationError as error:
                logger.warning("The progress of %s is left out: %s", stream, error)
                continue
            held = self._batch.progress.get(stream)
            if latest.note is None and held is not None:
                latest.note = held.note
            self._batch.progress[stream] = latest

    def _take_schema(self, message: messages.SchemaLine) -> None:
        if message.stream == REJECTS_STREAM:
            return
        schema, keys = message.definition(), list(dict.fromkeys(message.key_properties or []))
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            raise BadTapError(
                f"The SCHEMA of {message.stream} has no properties: the tap is at fault, nothing is loaded."
            )
        absent = [key for key in keys if key not in properties]
        if absent:
            raise BadTapError(f"The SCHEMA of {message.stream} has no property {absent[0]}, which is one of its keys.")
        present = self._streams.get(message.stream)
        if present is not None and present.schema == schema and present.key_properties == keys:
            return
        self.flush()
        table = Table.of_stream(self._schema, message.stream, schema, keys)
        rows = None if table.raw else TypedRows(table.columns, keys)
        self._streams[message.stream] = Stream(schema, keys, table, rows)
        self._batch.started.add(message.stream)
        self._part(message.stream)

    def _reject(self, stream: str, error: BadRecordError, line: bytes) -> None:
        if isinstance(error, MissingKeyError) and self._fail_on_bad:
            raise MissingKeyPropertiesError(str(error)) from error
        if isinstance(error, UnknownStreamError) and self._fail_on_bad:
            raise RecordsWithoutSchemaException(str(error)) from error
        self._keep(rejected_line(stream, str(error), line))

    def _reject_giant(self, line: GiantLine) -> None:
        self._keep(rejected_giant(self._stream_in(line.head), line, self._limits.record_bytes))

    def _keep(self, reject: RejectedRecord) -> None:
        if self._fail_on_bad:
            raise BadRecordError(f"{reject.stream}: {reject.reason}")
        part = self._batch.parts.get(reject.stream) or self._part(reject.stream)
        part.read += 1
        part.rejects.append(reject)
        self._batch.rows += 1
        self._batch.size += len(reject.raw)

    def _stream_in(self, line: bytes) -> str:
        """The stream of a line that cannot be decoded, if it names one that is known."""
        found = _STREAM_NAME.search(line[:KEPT_BYTES])
        try:
            name = messages.decode_value(found[1]) if found else UNKNOWN_STREAM
        except (msgspec.DecodeError, UnicodeError):
            name = UNKNOWN_STREAM
        return name if name in self._streams else UNKNOWN_STREAM

"""Writes Singer messages as bytes, a page per call: the SDK's own writer costs more than reading the source does."""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec

from tap_core.raw import Page, Progress, RecordMessage

STATE_SECONDS = 0.5
"""A checkpoint at most this often: a bookmark that lists many files is not repeated after each page."""

QUIET_SECONDS = 3.0
"""Without pages, progress is told this often."""

_encoder = msgspec.json.Encoder()


class MessageWriter:
    """Keeps the order records, then the STATE that covers them."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state
        self._progress: dict[str, Progress] = {}
        self._state_due = False
        self._state_written_at = time.monotonic()

    def schema(self, stream: str, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Write a SCHEMA message."""
        self._write({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": key_properties})

    def activate_version(self, stream: str, version: int) -> None:
        """Say that every row of `stream` not sent with `version` is gone at the vendor."""
        self._write({"type": "ACTIVATE_VERSION", "stream": stream, "version": version})

    def page(self, stream: str, page: Page) -> None:
        """Write a page's records and, when it is time, the checkpoint after them."""
        if page.messages:
            sys.stdout.buffer.write(encode_lines(page.messages))
        if page.progress is not None:
            self._progress[stream] = page.progress
        if page.bookmark is not None:
            self._state.setdefault("bookmarks", {})[stream] = page.bookmark
        self._state_due = page.bookmark is not None
        if self._state_due and time.monotonic() - self._state_written_at >= STATE_SECONDS:
            self.state()

    def progress(self, stream: str, progress: Progress) -> None:
        """Take note of progress without a page; the next STATE tells it."""
        self._progress[stream] = progress

    def beat(self) -> None:
        """Tell progress if nothing was told for a while: a stream that waits must be seen to wait."""
        if time.monotonic() - self._state_written_at >= QUIET_SECONDS:
            self.state()

    def state(self, *, finished: bool = False) -> None:
        """Write the STATE; `finished` tells the loader that nothing was left out."""
        progress: dict[str, Any] = {**self._progress, "finished": finished}
        value = {"bookmarks": {}, **self._state, "progress": progress}
        self._write({"type": "STATE", "value": value})
        self._state_written_at = time.monotonic()

    def _write(self, message: dict[str, Any]) -> None:
        sys.stdout.buffer.write(_encoder.encode(message) + b"\n")
        sys.stdout.buffer.flush()


def encode_lines(messages: list[RecordMessage]) -> bytes:
    """JSON lines of a page, encoded in one call."""
    return _encoder.encode_lines(messages)

"""Writes Singer messages as bytes, a page per call: the SDK's own writer costs more than reading the source does."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec

from tap_core.raw import Page, Progress, RecordMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

STATE_SECONDS = 0.5
"""A checkpoint at most this often: a bookmark that lists many files is not repeated after each page."""

QUIET_SECONDS = 3.0
"""Without pages, progress is told this often."""

_encoder = msgspec.json.Encoder()


class MessageWriter:
    """Keeps the order records, then the STATE that covers them."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state
        self._progress: dict[str, dict[str | None, Progress]] = {}
        self._state_due = False
        self._state_written_at = time.monotonic()

    def schema(self, stream: str, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Write a SCHEMA message."""
        self._write({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": key_properties})

    def page(self, stream: str, page: Page, account: str | None = None) -> None:
        """Write a page's records and, when it is time, the checkpoint after them.

        Args:
            stream: Whose page.
            page: What to write.
            account: Whose part of the stream, where the bookmark is kept for each account.
        """
        if page.messages:
            sys.stdout.buffer.write(encode_lines(page.messages))
        if page.progress is not None:
            self.progress(stream, page.progress, account)
        if page.bookmark is not None:
            self._set_bookmark(stream, page.bookmark, account)
        self._state_due = page.bookmark is not None
        if page.listed is not None:
            self._activate(stream, page)
        elif self._state_due and time.monotonic() - self._state_written_at >= STATE_SECONDS:
            self.state()

    def progress(self, stream: str, progress: Progress, account: str | None = None) -> None:
        """Take note of progress without a page; the next STATE tells it."""
        self._progress.setdefault(stream, {})[account] = progress

    def forget(self, stream: str, account: str | None = None) -> None:
        """Leave no bookmark of a stream of which nothing could be read."""
        bookmarks = self._state.get("bookmarks", {})
        if account is None:
            bookmarks.pop(stream, None)
        else:
            bookmarks.get(stream, {}).get("accounts", {}).pop(account, None)

    def beat(self) -> None:
        """Tell progress if nothing was told for a while: a stream that waits must be seen to wait."""
        if time.monotonic() - self._state_written_at >= QUIET_SECONDS:
            self.state()

    def state(self, *, finished: bool = False) -> None:
        """Write the STATE; `finished` tells the loader that nothing was left out."""
        told = {stream: summed(list(parts.values())) for stream, parts in self._progress.items()}
        progress: dict[str, Any] = {**told, "finished": finished}
        value = {"bookmarks": {}, **self._state, "progress": progress}
        self._write({"type": "STATE", "value": value})
        self._state_written_at = time.monotonic()

    def _set_bookmark(self, stream: str, bookmark: dict[str, Any], account: str | None) -> None:
        bookmarks = self._state.setdefault("bookmarks", {})
        if account is None:
            bookmarks[stream] = bookmark
        else:
            bookmarks.setdefault(stream, {}).setdefault("accounts", {})[account] = bookmark

    def _activate(self, stream: str, page: Page) -> None:
        """Say that a re-list is complete; the STATE after it, committed with it, says that none is open any more."""
        self._write({"type": "ACTIVATE_VERSION", "stream": stream, **msgspec.to_builtins(page.listed)})
        self.state()

    def _write(self, message: dict[str, Any]) -> None:
        sys.stdout.buffer.write(_encoder.encode(message) + b"\n")
        sys.stdout.buffer.flush()


def encode_lines(messages: list[RecordMessage]) -> bytes:
    """JSON lines of a page, encoded in one call."""
    return _encoder.encode_lines(messages)


def summed(parts: Sequence[Progress]) -> Progress:
    """The progress of a stream over all of its accounts."""
    if len(parts) == 1:
        return parts[0]
    totals = [part.total for part in parts if part.total is not None]
    return Progress(
        done=sum(part.done for part in parts),
        total=sum(totals) if len(totals) == len(parts) else None,
        unit=parts[0].unit,
        requests=sum(part.requests for part in parts),
        waits=sum(part.waits for part in parts),
        waiting_until=max((part.waiting_until for part in parts if part.waiting_until), default=None),
        note="; ".join(dict.fromkeys(part.note for part in parts if part.note)) or None,
    )

"""Reads the streams of one tap at the same time: a thread each, one queue, and one writer that keeps pages whole."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from typing import TYPE_CHECKING

from tap_core.errors import MissingPermissionError, StoppedError, WrongCredentialError
from tap_core.raw import RAW_KEY, RAW_SCHEMA, Page, Progress

if TYPE_CHECKING:
    from tap_core.stream import RawStream
    from tap_core.tap import RawTap

logger = logging.getLogger(__name__)

PAGES_QUEUED = 16
POLL_SECONDS = 0.2
PROGRESS_SECONDS = 1.0


class SideBySide:
    """One run over several streams; a stream that fails does not stop the others."""

    def __init__(self, tap: RawTap, streams: list[RawStream]) -> None:
        self._tap = tap
        self._streams = streams
        self._told_at = float("-inf")
        self._read_before = {stream.label for stream in streams if stream.bookmark}
        self._unavailable: dict[str, BaseException] = {}
        self._queue: queue.Queue[tuple[RawStream, Page | BaseException | None]] = queue.Queue(PAGES_QUEUED)

    def run(self) -> dict[str, BaseException]:
        """Write every page with its checkpoint after it; return what failed, by stream.

        Raises:
            WrongCredentialError: no stream can be read.
        """
        for name in dict.fromkeys(stream.name for stream in self._streams):
            self._tap.writer.schema(name, RAW_SCHEMA, list(RAW_KEY))
        for stream in self._streams:
            threading.Thread(target=self._produce, args=(stream,), name=stream.label, daemon=True).start()
        try:
            failures = self._write_all()
            return self._unavailable if len(self._unavailable) == len(self._streams) else failures
        finally:
            self._tap.stopping.set()

    def _write_all(self) -> dict[str, BaseException]:
        failures: dict[str, BaseException] = {}
        left = {stream.label: stream for stream in self._streams}
        while left:
            self._tap.stop_if_asked()
            self._tell_progress(list(left.values()))
            try:
                stream, item = self._queue.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, Page):
                self._tap.writer.page(stream.name, item, stream.part)
                if item.messages:
                    self._read_before.add(stream.label)
                continue
            del left[stream.label]
            if item is not None and not self._is_unavailable(stream, item):
                failures[stream.label] = item
        return failures

    def _tell_progress(self, streams: list[RawStream]) -> None:
        """Tell how far the streams are, those too from which no page comes."""
        if time.monotonic() - self._told_at < PROGRESS_SECONDS:
            return
        self._told_at = time.monotonic()
        for stream in streams:
            if (progress := stream.progress()) is not None:
                self._tap.writer.progress(stream.name, progress, stream.part)
        self._tap.writer.beat()

    def _is_unavailable(self, stream: RawStream, error: BaseException) -> bool:
        """Whether the stream is just not ours to read, which is said but fails nothing.

        One that was read before is: its rows grow old, and nobody would notice. So are all streams at once.
        """
        if isinstance(error, WrongCredentialError):
            raise error
        if isinstance(error, MissingPermissionError) and stream.label not in self._read_before:
            logger.warning("%s is unavailable and left out; all other streams go on. %s", stream.label, error)
            self._unavailable[stream.label] = error
            self._tap.writer.forget(stream.name, stream.part)
            told = stream.progress() or Progress()
            told.note = f"unavailable: {error}"
            self._tap.writer.progress(stream.name, told, stream.part)
            return True
        logger.error("%s: %s", stream.label, error, exc_info=error if not str(error) else None)
        return False

    def _produce(self, stream: RawStream) -> None:
        sent, most = 0, stream.ABORT_AT_RECORD_COUNT
        try:
            for page in stream.pages(stream.bookmark):
                self._put(stream, page)
                sent += len(page.messages)
                if most is not None and sent >= most:
                    break
            self._put(stream, None)
        except StoppedError:
            return
        except BaseException as error:
            with contextlib.suppress(StoppedError):
                self._put(stream, error)

    def _put(self, stream: RawStream, item: Page | BaseException | None) -> None:
        """Hand an item on, unless the run is ending.

        Raises:
            StoppedError: nobody takes it any more.
        """
        while not self._tap.stopping.is_set():
            try:
                return self._queue.put((stream, item), timeout=POLL_SECONDS)
            except queue.Full:
                continue
        raise StoppedError

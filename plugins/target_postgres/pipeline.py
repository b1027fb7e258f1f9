"""The two sides of a run: the reading one decodes and encodes, the writing one copies, commits and passes STATE on."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

import psycopg

from target_postgres.loader import Limits, Loader
from target_postgres.messages import encode
from target_postgres.progress import ProgressLog
from target_postgres.runs import Run
from target_postgres.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_postgres.batch import Batch
    from target_postgres.lines import GiantLine

logger = logging.getLogger("target-postgres")


class Writer(threading.Thread):
    """Commits one batch after another; the first failure ends it."""

    def __init__(self, session: Session, log: ProgressLog, out: TextIO) -> None:
        super().__init__(name="writer", daemon=True)
        self._session = session
        self._log = log
        self._out = out
        self._failure: BaseException | None = None
        self._queue: queue.Queue[Batch | None] = queue.Queue(maxsize=1)

    @property
    def is_idle(self) -> bool:
        """Whether no batch waits."""
        return self._queue.empty()

    def run(self) -> None:
        """Write what comes until told to end."""
        while (batch := self._queue.get()) is not None:
            try:
                counts = self._session.write(batch)
                self._emit(batch)
                self._log.add(counts, batch.progress)
            except BaseException as error:
                self._failure = error
                return

    def check(self) -> None:
        """Raise what ended the writing side, if anything did."""
        if self._failure is not None:
            raise self._failure

    def submit(self, batch: Batch | None) -> None:
        """Hand over a batch, or the end."""
        while True:
            self.check()
            with contextlib.suppress(queue.Full):
                return self._queue.put(batch, timeout=0.5)

    def drain(self) -> None:
        """Wait until everything handed over is committed."""
        self.submit(None)
        self.join()
        self.check()

    def abandon(self) -> None:
        """End after the commit in hand; what waits behind it is dropped, and so is its STATE."""
        with contextlib.suppress(queue.Empty):
            self._queue.get_nowait()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self.join()

    def _emit(self, batch: Batch) -> None:
        """Pass the bookmark on, now that everything before it is committed."""
        if batch.state is None:
            return
        try:
            self._out.write(encode(batch.state).decode() + "\n")
            self._out.flush()
        except BrokenPipeError as error:
            _silence(self._out)
            raise BrokenPipeError(
                "Nobody reads the STATE messages any more: whoever started this run is gone. "
                "What was committed stays, the next run goes on from there."
            ) from error


def _silence(out: TextIO) -> None:
    """Send what is still buffered nowhere: Python flushes it at its end and would exit with 120, not with our code."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, out.fileno())
        os.close(nowhere)


class Pipeline:
    """A run from its lease to its last row in `ops.sync_runs`."""

    def __init__(
        self, database_url: str, schema: str, limits: Limits, *, reconnect_seconds: float, strict: bool
    ) -> None:
        self._run = Run(schema.removeprefix("staging_"))
        self._session = Session(database_url, schema, self._run, reconnect_seconds=reconnect_seconds)
        self._log = ProgressLog()
        self._writer = Writer(self._session, self._log, sys.stdout)
        self._loader = Loader(schema, limits, self._submit, fail_on_bad=strict)
        self._flushed_at = time.monotonic()
        self._writer.start()

    def take(self, lines: Iterable[bytes | GiantLine], *, flush_seconds: float) -> None:
        """Take lines, and commit what has waited long enough, so that little is read twice after a crash."""
        self._writer.check()
        self._loader.take(lines)
        is_due = time.monotonic() - self._flushed_at >= flush_seconds
        if is_due and self._loader.holds_rows and self._writer.is_idle:
            self._loader.flush()

    def finish(self, stop_signal: int | None) -> None:
        """Commit the rest and end the run; the exit code says whether all is in."""
        if stop_signal is None:
            self._loader.end()
        else:
            self._session.hurry()
            self._loader.flush()
        self._writer.drain()
        incomplete = self._incomplete_reason(stop_signal)
        self._session.end("incomplete" if incomplete else "succeeded", incomplete)
        for line in self._log.summary():
            logger.info("%s", line)
        if incomplete:
            logger.error("%s", incomplete)
            sys.exit(1 if stop_signal is None else 128 + stop_signal)

    def fail(self, error: BaseException) -> None:
        """End the run as failed; what is committed stays, and the bookmark with it."""
        self._session.hurry()
        self._writer.abandon()
        try:
            self._session.end("failed", f"{type(error).__name__}: {error}")
        except psycopg.Error as unwritten:
            logger.error("How the run ended could not be written; it will be shown as dead: %s", unwritten)

    def _incomplete_reason(self, stop_signal: int | None) -> str | None:
        if stop_signal is not None:
            name = signal.Signals(stop_signal).name
            return f"Stopped by {name}; what was committed stays, the next run goes on from there."
        if self._loader.reports_progress and not self._loader.finished:
            return "The tap ended before it had sent everything (see its log); the next run goes on from the bookmark."
        if not self._loader.heard_anything:
            return "The tap sent no Singer message at all: see its log for the reason."
        return None

    def _submit(self, batch: Batch) -> None:
        self._flushed_at = time.monotonic()
        self._writer.submit(batch)

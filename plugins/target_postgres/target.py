"""The Singer target: settings, and the two threads that read and commit side by side."""

from __future__ import annotations

import io
import os
import queue
import signal
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError
from typing_extensions import override

from target_postgres.lines import LineReader
from target_postgres.loader import Limits, Loader
from target_postgres.messages import encode
from target_postgres.progress import ProgressLog
from target_postgres.runs import Run
from target_postgres.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from target_postgres.batch import Batch
    from target_postgres.lines import GiantLine

IDLE_SECONDS = 0.25


class TargetPostgres(Target):
    """Loads Singer streams into Postgres: rows, bookmark and run log in one transaction."""

    name = "target-postgres"
    package_name = "stage-first"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "database_url",
            th.StringType,
            secret=True,
            description="postgresql://user:password@host:port/database; the environment's DATABASE_URL by default.",
        ),
        th.Property(
            "default_target_schema",
            th.StringType,
            description="Schema of the staging tables; by default the `load_schema` of the tap that Meltano runs.",
        ),
        th.Property("batch_rows", th.IntegerType, default=50_000, description="Rows held before a commit."),
        th.Property("batch_mb", th.IntegerType, default=8, description="Megabytes held before a commit."),
        th.Property("flush_seconds", th.IntegerType, default=2, description="Seconds a row waits for its commit."),
        th.Property(
            "max_record_mb", th.IntegerType, default=16, description="A larger record goes to ops.rejected_records."
        ),
        th.Property(
            "reconnect_seconds",
            th.IntegerType,
            default=300,
            description="How long to wait for a database that went away before the run fails.",
        ),
        th.Property(
            "on_bad_record",
            th.StringType,
            default="reject",
            allowed_values=["reject", "fail"],
            description="`reject` keeps the record and the reason in ops.rejected_records; `fail` ends the run.",
        ),
    ).to_dict()

    _stop_signal: int | None = None
    _pipeline: Pipeline | None = None

    @property
    def database_url(self) -> str:
        """Where to load.

        Raises:
            ConfigValidationError: neither the setting nor the environment names a database.
        """
        found = self.config.get("database_url") or os.environ.get("DATABASE_URL")
        if not found:
            message = (
                "No database: set DATABASE_URL (or the setting database_url), "
                "or run through .venv/bin/meltano, which starts the embedded one."
            )
            raise ConfigValidationError(message, errors=[message], schema=self.config_jsonschema)
        return str(found)

    @property
    def target_schema(self) -> str:
        """The staging schema of this run."""
        found = self.config.get("default_target_schema") or os.environ.get("MELTANO_EXTRACT__LOAD_SCHEMA")
        return str(found or "staging")

    @override  # type: ignore[misc]  # `final` in the SDK
    def listen(self, file_input: IO[str] | None = None) -> None:
        """Read to the end of the input, then say how it went."""
        if file_input is not None:
            self.process_lines(file_input)
        else:
            self._read_pipe()
        self.process_endofpipe()

    @override  # type: ignore[misc]  # `final` in the SDK
    def process_lines(self, file_input: IO[str] | None) -> Any:
        """Load from a text file."""
        lines = file_input or io.StringIO()
        self._take(line.rstrip("\n").encode("utf-8", "surrogatepass") for line in lines)

    @override
    def process_endofpipe(self) -> None:
        """Commit what is held and write how the run ended."""
        pipeline = self._running()
        self._pipeline = None
        pipeline.finish(self._stop_signal)

    def _read_pipe(self) -> None:
        pipeline = self._running()
        limit = int(self.config["max_record_mb"]) * 2**20
        for lines in LineReader(sys.stdin.fileno(), max_line_bytes=limit, idle_seconds=IDLE_SECONDS):
            self._take(lines)
            pipeline.flush_if_due(float(self.config["flush_seconds"]))
            if self._stop_signal is not None:
                return

    def _take(self, lines: Iterable[bytes | GiantLine]) -> None:
        pipeline = self._running()
        try:
            pipeline.loader.take(lines)
        except BaseException as error:
            pipeline.fail(error)
            raise

    def _running(self) -> Pipeline:
        if self._pipeline is None:
            self._pipeline = Pipeline(self)
        return self._pipeline

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Remember the first signal: the batch in hand is committed, then the run ends; the second ends at once."""
        if self._stop_signal is not None:
            os._exit(128 + signum)
        self._stop_signal = signum


class Pipeline:
    """The reading side (this thread: decode, encode) and the writing side (one thread: COPY, commit, STATE)."""

    def __init__(self, target: TargetPostgres) -> None:
        config = target.config
        schema = target.target_schema
        self._run = Run(schema.removeprefix("staging_"))
        self._session = Session(
            target.database_url, schema, self._run, reconnect_seconds=float(config["reconnect_seconds"])
        )
        megabyte = 2**20
        limits = Limits(
            int(config["batch_rows"]), int(config["batch_mb"]) * megabyte, int(config["max_record_mb"]) * megabyte
        )
        strict = config["on_bad_record"] == "fail"
        self.loader = Loader(schema, limits, self._submit, fail_on_bad=strict)
        self.log = ProgressLog()
        self._logger = target.logger
        self._flushed_at = time.monotonic()
        self._queue: queue.Queue[Batch | None] = queue.Queue(maxsize=1)
        self._failure: BaseException | None = None
        self._stdout = sys.stdout
        self._writer = threading.Thread(target=self._write_batches, name="writer", daemon=True)
        self._writer.start()

    def flush_if_due(self, seconds: float) -> None:
        """Commit what has waited long enough, so that progress is seen and little is read twice after a crash."""
        if self.loader.holds_rows and time.monotonic() - self._flushed_at >= seconds and self._queue.empty():
            self.loader.flush()

    def finish(self, stop_signal: int | None) -> None:
        """Commit the rest and end the run; the exit code says whether all is in."""
        try:
            if stop_signal is None:
                self.loader.end()
            else:
                self.loader.flush()
            self._drain()
        except BaseException as error:
            self.fail(error)
            raise
        incomplete = self._incomplete_reason(stop_signal)
        self._session.end("incomplete" if incomplete else "succeeded", incomplete)
        for line in self.log.summary():
            self._logger.info("%s", line)
        if incomplete:
            self._logger.error("%s", incomplete)
            sys.exit(1 if stop_signal is None else 128 + stop_signal)

    def fail(self, error: BaseException) -> None:
        """End the run as failed; what is committed stays, and the bookmark with it."""
        self._queue = queue.Queue()
        self._session.end("failed", f"{type(error).__name__}: {error}")

    def _incomplete_reason(self, stop_signal: int | None) -> str | None:
        if stop_signal is not None:
            name = signal.Signals(stop_signal).name
            return f"Stopped by {name}; what was committed stays, the next run goes on from there."
        if self.loader.reports_progress and not self.loader.finished:
            return "The tap ended before it had sent everything (see its log); the next run goes on from the bookmark."
        if not self._run.streams:
            return "The tap sent nothing at all: see its log for the reason."
        return None

    def _submit(self, batch: Batch) -> None:
        self._flushed_at = time.monotonic()
        while True:
            if self._failure is not None:
                raise self._failure
            try:
                return self._queue.put(batch, timeout=0.5)
            except queue.Full:
                continue

    def _drain(self) -> None:
        """Wait until the writing side is done."""
        self._queue.put(None)
        self._writer.join()
        if self._failure is not None:
            raise self._failure

    def _write_batches(self) -> None:
        while (batch := self._queue.get()) is not None:
            try:
                counts = self._session.write(batch)
                self._emit(batch)
                self.log.add(counts, batch.progress)
            except BaseException as error:
                self._failure = error
                return

    def _emit(self, batch: Batch) -> None:
        """Pass the bookmark on, now that everything before it is committed."""
        if batch.state is not None:
            self._stdout.write(encode(batch.state).decode() + "\n")
            self._stdout.flush()


if __name__ == "__main__":
    TargetPostgres.cli()

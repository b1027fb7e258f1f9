"""The Singer target: its settings, and how its input is read."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, ClassVar

import psycopg
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError
from typing_extensions import override
from warehouse.lease import LeaseHeldError, LeaseLostError

from target_postgres.ddl import KeyChangedError
from target_postgres.lines import LineReader
from target_postgres.loader import BadTapError, Limits
from target_postgres.pipeline import Pipeline
from target_postgres.rows import BadRecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

    from target_postgres.lines import GiantLine

IDLE_SECONDS = 0.25
EXPLAINED = (
    *(BadRecordError, BadTapError, BrokenPipeError, KeyChangedError, LeaseHeldError, LeaseLostError),
    psycopg.OperationalError,
)
"""Errors whose sentence says everything; a traceback would only bury it."""


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
        th.Property("batch_mb", th.IntegerType, default=6, description="Megabytes held before a commit."),
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
        th.Property(
            "max_swept_percent",
            th.IntegerType,
            default=50,
            description="A full re-list that would mark more of an account's rows as deleted marks none.",
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
        """Read to the end of the input, or until a signal, then say how it went."""
        try:
            self._read(file_input or sys.stdin)
            self.process_endofpipe()
        except EXPLAINED as error:
            self.logger.error("%s", error)
            raise SystemExit(1) from error

    @override  # type: ignore[misc]  # `final` in the SDK
    def process_lines(self, file_input: IO[str] | None) -> Any:
        """Load from a text file."""
        lines = file_input or io.StringIO()
        self._take(line.rstrip("\n").encode("utf-8", "surrogatepass") for line in lines)

    @override
    def process_endofpipe(self) -> None:
        """Commit what is held and write how the run ended."""
        with self._failing_once() as pipeline:
            pipeline.finish(self._stop_signal)

    def _read(self, file: IO[str]) -> None:
        self._take([])
        limit = int(self.config["max_record_mb"]) * 2**20
        for lines in LineReader(file.fileno(), max_line_bytes=limit, idle_seconds=IDLE_SECONDS):
            self._take(lines)
            if self._stop_signal is not None:
                return

    def _take(self, lines: Iterable[bytes | GiantLine]) -> None:
        with self._failing_once() as pipeline:
            pipeline.take(lines, flush_seconds=float(self.config["flush_seconds"]))

    @contextmanager
    def _failing_once(self) -> Iterator[Pipeline]:
        """The run, started with the first use and ended as failed by the first error."""
        if self._pipeline is None:
            self._pipeline = self._start()
        try:
            yield self._pipeline
        except Exception as error:
            self._pipeline.fail(error)
            raise

    def _start(self) -> Pipeline:
        config, megabyte = self.config, 2**20
        limits = Limits(
            int(config["batch_rows"]),
            int(config["batch_mb"]) * megabyte,
            int(config["max_record_mb"]) * megabyte,
            int(config["max_swept_percent"]),
        )
        return Pipeline(
            self.database_url,
            self.target_schema,
            limits,
            reconnect_seconds=float(config["reconnect_seconds"]),
            strict=config["on_bad_record"] == "fail",
        )

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Remember the first signal: the batch in hand is committed, then the run ends; the second ends at once."""
        if self._stop_signal is not None:
            os._exit(128 + signum)
        self._stop_signal = signum


if __name__ == "__main__":
    TargetPostgres.cli()

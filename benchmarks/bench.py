"""What every measure stands on: a server with the settings of `make start`, and children timed from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from local_postgres.binaries import program
from local_postgres.server import LocalServer
from warehouse.address import libpq_environment
from warehouse.connection import connect
from warehouse.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BIN = Path(sys.executable).parent
PORT = 25_499
MEMORY = Path("/dev/shm")  # noqa: S108


@dataclass(frozen=True)
class Timing:
    """Wall seconds, CPU seconds of the child, and its peak memory in MB."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class Bench:
    """A scratch folder and a scratch database."""

    folder: Path
    url: str

    def sql(self, *statements: str) -> None:
        """Run statements."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def count(self, table: str) -> int:
        """Rows of a table; a measure checks that what it timed was done."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(f"select count(*) from {table}").fetchone()
        return int(row[0]) if row else 0

    def timed(self, command: Sequence[str | Path], *, stdin: Path | None = None, **environment: str) -> Timing:
        """Run a child to its end; an exit code other than 0 ends the measure."""
        words = [str(word) for word in command]
        variables = {**os.environ, "DATABASE_URL": self.url, **libpq_environment(self.url), **environment}
        began = time.monotonic()
        with (stdin or Path(os.devnull)).open("rb") as source, (self.folder / "output.log").open("ab") as log:
            child = subprocess.Popen(words, stdin=source, stdout=log, stderr=log, env=variables)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        if child.returncode:
            raise RuntimeError(f"{' '.join(words)} ended with {child.returncode}; see {self.folder / 'output.log'}")
        return Timing(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

    def psql(self, command: str) -> Timing:
        """One psql command."""
        return self.timed([program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command])


@contextmanager
def bench(*, on_disk: bool = False) -> Iterator[Bench]:
    """A fresh server in memory where there is room (a disk of a shared machine drowns every ratio in noise)."""
    roomy = not on_disk and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 8 * 2**30
    folder = Path(tempfile.mkdtemp(prefix="stage-first-bench-", dir=MEMORY if roomy else None))
    server = LocalServer(folder / "postgres", PORT)
    server.start()
    try:
        server.ensure_database("bench")
        with connect(server.url("bench"), application="bench") as connection:
            migrate(connection)
        yield Bench(folder, server.url("bench"))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

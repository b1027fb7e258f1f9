"""`tap-<source> | target-postgres` as a shell would run it, with the means to kill either half."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

BIN = Path(sys.executable).parent
PROJECT = Path(__file__).parents[2]
SCHEMA = "staging_csv"
FOREVER = 300
LOADER_COLUMNS = "_first_loaded_at, _loaded_at, _run_id, _batch_id"


@dataclass
class Pipe:
    """One run; `state` is carried from run to run as Meltano would."""

    folder: Path
    database_url: str
    settings: dict[str, Any]
    loader_settings: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    source: str = "csv"
    tap: subprocess.Popen[bytes] | None = None
    target: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start both halves."""
        config = self._file("tap.json", self.settings)
        state = self._file("state.json", self.state)
        loader = self._file("target.json", {"default_target_schema": f"staging_{self.source}", **self.loader_settings})
        environment = {**os.environ, "DATABASE_URL": self.database_url}
        with (self.folder / "tap.log").open("ab") as tap_log, (self.folder / "target.log").open("ab") as target_log:
            self.tap = subprocess.Popen(
                [BIN / f"tap-{self.source}", "--config", config, "--state", state],
                stdout=subprocess.PIPE,
                stderr=tap_log,
            )
            self.target = subprocess.Popen(
                [BIN / "target-postgres", "--config", loader],
                stdin=self.tap.stdout,
                stdout=subprocess.PIPE,
                stderr=target_log,
                env=environment,
            )
        if self.tap.stdout:
            self.tap.stdout.close()

    def finish(self) -> tuple[int, int]:
        """Wait for the end and keep the last STATE that came out; exit codes of both."""
        assert self.tap
        assert self.target
        assert self.target.stdout
        with self.target.stdout as stdout:
            lines = stdout.read().decode().splitlines()
        codes = self.tap.wait(FOREVER), self.target.wait(FOREVER)
        for line in lines:
            self.state = json.loads(line)
        return codes

    def run(self) -> tuple[int, int]:
        """Start and finish."""
        self.start()
        return self.finish()

    def kill(self, half: str) -> None:
        """`kill -9` of the tap or the target."""
        process = {"tap": self.tap, "target": self.target}[half]
        assert process
        process.send_signal(signal.SIGKILL)

    def wait_for_rows(self, rows: int) -> bool:
        """Wait until so many rows are committed; False: the run ended before."""
        while self.target and self.target.poll() is None:
            if committed_rows(self.database_url) >= rows:
                return True
            time.sleep(0.01)
        return False

    def _file(self, name: str, value: dict[str, Any]) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(value))
        return path


def committed_rows(database_url: str) -> int:
    """Rows in staging that a reader sees now."""
    return int(query(database_url, f"select count(*) from {SCHEMA}.imports")[0][0])


def query(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a query; none of a statement that returns none."""
    with psycopg.connect(database_url) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def contents(database_url: str) -> list[tuple[Any, ...]]:
    """The staging table less the loader's own columns."""
    return query(
        database_url,
        f"select account, id, created_at, updated_at, record::text, phones::text, origin::text, _deleted_at is null"
        f" from {SCHEMA}.imports order by account, id",
    )


def leftovers(database_url: str) -> list[str]:
    """What a run must not leave: temporary tables, held leases, rows that call themselves running."""
    found = query(
        database_url,
        "select 'temporary table ' || relname from pg_class where relpersistence = 't' and relkind = 'r'"
        " union all select 'lease ' || name from ops.leases where owner is not null"
        " union all select 'running ' || stream from ops.sync_runs where status = 'running'",
    )
    return [row[0] for row in found]


def failed_logs(data: Path) -> str:
    """The ends of what failing downloads logged in a data folder: shown where a test expected them to succeed."""
    logs = {log.name: log.read_text(errors="replace") for log in sorted((data / "logs").glob("*.log"))}
    return "".join(f"\n--- {name}\n{text[-4000:]}" for name, text in logs.items() if " error " in text)

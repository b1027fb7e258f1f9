"""Databases with people in them beside the bench's own, and the commands that resolve them, timed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from benchmarks.bench import BIN, Bench, Timing
from benchmarks.people import World, fill, new_database

ROOT = Path(__file__).parents[1]
_COMMANDS = yaml.safe_load((ROOT / "transform" / "dbt.meltano.yml").read_text())["plugins"]["utilities"][0]["commands"]
BUILD = tuple(_COMMANDS["build"]["args"].split())
"""What the job `unify` gives to dbt."""


@dataclass(frozen=True)
class Place:
    """A database of the bench's server, with a dbt target of its own, so that no run parses for another."""

    bench: Bench
    name: str

    @property
    def url(self) -> str:
        """Its address."""
        return self.bench.url.rpartition("/")[0] + f"/{self.name}"

    @property
    def target(self) -> Path:
        """Where dbt leaves what it compiled and `run_results.json`."""
        return self.bench.folder / f"target_{self.name}"

    def dbt(self, *arguments: str) -> Timing:
        """dbt as a user types it."""
        return self._timed(BIN / "dbt", *arguments)

    def unify(self) -> Timing:
        """`meltano run unify`."""
        return self._timed(BIN / "meltano", "run", "unify")

    def _timed(self, program: Path, *arguments: str) -> Timing:
        words: list[str | Path] = [program, *arguments]
        logs = str(self.bench.folder / "logs")
        return replace(self.bench, url=self.url).timed(words, DBT_TARGET_PATH=str(self.target), DBT_LOG_PATH=logs)

    def fill(self, world: World) -> None:
        """Make the database with this world, not resolved yet."""
        new_database(self.url)
        fill(self.url, world)

    def copy(self, template: Place) -> None:
        """Make the database as a copy of another."""
        new_database(self.url, template.name)

    def parse(self) -> None:
        """Let dbt read the project for this database, which no measure should pay for."""
        self.dbt("parse")

    def sql(self, *statements: str) -> None:
        """Run statements."""
        replace(self.bench, url=self.url).sql(*statements)

    def count(self, table: str) -> int:
        """Rows of a table."""
        return replace(self.bench, url=self.url).count(table)

    def nodes(self) -> list[dict[str, Any]]:
        """What dbt wrote about each node of its last run."""
        found: list[dict[str, Any]] = json.loads((self.target / "run_results.json").read_text())["results"]
        return found

    def window(self) -> float:
        """Seconds from the first start of a model of the last run to the last end, dbt's work between them included."""
        timings = [timing for node in self.nodes() for timing in node["timing"]]
        times = [datetime.fromisoformat(timing[key]) for timing in timings for key in ("started_at", "completed_at")]
        return (max(times) - min(times)).total_seconds()

    def slowest(self, count: int) -> list[tuple[str, float]]:
        """The nodes that took most seconds in the last run."""
        seconds = [(node["unique_id"].split(".")[2], float(node["execution_time"])) for node in self.nodes()]
        return sorted(seconds, key=lambda pair: -pair[1])[:count]

"""Other loaders on the same 50,000 records, each in a throw-away environment, start-up taken off."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.address import libpq_environment

from benchmarks.bench import BIN, Bench
from benchmarks.csv_file import write_file
from benchmarks.load import write_messages
from benchmarks.results import Result, at_least

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 50_000
ROUNDS = 3
WORK = Path(__file__).with_name(".work")
LOADERS = {"pipelinewise": "pipelinewise-target-postgres", "meltanolabs": "meltanolabs-target-postgres"}


def measure(bench: Bench) -> list[Result]:
    """The best of the two loaders over ours, and dlt over ours."""
    messages = {rows: bench.folder / f"{rows}.jsonl" for rows in (1, ROWS)}
    for rows, path in messages.items():
        write_messages(path, rows, changed_percent=0)
    runs: dict[str, Callable[[int], float]] = {
        name: _loader(bench, name, package, messages) for name, package in LOADERS.items()
    }
    runs["ours"] = _ours(bench, messages)
    net: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            net[name].append(run(ROWS) - run(1))
    best = min((statistics.median(net[name]), name) for name in LOADERS)[1]
    ratios = [theirs / ours for theirs, ours in zip(net[best], net["ours"], strict=True)]
    what = f"{best}, the better of two public loaders, over ours, {ROWS:,} rows"
    return [at_least("load_vs_best_peer", what, ratios, 5.0), _against_dlt(bench)]


def _ours(bench: Bench, messages: dict[int, Path]) -> Callable[[int], float]:
    def run(rows: int) -> float:
        bench.sql("drop schema if exists staging_bench cascade")
        return bench.timed(
            [BIN / "target-postgres"], stdin=messages[rows], MELTANO_EXTRACT__LOAD_SCHEMA="staging_bench"
        ).wall

    return run


def _loader(bench: Bench, name: str, package: str, messages: dict[int, Path]) -> Callable[[int], float]:
    program = environment(name, package) / "bin" / "target-postgres"
    config = bench.folder / f"{name}.json"
    address = libpq_environment(bench.url)
    settings = {"host": address["PGHOST"], "port": int(address["PGPORT"]), "user": address["PGUSER"]}
    settings |= {"password": address["PGPASSWORD"], "dbname": address["PGDATABASE"], "database": address["PGDATABASE"]}
    settings |= {"default_target_schema": f"peer_{name}", "add_metadata_columns": True, "use_copy": True}
    config.write_text(json.dumps(settings))

    def run(rows: int) -> float:
        bench.sql(f"drop schema if exists peer_{name} cascade")
        seconds = bench.timed([program, "--config", config], stdin=messages[rows]).wall
        if bench.count(f"peer_{name}.contacts") != rows:
            raise RuntimeError(f"{package} did not load {rows:,} rows")
        return seconds

    return run


def _against_dlt(bench: Bench) -> Result:
    python = environment("dlt", "dlt[postgres]") / "bin" / "python"
    files = {rows: write_file(bench.folder / f"dlt_{rows}.csv", rows, phones=False) for rows in (1, ROWS)}

    def theirs(rows: int) -> float:
        bench.sql("drop schema if exists peer_dlt cascade")
        home = bench.folder / "dlt"
        script = Path(__file__).with_name("dlt_pipeline.py")
        return bench.timed([python, script, files[rows], bench.url], DLT_DATA_DIR=str(home), HOME=str(home)).wall

    def ours(rows: int) -> float:
        bench.sql("truncate staging_csv.imports")
        command = [BIN / "meltano", "run", "--full-refresh", "tap-csv", "target-postgres"]
        return bench.timed(command, TAP_CSV_FILES=str(files[rows])).wall

    ratios = [(theirs(ROWS) - theirs(1)) / (ours(ROWS) - ours(1)) for _ in range(ROUNDS)]
    return at_least("csv_vs_dlt", f"dlt over ours, a CSV file of {ROWS:,} rows", ratios, 5.0)


def environment(name: str, *packages: str) -> Path:
    """A throw-away environment with packages from the index."""
    folder = WORK / name
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        install = [BIN / "uv", "pip", "install", "--quiet", "--python", folder / "bin" / "python"]
        subprocess.run([*install, *packages], check=True)
    return folder

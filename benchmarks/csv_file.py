"""A CSV file to staged rows by `meltano run`, against COPY of the same rows into the same table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.exports import EXPORTS
from sandbox.folder import write_export
from sandbox.people import World

from benchmarks.bench import BIN, Bench
from benchmarks.results import Result, at_most

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 532_000
ROUNDS = 3
TABLE = "staging_csv.imports"


def measure(bench: Bench) -> list[Result]:
    """Without and with phone columns."""
    return [
        _measure(bench, "csv_vs_copy", 4.0, phones=False),
        _measure(bench, "csv_phones_vs_copy", 6.0, phones=True),
    ]


def _measure(bench: Bench, key: str, goal: float, *, phones: bool) -> Result:
    file = write_file(bench.folder / f"{key}.csv", ROWS, phones=phones)
    rows = bench.folder / "rows.copy"
    run_meltano(bench, file)
    bench.psql(f"\\copy {TABLE} to '{rows}'")
    ratios = []
    for _ in range(ROUNDS):
        bench.sql(f"truncate {TABLE}")
        copy = bench.psql(f"\\copy {TABLE} from '{rows}'").wall
        bench.sql(f"truncate {TABLE}")
        ratios.append(run_meltano(bench, file) / copy)
        if bench.count(TABLE) != ROWS:
            raise RuntimeError(f"{bench.count(TABLE):,} rows are in, {ROWS:,} were in the file")
    what = f"{ROWS:,} CSV rows {'with' if phones else 'without'} phones by meltano run, against COPY"
    return at_most(key, what, ratios, goal)


def write_file(path: Path, rows: int, *, phones: bool) -> Path:
    """A CRM's contact export of that many rows, 14 columns."""
    export = EXPORTS["ghl_contacts"]
    write_export(export if phones else export.without_phones(), path, World(7, rows), rows)
    return path


def run_meltano(bench: Bench, file: Path) -> float:
    """Wall seconds of the command that a user types, as if it ran for the first time."""
    command = [BIN / "meltano", "run", "--full-refresh", "tap-csv", "target-postgres"]
    return bench.timed(command, TAP_CSV_FILES=str(file), TAP_CSV_DEFAULT_REGION="MX").wall

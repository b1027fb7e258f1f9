"""Records a CPU second on the tap side: ours against the SDK's default path for the same records."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from benchmarks.bench import BIN, Bench
from benchmarks.csv_file import write_file
from benchmarks.results import Result, at_least

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 100_000
ROUNDS = 3


def measure(bench: Bench) -> list[Result]:
    """CPU of a long file less the CPU of a file of one row, theirs over ours."""
    long = write_file(bench.folder / "long.csv", ROWS, phones=False)
    short = write_file(bench.folder / "short.csv", 1, phones=False)
    ratios = []
    for _ in range(ROUNDS):
        ours = _cpu(bench, long, ours=True) - _cpu(bench, short, ours=True)
        theirs = _cpu(bench, long, ours=False) - _cpu(bench, short, ours=False)
        ratios.append(theirs / ours)
    what = f"records a CPU second of tap-csv over the SDK's default path, {ROWS:,} rows"
    return [at_least("tap_vs_sdk", what, ratios, 4.0)]


def _cpu(bench: Bench, file: Path, *, ours: bool) -> float:
    config = bench.folder / "tap.json"
    config.write_text(json.dumps({"files": [str(file)]} if ours else {"file": str(file)}))
    command = [BIN / "tap-csv"] if ours else [sys.executable, "-m", "benchmarks.sdk_default_tap"]
    return bench.timed([*command, "--config", config]).cpu

"""Peak memory of tap and loader on 2,000,000 rows, and how much more that is than on 200,000."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from benchmarks.bench import BIN, Bench
from benchmarks.csv_file import write_file
from benchmarks.results import Result, at_most

if TYPE_CHECKING:
    from pathlib import Path

SMALL, LARGE = 200_000, 2_000_000


def measure(bench: Bench) -> list[Result]:
    """One run of each size; memory does not depend on the noise of a machine."""
    small = _peaks(bench, write_file(bench.folder / "small.csv", SMALL, phones=True))
    large = _peaks(bench, write_file(bench.folder / "large.csv", LARGE, phones=True))
    growth = max(now / before for now, before in zip(large, small, strict=True))
    return [
        at_most("mem_tap_mb", f"peak MB of tap-csv on {LARGE:,} rows", [large[0]], 150),
        at_most("mem_loader_mb", f"peak MB of target-postgres on {LARGE:,} rows", [large[1]], 150),
        at_most("mem_growth", f"the same over {SMALL:,} rows, the worse of both", [growth], 1.1),
    ]


def _peaks(bench: Bench, file: Path) -> tuple[float, float]:
    config = bench.folder / "tap.json"
    config.write_text(json.dumps({"files": [str(file)], "default_region": "MX"}))
    environment = {**os.environ, "DATABASE_URL": bench.url, "MELTANO_EXTRACT__LOAD_SCHEMA": "staging_csv"}
    with (bench.folder / "output.log").open("ab") as log:
        tap = subprocess.Popen([BIN / "tap-csv", "--config", config], stdout=subprocess.PIPE, stderr=log)
        target = subprocess.Popen([BIN / "target-postgres"], stdin=tap.stdout, stdout=log, stderr=log, env=environment)
        if tap.stdout:
            tap.stdout.close()
        peaks = {}
        for child in (tap, target):
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                raise RuntimeError(f"exit code {child.returncode}; see {bench.folder / 'output.log'}")
            peaks[child.pid] = usage.ru_maxrss / 1024
    return peaks[tap.pid], peaks[target.pid]

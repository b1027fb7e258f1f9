"""Ten times the records: seconds, memory of the server's processes and temporary files (`make bench-large`)."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.identity_builds import BUILD, Place
from benchmarks.people import World
from benchmarks.results import Result, at_most

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench

ON_DISK = True
SIZES = (800_000, 8_000_000)
MEGABYTE = 2**20


@dataclass
class Peaks:
    """The most that all processes of the server held at one moment."""

    memory_mb: float = 0.0
    temporary_mb: float = 0.0


def measure(bench: Bench) -> list[Result]:
    """One build from nothing of each size, on a disk, since the larger does not fit into memory."""
    walls, peaks = [], []
    for records in SIZES:
        place = Place(bench, f"people{records}")
        place.fill(World(records))
        place.parse()
        with watched(bench.folder / "postgres" / "data") as peak:
            walls.append(place.dbt(*BUILD).wall)
        peaks.append(peak)
    what = f"`dbt build` of {SIZES[1]:,} records over {SIZES[0]:,}"
    memory = ", ".join(f"{peak.memory_mb:.0f} MB and {peak.temporary_mb:.0f} MB of temporary files" for peak in peaks)
    return [
        at_most("growth_10x", what, [walls[1] / walls[0]], 12, f"({walls[0]:.0f} s, {walls[1]:.0f} s)"),
        at_most(
            "growth_10x_memory",
            f"{what}, private memory of all backends at its peak",
            [peaks[1].memory_mb / peaks[0].memory_mb],
            2,
            f"({memory})",
        ),
    ]


@contextlib.contextmanager
def watched(data: Path) -> Iterator[Peaks]:
    """The peaks of a server, looked at twice a second."""
    peaks, done = Peaks(), threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            peaks.memory_mb = max(peaks.memory_mb, _memory(data))
            peaks.temporary_mb = max(peaks.temporary_mb, _temporary(data))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def _memory(data: Path) -> float:
    """MB that the processes of this server hold for themselves, its shared buffers not counted."""
    postmaster = (data / "postmaster.pid").read_text().split("\n", 1)[0]
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if fields["PPid"].strip() == postmaster:
                total += int(fields.get("RssAnon", "0 kB").split()[0])
    return total / 1024


def _temporary(data: Path) -> float:
    """MB of files that sorts and hash tables have spilled."""
    total = 0
    for path in data.glob("base/pgsql_tmp/**/*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total / MEGABYTE

"""`make bench`, `make bench-peers` and `make bench-large`."""

from __future__ import annotations

import sys
import time

from benchmarks import (
    api,
    api_runs,
    csv_file,
    identity,
    identity_growth,
    identity_hard,
    large,
    load,
    memory,
    panel,
    peers,
    tap_speed,
)
from benchmarks.bench import bench
from benchmarks.results import save

MEASURES = (load, csv_file, tap_speed, memory, api, api_runs, identity, identity_hard)
KINDS = {"--peers": (peers,), "--large": (large, identity_growth, panel)}


def main() -> None:
    """Run all measures, print goal, figure, met or not, and keep the results."""
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")]
    for module in next((modules for option, modules in KINDS.items() if option in sys.argv), MEASURES):
        name = module.__name__.rpartition(".")[2]
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        with bench(on_disk=getattr(module, "ON_DISK", False)) as place:
            results = module.measure(place)
        save(results)
        for result in results:
            print(result.line(), flush=True)
        print(f"  ({name}: {time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()

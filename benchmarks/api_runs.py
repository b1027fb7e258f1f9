"""API taps and the loader together: requests of a first load, of a run with nothing new, and memory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import api
from benchmarks.bench import BIN, Bench
from benchmarks.results import Result, at_most
from benchmarks.sandbox_process import Sandbox, sandbox_process

if TYPE_CHECKING:
    from collections.abc import Iterable

PEOPLE = 20_000
FASTER = 100
DAY = 86_400
SETTINGS: dict[str, dict[str, Any]] = {
    "stripe": {**api.STRIPE, "requests_per_second": 100 * FASTER, "endpoint_requests_per_second": 25 * FASTER},
    "ghl": {**api.GHL, "requests_per_second": 10 * FASTER},
    "paypal": {**api.PAYPAL, "requests_per_second": 30 * FASTER},
    "manychat": {**api.MANYCHAT, "requests_per_second": 1000, "look_up": []},
}

OVERHEADS = [
    replace(api.LOADS[name], page_size=size) for name, size in (("stripe_endpoint", 25), ("ghl", 25), ("paypal", 25))
]


@dataclass(frozen=True)
class Run:
    """What a run of tap and loader came to."""

    state: dict[str, Any]
    wall: float
    tap_mb: float
    requests: int


def measure(bench: Bench) -> list[Result]:
    """First loads of a crowded world, then the same again with nothing new."""
    with sandbox_process(PEOPLE, "--crowded", "--limits", "off", latency_ms="20-60") as sandbox:
        api.seed_manychat(bench, sandbox)
        firsts = {source: run(bench, sandbox, source, {}) for source in SETTINGS}
        overheads = {load.source: overhead(bench, sandbox, load) for load in OVERHEADS}
        seconds = {source: run(bench, sandbox, source, first.state) for source, first in firsts.items()}
    starts = {source: start_up(bench, source) for source in SETTINGS}
    waits = {source: again.wall - starts[source] for source, again in seconds.items()}
    requests = {source: float(again.requests) for source, again in seconds.items()}
    peaks = {source: first.tap_mb for source, first in firsts.items()}
    return [
        _worst(
            "api_overhead",
            "requests of a first load over the least possible, nine of ten rows in a month",
            overheads,
            1.15,
        ),
        _worst("noop_requests", "requests of a second run with nothing new", requests, 30),
        _worst("noop_seconds", "seconds of it beyond start-up", waits, 5),
        _worst("mem_tap_api_mb", f"peak MB of a tap, {PEOPLE:,} people", peaks, 150),
        _worst("tap_start_seconds", "start-up of a tap", starts, 1.5),
    ]


def _worst(key: str, what: str, by_source: dict[str, float], goal: float) -> Result:
    note = ", ".join(f"{source} {value:.2f}" for source, value in by_source.items())
    return at_most(key, f"{what}, the worst source", [max(by_source.values())], goal, f"({note})")


def run(bench: Bench, sandbox: Sandbox, source: str, state: dict[str, Any]) -> Run:
    """One run as a shell would pipe it."""
    config = {"api_url": f"{sandbox.url}/{source}", "database_url": bench.url, **SETTINGS[source]}
    files = [
        api.write_json(bench.folder / f"{name}.json", value) for name, value in (("tap", config), ("state", state))
    ]
    environment = {**os.environ, "DATABASE_URL": bench.url, "MELTANO_EXTRACT__LOAD_SCHEMA": f"staging_{source}"}
    began, output = time.time(), bench.folder / "states.jsonl"
    with (bench.folder / "output.log").open("ab") as log, output.open("wb") as states:
        tap = subprocess.Popen(
            [BIN / f"tap-{source}", "--config", files[0], "--state", files[1]], stdout=subprocess.PIPE, stderr=log
        )
        target = subprocess.Popen(
            [BIN / "target-postgres"], stdin=tap.stdout, stdout=states, stderr=log, env=environment
        )
        if tap.stdout:
            tap.stdout.close()
        peak = _peak(tap)
        _peak(target)
    last = output.read_text().splitlines()[-1]
    log_lines = [one for one in sandbox.log(source) if one.time >= began]
    return Run(json.loads(last), time.time() - began, peak, len(log_lines))


def _peak(child: subprocess.Popen[bytes]) -> float:
    """Wait for the end and return the peak memory in MB; what `wait4` tells would include this process's own."""
    peak, status = 0, Path(f"/proc/{child.pid}/status")
    while child.poll() is None:
        with contextlib.suppress(OSError):
            found = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
            peak = max(peak, *(int(line.split()[1]) for line in found), 0)
        time.sleep(0.05)
    if child.returncode:
        raise RuntimeError(f"{child.args!r} ended with {child.returncode}")
    return peak / 1024


def start_up(bench: Bench, source: str) -> float:
    """Seconds until a tap could begin: the median of three."""
    return sorted(bench.timed([BIN / f"tap-{source}", "--about"]).wall for _ in range(3))[1]


def overhead(bench: Bench, sandbox: Sandbox, load: api.Load) -> float:
    """Requests for a stream over the least with which it could be read; small pages, so that there are many."""
    began = time.time()
    child = api.start(bench, sandbox, load, **SETTINGS[load.source])
    _peak(child)
    made = sum(one.path == load.limits[0].path for one in sandbox.log(load.source) if one.time >= began)
    objects = sandbox.objects(load.source, load.streams[0])
    if load.source != "paypal":
        return made / -(-len(objects) // load.page_size)
    moments = (one["transaction_info"]["transaction_initiation_date"] for one in objects.values())
    return made / windows_needed(moments, load.page_size)


def windows_needed(moments: Iterable[str], size: int) -> int:
    """Pages of windows of 31 days over three years: PayPal answers no longer one."""
    days = [int(datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S%z").timestamp()) // DAY for moment in moments]
    last = max(days)
    rows = Counter((last - day) // 31 for day in days)
    return sum(max(1, -(-rows[window] // size)) for window in range(36))

"""Each vendor's tap and the loader as real processes against the sandbox: faults, kills and days lose nothing."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from support.pipes import Pipe, leftovers, query
from support.vendors import VENDORS, Vendor, living, violations

SOAK = os.environ.get("STAGE_FIRST_SOAK") == "1"
KILLS = 20 if SOAK else 1
DAYS = 60 if SOAK else 3
LARGER = 5 if SOAK else 1
ONCE = ("hang", "advance", "unauthorized")
MATRIX = [(vendor, fault) for vendor in VENDORS for fault in vendor.faults]
each_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
Make = Callable[..., SandboxServer]


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    vendor: Vendor = request.getfixturevalue("vendor")
    with SandboxServer(World(7, vendor.people * LARGER)) as server:
        yield server


def pipe_of(vendor: Vendor, sandbox: SandboxServer, folder: Path, database_url: str) -> Pipe:
    return vendor.pipe(sandbox, folder, database_url, timeout_seconds=2)


def log_of(folder: Path) -> str:
    return (folder / "tap.log").read_text()[-3000:] + (folder / "target.log").read_text()[-3000:]


def chosen(matrix: list[tuple[Vendor, str]]) -> list[tuple[Vendor, str]]:
    """All of it in the soak; else every fault once and every vendor twice or more, by a fixed seed."""
    if SOAK:
        return matrix
    shuffled = random.Random(3).sample(matrix, len(matrix))
    faults = {fault: (vendor, fault) for vendor, fault in shuffled}
    vendors = {(vendor.name, number % 2): (vendor, fault) for number, (vendor, fault) in enumerate(shuffled)}
    return sorted({*faults.values(), *vendors.values()}, key=lambda pair: (pair[0].name, pair[1]))


@pytest.mark.parametrize(("vendor", "fault"), chosen(MATRIX), ids=lambda value: getattr(value, "name", value))
def test_a_fault_costs_time_only(
    vendor: Vendor, fault: str, sandbox: SandboxServer, tmp_path: Path, database_url: str
) -> None:
    pipe = pipe_of(vendor, sandbox, tmp_path, database_url)
    sandbox.faults.add(fault, vendor.busy_path, 1 if fault in ONCE else 3, skip=1)
    assert pipe.run() == (0, 0), log_of(tmp_path)
    assert sandbox.faults.waiting == []
    if fault == "advance":
        assert pipe.run() == (0, 0), log_of(tmp_path)
    assert vendor.differences(sandbox, database_url, patient=fault == "advance") == []
    assert violations(sandbox) == []


def busy_requests(sandbox: SandboxServer, vendor: Vendor) -> int:
    return sum(logged.path == vendor.busy_path for logged in sandbox.log)


@each_vendor
@pytest.mark.parametrize("moment", range(KILLS))
def test_killed_anywhere_and_run_again(
    vendor: Vendor, moment: int, sandbox: SandboxServer, tmp_path: Path, database_url: str
) -> None:
    sandbox.latency_ms = (20, 60)
    pipe = pipe_of(vendor, sandbox, tmp_path, database_url)
    draws = random.Random(f"{vendor.name} {moment}")
    pipe.start()
    began = len(sandbox.log)
    while len(sandbox.log) - began < draws.randint(2, 40) and pipe.tap and pipe.tap.poll() is None:
        time.sleep(0.02)
    pipe.kill(draws.choice(["tap", "target"]))
    pipe.finish()
    committed = len(living(database_url, vendor.name, vendor.busy_stream, vendor.staged_account))
    asked = busy_requests(sandbox, vendor)
    assert pipe.run() == (0, 0), log_of(tmp_path)
    whole = len(sandbox.world_state(vendor.busy_stream, vendor.account, vendor.name))
    left = -(-(whole - committed) // vendor.page_size)
    assert busy_requests(sandbox, vendor) - asked <= left + vendor.asked_anyway
    assert vendor.differences(sandbox, database_url) == []
    assert leftovers(database_url) == []
    assert violations(sandbox) == []


def days_after(day: int, vendor: Vendor) -> int:
    """One, but for a long pause in between, and for the last: until then every deletion must be known."""
    return {DAYS // 2: 40, DAYS - 1: max(1, vendor.deletions_known_after)}.get(day, 1)


@each_vendor
def test_days_go_by_and_staging_is_the_world_after_each(
    vendor: Vendor, sandbox: SandboxServer, tmp_path: Path, database_url: str
) -> None:
    pipe = pipe_of(vendor, sandbox, tmp_path, database_url)
    for day in range(DAYS + 1):
        pipe.settings |= vendor.settings(sandbox, tmp_path)
        assert pipe.run() == (0, 0), log_of(tmp_path)
        assert vendor.differences(sandbox, database_url, patient=day < DAYS) == [], f"on day {day}"
        sandbox.advance(days_after(day, vendor))
    assert violations(sandbox) == []
    total = query(database_url, "select count(*) from ops.rejected_records")
    assert total == [(0,)]

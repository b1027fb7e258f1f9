"""A fault on the way to any vendor costs time only: staging is the world in the end, and no limit was broken."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from support.vendor_runs import SOAK, log_of, pipe_of
from support.vendors import VENDORS, Vendor, violations

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.server import SandboxServer

ONCE = ("hang", "advance", "unauthorized")
MATRIX = [(vendor, fault) for vendor in VENDORS for fault in vendor.faults]


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

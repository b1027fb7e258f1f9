"""Tap or loader killed anywhere and run again: staging is the world, and little is asked of the vendor twice."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from support.pipes import leftovers
from support.vendor_runs import SOAK, each_vendor, log_of, pipe_of
from support.vendors import Vendor, living, violations

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.server import SandboxServer

KILLS = 20 if SOAK else 1


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

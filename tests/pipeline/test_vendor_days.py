"""Days go by at each vendor, and staging is the world after each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.pipes import query
from support.vendor_runs import SOAK, each_vendor, log_of, pipe_of
from support.vendors import Vendor, violations

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.server import SandboxServer

DAYS = 60 if SOAK else 3


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

"""Each vendor's tap and the loader as real processes against the sandbox: what the tests of all vendors share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.vendors import VENDORS, Vendor

if TYPE_CHECKING:
    from sandbox.server import SandboxServer

    from support.pipes import Pipe

SOAK = os.environ.get("STAGE_FIRST_SOAK") == "1"
LARGER = 5 if SOAK else 1
"""How much larger the worlds of the long form are."""

each_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


def pipe_of(vendor: Vendor, sandbox: SandboxServer, folder: Path, database_url: str) -> Pipe:
    """Tap and loader, with little patience for a vendor that hangs."""
    return vendor.pipe(sandbox, folder, database_url, timeout_seconds=2)


def log_of(folder: Path) -> str:
    """The ends of what both halves said, for the assertion that they did well."""
    return (folder / "tap.log").read_text()[-3000:] + (folder / "target.log").read_text()[-3000:]

"""The sandbox that the vendors' tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from support.vendor_runs import LARGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.vendors import Vendor


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    """A sandbox for the vendor of the test's parameters, with as many people as that vendor lets us read quickly."""
    vendor: Vendor = request.getfixturevalue("vendor")
    with SandboxServer(World(7, vendor.people * LARGER)) as server:
        yield server

"""PayPal's protocol, a test for each fact that a client can trip over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer

from tests.plugins.sandbox.paypal_client import Client, by_key

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World(7, 1500), limits=False) as started:
        yield started


@pytest.fixture(scope="module")
def client(sandbox: SandboxServer) -> Iterator[Client]:
    with Client(sandbox) as connected:
        yield connected


def test_windows_and_pages_give_every_row_once(sandbox: SandboxServer, client: Client) -> None:
    rows = client.rows()
    assert len(rows) > 1000
    assert by_key(rows) == sandbox.world_state("transactions", vendor="paypal")

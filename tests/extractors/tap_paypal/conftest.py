"""A sandbox without limits per test, and signals as they were (a tap takes them over when it is made)."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World(7, 300), limits=False) as server:
        yield server

"""A sandbox without limits per test, and signals as they were (a tap takes them over when it is made)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from support.desk import Desk
from warehouse.connection import connect


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


@pytest.fixture
def desk(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The loader before a fresh warehouse."""
    monkeypatch.delenv("MELTANO_RUN_ID", raising=False)
    with connect(database_url, application="tests") as connection:
        yield Desk(database_url, "staging_manychat", connection, tmp_path)

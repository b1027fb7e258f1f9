"""Databases and ports for tests."""

from __future__ import annotations

import contextlib
import random
import socket
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from warehouse.address import with_database
from warehouse.connection import connect
from warehouse.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator


def free_port() -> int:
    """A port nobody listens on now, below those that the system gives to clients."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def fresh_database(server: str, template: str) -> Iterator[str]:
    """A copy of the template."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}"')
        url = with_database(server, name)
        with connect(url, application="tests") as connection:
            migrate(connection)
        yield url
        admin.execute(f'drop database "{name}" with (force)')

"""Databases and ports for tests."""

from __future__ import annotations

import socket
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from warehouse.address import with_database

if TYPE_CHECKING:
    from collections.abc import Iterator


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def fresh_database(server: str, template: str) -> Iterator[str]:
    """A copy of the template."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}"')
        yield with_database(server, name)
        admin.execute(f'drop database "{name}" with (force)')

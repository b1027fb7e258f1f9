"""Databases and ports for tests."""

from __future__ import annotations

import contextlib
import random
import socket
import urllib.parse
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from warehouse.connection import connect
from warehouse.migrate import migrate

_END_OUR_BACKENDS = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = %s and usename = session_user and pid <> pg_backend_pid()
"""

if TYPE_CHECKING:
    from collections.abc import Iterator


def with_database(database_url: str, database: str) -> str:
    """The same server, another database."""
    parts = urllib.parse.urlsplit(database_url)
    return parts._replace(path="/" + urllib.parse.quote(database)).geturl()


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
        drop_database(admin, name)


def drop_database(admin: psycopg.Connection[Any], name: str) -> None:
    """Drop a database that somebody may still be in; `with (force)` is refused while autovacuum works there."""
    admin.execute(_END_OUR_BACKENDS, [name])
    admin.execute(f'drop database "{name}"')

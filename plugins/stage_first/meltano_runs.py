"""Meltano's own tables: made before several Meltanos want to make them, and no killed run locks its job in them."""

from __future__ import annotations

import os
import subprocess

import psycopg
from warehouse.address import with_search_path

from stage_first import project

_BURY = """
update runs set state = 'FAIL', ended_at = last_heartbeat_at
where state = 'RUNNING' and last_heartbeat_at < (now() at time zone 'UTC') - interval '15 seconds'
"""


def bury_dead_runs(database_url: str) -> None:
    """Mark runs whose heartbeat (one a second, UTC without a zone) is older than 15 seconds as failed."""
    with _connect(database_url) as connection:
        if _has_tables(connection):
            connection.execute(_BURY)


def make_tables(database_url: str) -> None:
    """Let one Meltano make its tables, if they are not there: two that do so at once fail."""
    with _connect(database_url) as connection:
        if _has_tables(connection):
            return
    command = [str(project.BIN / "meltano"), "state", "list"]
    done = subprocess.run(command, cwd=project.ROOT, env=os.environ, text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"Meltano cannot make its tables: {done.stderr.strip()[-500:]}")


def _connect(database_url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(with_search_path(database_url, "meltano"), autocommit=True)


def _has_tables(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    row = connection.execute("select to_regclass('meltano.runs')").fetchone()
    return bool(row and row[0])

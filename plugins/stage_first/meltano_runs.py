"""Meltano's own run log: a killed run must not lock its job for five minutes, since our lease decides who writes."""

from __future__ import annotations

import psycopg
from warehouse.address import with_search_path

_BURY = """
update runs set state = 'FAIL', ended_at = last_heartbeat_at
where state = 'RUNNING' and last_heartbeat_at < (now() at time zone 'UTC') - interval '15 seconds'
"""


def bury_dead_runs(database_url: str) -> None:
    """Mark runs whose heartbeat (one a second, UTC without a zone) is older than 15 seconds as failed."""
    with psycopg.connect(with_search_path(database_url, "meltano"), autocommit=True) as connection:
        row = connection.execute("select to_regclass('meltano.runs')").fetchone()
        if row and row[0]:
            connection.execute(_BURY)

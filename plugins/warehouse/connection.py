"""Opens connections that all own what they make through one group role, and read and write UTC."""

from __future__ import annotations

from typing import Any

import psycopg

OWNER_ROLE = "stage_first_owner"

SETTLE = """
select
    set_config('timezone', 'UTC', false),
    (
        select set_config('role', rolname, false)
        from pg_roles
        where rolname = %s and pg_has_role(session_user, oid, 'member')
    )
"""


def connect(database_url: str, *, application: str, **options: Any) -> psycopg.Connection[Any]:
    """A connection in autocommit mode; transactions are opened where they are meant.

    Raises:
        psycopg.OperationalError: the server cannot be reached or refuses the login.
    """
    connection = psycopg.connect(
        database_url,
        autocommit=True,
        application_name=f"stage-first {application}",
        connect_timeout=options.pop("connect_timeout", 10),
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        **options,
    )
    connection.execute(SETTLE, [OWNER_ROLE])
    return connection

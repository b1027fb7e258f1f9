"""A database that is made for one check and dropped after it, on whatever server there is."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from stage_first import settings
from warehouse.address import without_password

if TYPE_CHECKING:
    from collections.abc import Iterator

_END_OUR_BACKENDS = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = %s and usename = session_user and pid <> pg_backend_pid()
"""


@contextmanager
def scratch_database() -> Iterator[str]:
    """The address of an empty warehouse with the newest `ops`.

    Raises:
        UsageError: the server cannot be reached, or makes us no database.
    """
    with _server() as server:
        name = f"identity_check_{uuid.uuid4().hex[:12]}"
        with _connected(server) as admin:
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            try:
                url = make_conninfo(server, dbname=name)
                settings.prepare_warehouse(url)
                yield url
            finally:
                admin.execute(_END_OUR_BACKENDS, [name])
                admin.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


@contextmanager
def _server() -> Iterator[str]:
    """The server of the tests, else the one of DATABASE_URL, else the embedded one, which is left as it was found."""
    environment = {**os.environ, **settings.dotenv()}
    named = environment.get("STAGE_FIRST_TEST_SERVER") or environment.get("DATABASE_URL")
    if named:
        yield named
        return
    embedded = settings.local_server(environment)
    was_running = embedded.is_running()
    try:
        yield settings.database_url(environment)
    finally:
        if not was_running:
            embedded.stop()


@contextmanager
def _connected(server: str) -> Iterator[psycopg.Connection]:
    try:
        admin = psycopg.connect(server, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise settings.UsageError(
            f"The server {without_password(server)} cannot be reached: {str(error).strip()}\n"
            "Check DATABASE_URL (in .env or the environment), or unset it to use the embedded Postgres."
        ) from error
    with admin:
        try:
            yield admin
        except psycopg.errors.InsufficientPrivilege as error:
            raise settings.UsageError(
                f"The server {without_password(server)} makes us no scratch database: {str(error).strip()}. "
                "Grant CREATEDB to this role, or unset DATABASE_URL to use the embedded Postgres."
            ) from error

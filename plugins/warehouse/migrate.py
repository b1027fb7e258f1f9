"""Applies the numbered SQL files that make and change schema `ops`; nothing else ever does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

from psycopg import sql

from warehouse.connection import OWNER_ROLE

if TYPE_CHECKING:
    import psycopg

_MAY_NOT_MAKE_SCHEMAS = """
select current_database()
where current_user = %s and not has_database_privilege(current_database(), 'create')
"""
FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_254_090_163


class Migration(NamedTuple):
    """One numbered file."""

    number: int
    name: str
    sql: LiteralString


def migrations() -> list[Migration]:
    """The files in the order of their numbers."""
    files = sorted(FOLDER.glob("[0-9]*.sql"))
    return [Migration(int(file.name.split("_")[0]), file.stem, file.read_text("utf-8")) for file in files]


def migrate(connection: psycopg.Connection[Any]) -> list[str]:
    """Bring `ops` to the newest number and return the names applied; safe when several processes start at once.

    Raises:
        RuntimeError: the database was made by a newer release than this one.
    """
    _allow_schemas(connection)
    newest = migrations()[-1].number
    if applied_number(connection) == newest:
        return []
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        present = applied_number(connection)
        if present > newest:
            raise RuntimeError(
                f"This database was made by a newer Stage First (ops {present}, this release knows {newest}): "
                "update this checkout (git pull && make install)."
            )
        pending = [migration for migration in migrations() if migration.number > present]
        for migration in pending:
            connection.execute(migration.sql)
            connection.execute(
                "insert into ops.schema_migrations (number, name) values (%s, %s)", [migration.number, migration.name]
            )
    return [migration.name for migration in pending]


def _allow_schemas(connection: psycopg.Connection[Any]) -> None:
    """Let the group role make schemas here; a copied or restored database has lost that right."""
    row = connection.execute(_MAY_NOT_MAKE_SCHEMAS, [OWNER_ROLE]).fetchone()
    if row is not None:
        grant = sql.SQL("grant create on database {} to {}").format(sql.Identifier(row[0]), sql.Identifier(OWNER_ROLE))
        connection.execute("reset role")
        connection.execute(grant)
        connection.execute("select set_config('role', %s, false)", [OWNER_ROLE])


def applied_number(connection: psycopg.Connection[Any]) -> int:
    """The newest number applied; 0 on an empty database."""
    row = connection.execute("select to_regclass('ops.schema_migrations') is not null").fetchone()
    if row is None or not row[0]:
        return 0
    row = connection.execute("select coalesce(max(number), 0) from ops.schema_migrations").fetchone()
    return int(row[0]) if row else 0

"""Makes and widens tables, always inside the transaction of the rows that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from target_postgres.schema import RELIST_COLUMN, Column, wider

if TYPE_CHECKING:
    from target_postgres.table import Table

_LOADER_COLUMNS = sql.SQL(
    "_first_loaded_at timestamptz not null, _loaded_at timestamptz not null, _run_id uuid not null,"
    " _batch_id bigint not null, _deleted_at timestamptz"
)
_TYPES = """
select attname, format_type(atttypid, null) from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""
_PRIMARY_KEY = """
select
    conname,
    array(
        select attname::text from unnest(conkey) with ordinality as keys (number, position)
        join pg_attribute on attrelid = conrelid and attnum = keys.number
        order by keys.position
    )
from pg_constraint where conrelid = %s::regclass and contype = 'p'
"""


class KeyChangedError(Exception):
    """The stream's new key does not fit the rows that are stored."""


def prepare(connection: psycopg.Connection[Any], table: Table) -> None:
    """Make or widen the table."""
    if table.raw:
        connection.execute("select ops.create_raw_stream(%s, %s)", [table.schema, table.name])
    else:
        _make(connection, table)
        _evolve(connection, table)
        _settle_key(connection, table)


def make_incoming(connection: psycopg.Connection[Any], table: Table, *, listed: bool) -> None:
    """Make the temporary twin that rows are copied into; it lives for this transaction, as behind a pooler it must."""
    own = [Column("_deleted_at", "timestamptz", ""), *([Column(RELIST_COLUMN, "bigint", "")] if listed else [])]
    columns = sql.SQL(", ").join(_definitions([*table.stored_columns, *own]))
    connection.execute(sql.SQL("create temporary table {} ({}) on commit drop").format(table.incoming, columns))


def _definitions(columns: list[Column]) -> list[sql.Composable]:
    return [sql.SQL("{} {}").format(sql.Identifier(column.name), _type(column.type)) for column in columns]


def _type(name: str) -> sql.SQL:
    """A type's name; it comes from `schema.column_type`, never from the tap."""
    return sql.SQL(name)


def _make(connection: psycopg.Connection[Any], table: Table) -> None:
    connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(table.schema)))
    columns = [*_definitions(table.stored_columns), _LOADER_COLUMNS]
    connection.execute(
        sql.SQL("create table if not exists {} ({})").format(table.identifier, sql.SQL(", ").join(columns))
    )


def _evolve(connection: psycopg.Connection[Any], table: Table) -> None:
    """Add the columns that are new and widen those that no longer fit; those that no longer come stay as they are."""
    present = _present_types(connection, table)
    for column in table.stored_columns:
        name = sql.Identifier(column.name)
        if column.name not in present:
            _alter(connection, table, sql.SQL("add column {} {}").format(name, _type(column.type)))
        fitting = wider(present.get(column.name, column.type), column.type)
        table.stored_types[column.name] = fitting
        if fitting != present.get(column.name, fitting):
            using = sql.SQL("to_jsonb({})" if fitting == "jsonb" else "{}::" + fitting)
            change = sql.SQL("alter column {} type {} using {}").format(name, _type(fitting), using.format(name))
            _alter(connection, table, change)


def _settle_key(connection: psycopg.Connection[Any], table: Table) -> None:
    """Make the primary key the stream's key properties, whatever it was before."""
    row = connection.execute(_PRIMARY_KEY, [table.identifier.as_string(connection)]).fetchone()
    name, present = row or (None, [])
    if present == table.keys:
        return
    if name is not None:
        _alter(connection, table, sql.SQL("drop constraint {}").format(sql.Identifier(name)))
        for column in present:
            _alter(connection, table, sql.SQL("alter column {} drop not null").format(sql.Identifier(column)))
    if table.keys:
        _add_key(connection, table)


def _add_key(connection: psycopg.Connection[Any], table: Table) -> None:
    keys = sql.SQL(", ").join([sql.Identifier(key) for key in table.keys])
    try:
        _alter(connection, table, sql.SQL("add primary key ({})").format(keys))
    except psycopg.IntegrityError as error:
        raise KeyChangedError(
            f"The key of {table.label} is now ({', '.join(table.keys)}), but rows already stored have no value or "
            f"the same value there ({error.diag.message_primary}). Rename that table or drop it, and load again."
        ) from error


def _alter(connection: psycopg.Connection[Any], table: Table, change: sql.Composed) -> None:
    connection.execute(sql.SQL("alter table {} {}").format(table.identifier, change))


def _present_types(connection: psycopg.Connection[Any], table: Table) -> dict[str, str]:
    rows = connection.execute(_TYPES, [table.identifier.as_string(connection)]).fetchall()
    return {name: "timestamptz" if kind == "timestamp with time zone" else kind for name, kind in rows}

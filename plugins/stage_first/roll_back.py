"""Undoes publishes: the published tables as they were, from the row versions in `ops.publish_log`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from stage_first.settings import UsageError

if TYPE_CHECKING:
    import uuid

    Connection = psycopg.Connection[Any]

_SCHEMA = "unified"
_STANDING = """
select publish_id, rows_inserted + rows_updated + rows_deleted as rows_changed
from ops.publishes
where kind = 'publish' and rolled_back_by is null
order by publish_id desc
"""
_TABLES = """
select
    tables.publish_id,
    tables.table_name,
    tables.was_empty,
    tables.was_reshaped,
    (select key from ops.publish_log as log where log.publish_id = tables.publish_id
        and log.table_name = tables.table_name limit 1) as key,
    (select old from ops.publish_log as log where log.publish_id = tables.publish_id
        and log.table_name = tables.table_name and log.old is not null limit 1) as old
from ops.published_tables as tables
where tables.publish_id = any(%s)
order by tables.publish_id desc, tables.table_name
"""
_COLUMNS = """
select attname from pg_attribute
where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum
"""
_REMOVE = """
delete from {table} as standing
using (
    select keys.* from ops.publish_log cross join lateral jsonb_populate_record(null::{table}, key) as keys
    where publish_id = %(publish_id)s and table_name = %(name)s and operation <> 'delete'
) as written
where {matches}
"""
_PUT_BACK = """
insert into {table} ({columns})
select {old_columns} from ops.publish_log cross join lateral jsonb_populate_record(null::{table}, old) as before
where publish_id = %(publish_id)s and table_name = %(name)s and operation <> 'insert'
"""
_RECORD = """
insert into ops.publishes (invocation_id, published_by, kind, rows_inserted, rows_deleted)
values (%s, %s, 'roll_back', %s, %s) returning publish_id
"""
_HOLD = """
update ops.publish_hold set is_held = true, reason = %s, since = clock_timestamp(), set_by = %s
"""
_CONFLICTS = (
    """
    insert into ops.conflict_log as known (conflict_id, business, kind, value)
    select conflict_id, business, kind, value from unified.merge_conflicts
    on conflict (conflict_id) do update
    set last_seen_at = excluded.last_seen_at, closed_at = null, reopened = known.reopened + 1
    where known.closed_at is not null
    """,
    """
    update ops.conflict_log as known set closed_at = clock_timestamp()
    where closed_at is null
        and not exists (select from unified.merge_conflicts as now where now.conflict_id = known.conflict_id)
    """,
)


@dataclass(frozen=True)
class RolledBack:
    """What a roll-back has undone: publishes, newest first, and rows taken out and put back."""

    publish_id: int
    undone: list[int]
    rows_removed: int
    rows_put_back: int

    def __str__(self) -> str:
        """For a person, with what happens next."""
        numbers = ", ".join(str(number) for number in self.undone)
        return (
            f"Undone: publish {numbers}. {self.rows_removed:,} rows were taken out, {self.rows_put_back:,} put back; "
            "the tables are as they were, and what those publishes brought waits to be unified again.\n"
            "Publishing is held: `meltano run unify-preview` computes and shows what would be published, "
            "`stage-first publish` publishes it."
        )


def roll_back(connection: Connection, run_id: uuid.UUID, who: str, after: int | None = None) -> RolledBack:
    """Undo the last publish that changed anything (or all after the publish `after`), in one transaction.

    Raises:
        UsageError: there is none, or the log cannot lead back.
    """
    with connection.transaction():
        connection.execute("lock table ops.publishes in share row exclusive mode")
        undone = _publishes_to_undo(connection, after)
        tables = _tables_of(connection, undone)
        columns = {name: _columns(connection, name) for name in {table["table_name"] for table in tables}}
        _check(tables, columns)
        for name in sorted(columns):
            connection.execute(sql.SQL("lock table {} in share row exclusive mode").format(_named(name)))
        changed = [_undo(connection, table, columns[table["table_name"]]) for table in tables]
        removed, put_back = (sum(rows) for rows in zip(*changed, strict=True)) if changed else (0, 0)
        ((publish_id,),) = connection.execute(_RECORD, [run_id, who, put_back, removed]).fetchall()
        _settle(connection, publish_id, undone, who)
    return RolledBack(publish_id, undone, removed, put_back)


def _publishes_to_undo(connection: Connection, after: int | None) -> list[int]:
    standing = connection.execute(_STANDING).fetchall()
    if not standing:
        raise UsageError("Nothing is published, so there is nothing to roll back.")
    if after is None:
        changing = [number for number, rows in standing if rows]
        if not changing:
            raise UsageError("No publish that stands has changed a row, so there is nothing to roll back.")
        return [number for number, _ in standing if number >= changing[0]]
    if after not in [number for number, _ in standing]:
        known = ", ".join(str(number) for number, _ in standing[:5])
        raise UsageError(f"There is no publish {after} that stands. The last ones: {known}.")
    undone = [number for number, _ in standing if number > after]
    if not undone:
        raise UsageError(f"Publish {after} is the last one, so there is nothing after it to undo.")
    return undone


def _tables_of(connection: Connection, publishes: list[int]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_TABLES, [publishes]).fetchall()


def _columns(connection: Connection, name: str) -> list[str]:
    return [row[0] for row in connection.execute(_COLUMNS, [f"{_SCHEMA}.{name}"]).fetchall()]


def _check(tables: list[dict[str, Any]], columns: dict[str, list[str]]) -> None:
    """What the log holds must fit the tables as they stand."""
    for table in tables:
        name, now = table["table_name"], columns[table["table_name"]]
        is_other = table["old"] is not None and set(table["old"]) != set(now)
        if not now or is_other or (table["was_reshaped"] and not table["was_empty"]):
            raise UsageError(
                f"{_SCHEMA}.{name} has other columns than before publish {table['publish_id']}, and the log does not "
                "hold what stood in them, so this publish cannot be undone. Nothing was changed. Correct the rules, "
                "the decisions or the models instead and run `meltano run unify-preview`."
            )


def _undo(connection: Connection, table: dict[str, Any], columns: list[str]) -> tuple[int, int]:
    """Rows taken out of and put back into one table by undoing one publish."""
    name = _named(table["table_name"])
    if table["was_empty"]:
        return connection.execute(sql.SQL("delete from {}").format(name)).rowcount, 0
    if table["key"] is None:
        return 0, 0
    parameters = {"publish_id": table["publish_id"], "name": table["table_name"]}
    matches = sql.SQL(" and ").join(
        sql.SQL("standing.{0} = written.{0}").format(sql.Identifier(column)) for column in table["key"]
    )
    removed = connection.execute(sql.SQL(_REMOVE).format(table=name, matches=matches), parameters).rowcount
    listed = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    old = sql.SQL(", ").join(sql.Identifier("before", column) for column in columns)
    put_back = sql.SQL(_PUT_BACK).format(table=name, columns=listed, old_columns=old)
    return removed, connection.execute(put_back, parameters).rowcount


def _settle(connection: Connection, publish_id: int, undone: list[int], who: str) -> None:
    """The batches wait again, the publishes say that they were undone, and nothing is published by itself."""
    connection.execute("delete from ops.unified_batches where publish_id = any(%s)", [undone])
    connection.execute("update ops.publishes set rolled_back_by = %s where publish_id = any(%s)", [publish_id, undone])
    for statement in _CONFLICTS:
        connection.execute(statement)
    numbers = ", ".join(str(number) for number in undone)
    connection.execute(_HOLD, [f"publish {numbers} was rolled back.", who])


def _named(name: str) -> sql.Identifier:
    return sql.Identifier(_SCHEMA, name)

"""One table of the warehouse, and the statements that fill it from a temporary table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from target_postgres.schema import EXTRA_COLUMN, Column, column_name, columns_of, is_raw, short_name

RAW_COLUMNS = [
    Column("account", "text", "account"),
    Column("id", "text", "id"),
    Column("created_at", "timestamptz", "created_at"),
    Column("updated_at", "timestamptz", "updated_at"),
    Column("record", "jsonb", "record"),
    Column("phones", "jsonb", "phones"),
    Column("origin", "jsonb", "origin"),
]
_NOT_COMPARED = {"origin"}


@dataclass
class Table:
    """Where a stream goes: its columns, its key, and the statements that follow from them."""

    schema: str
    name: str
    columns: list[Column]
    keys: list[str]
    raw: bool
    ready: bool = field(default=False, compare=False)

    @classmethod
    def of_stream(cls, schema_name: str, stream: str, schema: dict[str, Any], key_properties: list[str]) -> Table:
        """The table that a SCHEMA message describes."""
        if is_raw(schema, key_properties):
            return cls(schema_name, short_name(stream), list(RAW_COLUMNS), ["account", "id"], raw=True)
        keys = [column_name(name) for name in key_properties]
        return cls(schema_name, short_name(stream), columns_of(schema), keys, raw=False)

    @property
    def stored_columns(self) -> list[Column]:
        """The columns that a row brings, `_extra` of a typed stream included."""
        return self.columns if self.raw else [*self.columns, Column(EXTRA_COLUMN, "jsonb", EXTRA_COLUMN)]

    @property
    def label(self) -> str:
        """Schema and name, for `ops`."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """Schema and name, quoted."""
        return sql.Identifier(self.schema, self.name)

    @property
    def incoming(self) -> sql.Identifier:
        """The temporary table that rows are copied into."""
        return sql.Identifier("pg_temp", short_name(f"incoming_{self.label}"))

    def copy_statement(self) -> sql.Composed:
        """COPY into the temporary table."""
        return sql.SQL("copy {} from stdin").format(self.incoming)

    def empty_statement(self) -> sql.Composed:
        """Empty the temporary table within a transaction."""
        return sql.SQL("truncate {}").format(self.incoming)

    def upsert_statement(self) -> sql.Composed:
        """Move the rows over, rewrite only what changed, and count new and changed rows."""
        names = [column.name for column in self.stored_columns]
        listed = sql.SQL("").join([sql.SQL("{}, ").format(sql.Identifier(name)) for name in names])
        values = [name for name in names if name not in self.keys]
        compared = [name for name in values if not (self.raw and name in _NOT_COMPARED)]
        return sql.SQL(_UPSERT).format(
            table=self.identifier,
            listed=listed,
            incoming=self.incoming,
            conflict=self._conflict(values, compared) if self.keys else sql.SQL(""),
        )

    def _conflict(self, values: list[str], compared: list[str]) -> sql.Composed:
        assignments = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in values]
        differs: list[sql.Composable] = [
            sql.SQL("kept.{0} is distinct from excluded.{0}").format(sql.Identifier(n)) for n in compared
        ]
        differs.append(sql.SQL("(kept._deleted_at is null) is distinct from (excluded._deleted_at is null)"))
        return sql.SQL(_CONFLICT).format(
            keys=sql.SQL(", ").join(map(sql.Identifier, self.keys)),
            assignments=sql.SQL("").join([part + sql.SQL(", ") for part in assignments]),
            differs=sql.SQL(" or ").join(differs),
        )

    def list_statement(self) -> sql.Composed:
        """Remember the keys of this batch as seen in the full re-list under way."""
        return sql.SQL(
            "insert into ops.listed_keys (stream, version, key_hash)"
            " select distinct %(stream)s, %(version)s::bigint, {hash} from {incoming} as keyed on conflict do nothing"
        ).format(hash=self._key_hash(), incoming=self.incoming)

    def sweep_statement(self) -> sql.Composed:
        """Mark as deleted the rows that a complete re-list did not show."""
        return sql.SQL(
            "update {table} as keyed set _deleted_at = clock_timestamp(), _loaded_at = clock_timestamp(),"
            " _run_id = %(run_id)s, _batch_id = %(batch_id)s where _deleted_at is null and not exists ("
            "select from ops.listed_keys where stream = %(stream)s and version = %(version)s and key_hash = {hash})"
        ).format(table=self.identifier, hash=self._key_hash())

    def _key_hash(self) -> sql.Composed:
        keys = sql.SQL(", ").join([sql.SQL("keyed.{}").format(sql.Identifier(key)) for key in self.keys])
        return sql.SQL("md5(jsonb_build_array({})::text)::uuid").format(keys)


_UPSERT = """
with written as (
    insert into {table} as kept ({listed}_first_loaded_at, _loaded_at, _run_id, _batch_id, _deleted_at)
    select {listed}now(), now(), %(run_id)s, %(batch_id)s, _deleted_at from {incoming}
    {conflict}
    returning xmax = 0 as is_new
)
select count(*) filter (where is_new), count(*) filter (where not is_new) from written
"""
_CONFLICT = """
    on conflict ({keys}) do update set
        {assignments}
        _loaded_at = excluded._loaded_at, _run_id = excluded._run_id, _batch_id = excluded._batch_id,
        _deleted_at = excluded._deleted_at
    where {differs}
"""

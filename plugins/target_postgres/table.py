"""One table of the warehouse, and the statements that fill it from a temporary table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import sql

from target_postgres.schema import EXTRA_COLUMN, RELIST_COLUMN, Column, columns_of, is_raw, short_name

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

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
_OF_TOMBSTONE = {
    "record": "kept.record || excluded.record",
    "phones": "coalesce(nullif(excluded.phones, '[]'), kept.phones, excluded.phones)",
    "created_at": "coalesce(excluded.created_at, kept.created_at)",
    "updated_at": "coalesce(excluded.updated_at, kept.updated_at)",
}
"""A tombstone adds to what was known of a raw row and takes nothing away."""
_KEY_TEXTS = {"jsonb": "{} #>> '{{}}'", "numeric": "trim_scale({})::text"}


@dataclass
class Table:
    """Where a stream goes: its columns as they are sent, their types as they are stored, and its key.

    The statements carry their values as literals: psycopg would read the `%` of a name as a placeholder.
    """

    schema: str
    name: str
    columns: list[Column]
    keys: list[str]
    raw: bool
    stored_types: dict[str, str] = field(default_factory=dict)
    ready: bool = field(default=False, compare=False)

    @classmethod
    def of_stream(cls, schema_name: str, stream: str, schema: dict[str, Any], key_properties: list[str]) -> Table:
        """The table that a SCHEMA message describes."""
        if is_raw(schema, key_properties):
            return cls(schema_name, short_name(stream), list(RAW_COLUMNS), ["account", "id"], raw=True)
        columns = columns_of(schema)
        names = {column.source: column.name for column in columns}
        return cls(schema_name, short_name(stream), columns, [names[key] for key in key_properties], raw=False)

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

    def upsert_statement(self, run_id: uuid.UUID, batch_id: int | None) -> sql.Composed:
        """Move the rows over, rewrite only what changed, and count new and changed rows."""
        names = [column.name for column in self.stored_columns]
        values = [name for name in names if name not in self.keys]
        compared = [name for name in values if not (self.raw and name in _NOT_COMPARED)]
        return sql.SQL(_UPSERT).format(
            table=self.identifier,
            listed=_listed([sql.Identifier(name) for name in names]),
            sent=_listed([self._as_stored(column, sql.Identifier(column.name)) for column in self.stored_columns]),
            run_id=run_id,
            batch_id=batch_id,
            incoming=self.incoming,
            conflict=self._conflict(values, compared) if self.keys else sql.SQL(""),
        )

    def _as_stored(self, column: Column, value: sql.Composable) -> sql.Composable:
        """A value as sent, in the type that the table has had since an earlier schema."""
        stored = self.stored_types.get(column.name, column.type)
        if stored == column.type:
            return value
        return sql.SQL("to_jsonb({})" if stored == "jsonb" else "{}::" + stored).format(value)

    def _conflict(self, values: list[str], compared: list[str]) -> sql.Composed:
        assignments = [sql.SQL("{} = {}").format(sql.Identifier(name), self._merged(name)) for name in values]
        differs: list[sql.Composable] = [
            sql.SQL("kept.{} is distinct from {}").format(sql.Identifier(n), self._merged(n)) for n in compared
        ]
        differs.append(sql.SQL("(kept._deleted_at is null) is distinct from (excluded._deleted_at is null)"))
        return sql.SQL(_CONFLICT).format(
            keys=sql.SQL(", ").join(map(sql.Identifier, self.keys)),
            assignments=_listed(assignments),
            differs=sql.SQL(" or ").join(differs),
        )

    def _merged(self, name: str) -> sql.Composable:
        """What a column becomes where the key is known."""
        sent = sql.SQL("excluded.{}").format(sql.Identifier(name))
        if not self.raw or name not in _OF_TOMBSTONE:
            return sent
        merged = sql.SQL(_OF_TOMBSTONE[name])
        return sql.SQL("case when excluded._deleted_at is null then {} else {} end").format(sent, merged)

    def list_statement(self) -> sql.Composed:
        """Remember the keys of this batch that were sent in a re-list under way."""
        sent = {column.name: self._as_stored(column, sql.Identifier(column.name)) for column in self.columns}
        return sql.SQL(_LIST).format(
            stream=self.label,
            account=sql.Identifier("account") if self.raw else sql.Literal(""),
            version=sql.Identifier(RELIST_COLUMN),
            hash=self._key_hash([sent[key] for key in self.keys]),
            incoming=self.incoming,
        )

    def sweep_statement(
        self, run_id: uuid.UUID, batch_id: int | None, version: int, living: sql.Composable
    ) -> sql.Composed:
        """Mark as deleted those of the living rows that a complete re-list did not show."""
        return sql.SQL(_SWEEP).format(
            table=self.identifier,
            living=living,
            run_id=run_id,
            batch_id=batch_id,
            stream=self.label,
            version=version,
            hash=self._key_hash([sql.Identifier("kept", key) for key in self.keys]),
        )

    def living_statement(self, living: sql.Composable) -> sql.Composed:
        """Count the living rows."""
        return sql.SQL("select count(*) from {} where {}").format(self.identifier, living)

    def _key_hash(self, keys: list[sql.Composable]) -> sql.Composed:
        """A hash of the key's text: the same for `1`, `1.0` and, where a column was widened meanwhile, `'1'`."""
        sent = {column.name: column.type for column in self.columns}
        types = [self.stored_types.get(name, sent[name]) for name in self.keys]
        texts = [sql.SQL(_KEY_TEXTS.get(kind, "{}::text")).format(key) for kind, key in zip(types, keys, strict=True)]
        return sql.SQL("md5(jsonb_build_array({})::text)::uuid").format(sql.SQL(", ").join(texts))


def living_rows(account: str | None, since: int | None) -> sql.Composable:
    """The rows, of an account or of all, created since a moment or ever, that are not marked as deleted."""
    conditions: list[sql.Composable] = [sql.SQL("_deleted_at is null")]
    if account is not None:
        conditions.append(sql.SQL("account = {}").format(account))
    if since is not None:
        conditions.append(sql.SQL("created_at >= to_timestamp({} / 1000.0)").format(since))
    return sql.SQL(" and ").join(conditions)


def _listed(parts: Sequence[sql.Composable]) -> sql.Composed:
    """Parts with a comma after each."""
    return sql.SQL("").join([sql.SQL("{}, ").format(part) for part in parts])


_UPSERT = """
with written as (
    insert into {table} as kept ({listed}_first_loaded_at, _loaded_at, _run_id, _batch_id, _deleted_at)
    select {sent}now(), now(), {run_id}, {batch_id}, _deleted_at from {incoming}
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
_LIST = """
insert into ops.listed_keys (stream, version, key_hash, account)
select distinct relists.stream, relists.version, sent.key_hash, relists.account
from (select {account} as account, {version} as version, {hash} as key_hash from {incoming}) as sent
join ops.relists on relists.account = sent.account and relists.version = sent.version
where relists.stream = {stream} and relists.ended_at is null
on conflict do nothing
"""
_SWEEP = """
update {table} as kept set
    _deleted_at = clock_timestamp(), _loaded_at = clock_timestamp(), _run_id = {run_id}, _batch_id = {batch_id}
where {living} and not exists (
    select from ops.listed_keys as listed
    where listed.stream = {stream} and listed.version = {version} and listed.key_hash = {hash}
)
"""

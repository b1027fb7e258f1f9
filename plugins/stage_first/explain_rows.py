"""What an explanation reads: a client, its records, the values that they hold, and the raw rows behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from stage_first.queries import fetch, queries

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from stage_first.decisions import Connection

FURTHER_STREAMS = {("manychat", "subscribers"): "subscriber_pushes"}
"""Where a record is found that has no row in the stream of its key."""


@dataclass(frozen=True)
class ClientRow:
    """A row of `unified.clients`."""

    client_id: str
    business: str
    name: str | None
    email: str | None
    phone: str | None
    country: str | None
    consent_email: str | None
    consent_sms: str | None
    consent_whatsapp: str | None
    emails: list[str]
    phones: list[str]
    record_count: int
    open_conflicts: int


@dataclass(frozen=True)
class RecordRow:
    """A record of a client, what it says about the person, and why it is there."""

    record_number: int
    record_key: str
    source: str
    stream: str
    kind: str
    account: str
    id: str
    name: str | None
    emails: list[str] | None
    phones: list[str] | None
    country: str | None
    consent_email: str | None
    consent_sms: str | None
    consent_whatsapp: str | None
    source_priority: int | None
    updated_at: datetime | None
    created_at: datetime | None
    is_founding: bool
    why_kind: str | None
    why_value: str | None
    why_rule: str
    first_loaded_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True)
class Holding:
    """A value that a record holds; `excluded` says why it counts nowhere (blocked, declared or counted as shared)."""

    record_number: int
    kind: str
    value: str
    value_number: int
    excluded: str | None
    name_count: int | None
    max_names: int | None
    record_count: int | None


@dataclass(frozen=True)
class RawRow:
    """Where a record was read, and the run that brought what stands there."""

    table: str
    account: str
    id: str
    run_id: str
    batch_id: int
    loaded_at: datetime
    path: str | None
    line: str | None
    started_at: datetime | None
    started_by: str | None


def client_row(connection: Connection, client_id: str) -> ClientRow:
    """The client as it was published."""
    return ClientRow(**fetch(connection, "explained_client", {"client_id": client_id})[0])


def records_of(connection: Connection, client_id: str) -> list[RecordRow]:
    """The records of a client in the order in which they have their say."""
    return [RecordRow(**row) for row in fetch(connection, "explained_records", {"client_id": client_id})]


def holdings_of(connection: Connection, client_id: str) -> list[Holding]:
    """Which record of a client holds which value, the strongest first."""
    return [Holding(**row) for row in fetch(connection, "explained_identifiers", {"client_id": client_id})]


def raw_rows(connection: Connection, records: Iterable[RecordRow]) -> dict[str, RawRow]:
    """The raw row of each record, by its key."""
    wanted: dict[tuple[str, str], list[RecordRow]] = {}
    for record in records:
        wanted.setdefault((record.source, record.stream), []).append(record)
    found: dict[str, RawRow] = {}
    for (source, stream), group in wanted.items():
        if (source, stream) == ("paypal", "payers"):
            found |= _payments(connection, group)
            continue
        found |= _rows_of(connection, source, stream, {(each.account, each.id): each.record_key for each in group})
        further = FURTHER_STREAMS.get((source, stream))
        rest = {(each.account, each.id): each.record_key for each in group if each.record_key not in found}
        found |= _rows_of(connection, source, further, rest) if further and rest else {}
    return found


def _payments(connection: Connection, payers: list[RecordRow]) -> dict[str, RawRow]:
    asked = {"accounts": [each.account for each in payers], "ids": [each.id for each in payers]}
    keys = {(each.account, each.id): each.record_key for each in payers}
    rows = fetch(connection, "first_payment_of_payers", asked)
    first = {(row["account"], row["id"]): keys[row["account"], row["payer_id"]] for row in rows}
    return _rows_of(connection, "paypal", "transactions", first)


def _rows_of(connection: Connection, source: str, stream: str, keys: dict[tuple[str, str], str]) -> dict[str, RawRow]:
    table = f"staging_{source}.{stream}"
    query = sql.SQL(queries()["raw_rows"]).format(table=sql.Identifier(*table.split(".")))
    asked: dict[str, Any] = {"accounts": [key[0] for key in keys], "ids": [key[1] for key in keys]}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, {**asked, "source": source, "stream": stream}).fetchall()
    return {keys[row["account"], row["id"]]: RawRow(table=table, **row) for row in rows}

"""One case: its clients side by side, where each value came from, and what each answer would do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sync_center.database import fetch
from sync_center.language.catalogues import N_
from sync_center.pages.conflicts.queue import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sync_center.database import Connection, Row

MOST_CLIENTS = 12
MOST_RECORDS = 8
"""Records of a client that are shown; those that hold a contested value come first."""
FIELDS = {
    "name": N_("Name"),
    "emails": N_("E-mails"),
    "phones": N_("Phones"),
    "ids": N_("Ids"),
    "country": N_("Country"),
}


@dataclass
class Value:
    """What records of a client say about a field, and when the newest of them was told so."""

    text: str
    origins: list[str] = field(default_factory=list)
    told_at: datetime | None = None
    mark: str = ""
    """`contested`, `differs` from all others, or `same`: another client has it too."""


@dataclass
class Column:
    """A client of the case."""

    client: Row
    records: list[Row]
    values: dict[str, list[Value]]
    is_holding: set[str]
    """The contested values that it holds, as kind and value."""

    @property
    def client_id(self) -> str:
        """Its id."""
        return str(self.client["client_id"])

    @property
    def title(self) -> str:
        """What it is called."""
        return self.client["name"] or next(iter([*self.client["emails"], *self.client["phones"]]), self.client_id[:8])


@dataclass
class Case:
    """A case as it stands now; `seen` says what a form was filled against."""

    row: Row
    conflicts: list[Row]
    columns: list[Column]
    decisions: list[Row]
    standing: list[int]
    act: Row | None
    seen: str

    @property
    def case_id(self) -> str:
        """Its id."""
        return str(self.row["case_id"])

    @property
    def more_clients(self) -> int:
        """Clients that are not shown."""
        return len(self.row["client_ids"]) - len(self.columns)

    @property
    def payments(self) -> int:
        """The payments of all its clients."""
        return sum(column.client["payment_count"] for column in self.columns)

    @property
    def records(self) -> int:
        """The records of all its clients."""
        return sum(column.client["record_count"] for column in self.columns)

    @property
    def holding(self) -> int:
        """How many records hold a contested value."""
        return sum(conflict["record_count"] for conflict in self.conflicts)

    @property
    def hanging(self) -> int:
        """How many records hang together with their client by a contested value only."""
        return sum(conflict["hanging_count"] for conflict in self.conflicts)

    @property
    def is_decided(self) -> bool:
        """Whether a decision about it waits for unify."""
        return bool(self.row["waiting_ids"])


def seen_mark(row: Row) -> str:
    """What a form was filled against: the conflicts as they were published, and the decisions that wait."""
    told = (row["version"], sorted(row["waiting_ids"]), sorted(row["undone_ids"]))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def read_case(connection: Connection, case_id: str) -> Case | None:
    """The case, if it is there."""
    row = next(iter(fetch(connection, "conflicts", "case", case_id=case_id)), None)
    if row is None:
        return None
    conflicts = fetch(connection, "conflicts", "conflicts", case_id=case_id)
    clients = fetch(connection, "conflicts", "clients", client_ids=row["client_ids"], most=MOST_CLIENTS)
    decided = fetch(
        connection, "conflicts", "decisions_of_case", decision_ids=[*row["waiting_ids"], *row["undone_ids"]]
    )
    standing = (
        fetch(connection, "conflicts", "standing_ids", client_ids=row["client_ids"], conflict_ids=row["conflict_ids"])
        if row["status"] != "open" else []
    )  # fmt: skip
    return Case(
        row=row,
        conflicts=conflicts,
        columns=_columns(connection, conflicts, clients),
        decisions=decided,
        standing=[each["decision_id"] for each in standing],
        act=next(iter(fetch(connection, "conflicts", "act_of_case", case_id=case_id)), None),
        seen=seen_mark(row),
    )


def _columns(connection: Connection, conflicts: list[Row], clients: list[Row]) -> list[Column]:
    holding = {
        key: (each["client_id"], f"{conflict['kind']} {conflict['value']}")
        for conflict in conflicts
        for each in conflict["competitors"]
        for key in each["record_keys"]
    }
    ids = [client["client_id"] for client in clients]
    rows = fetch(connection, "conflicts", "records", client_ids=ids, holding=list(holding), most=MOST_RECORDS)
    contested = {text for one in conflicts for text in (one["value"], f"{one['kind']} {one['value']}")}
    columns = [
        Column(
            client=client,
            records=(records := [row for row in rows if row["client_id"] == client["client_id"]]),
            values=_values(client, records),
            is_holding={
                f"{conflict['kind']} {conflict['value']}" for conflict in conflicts
                if any(each["client_id"] == client["client_id"] for each in conflict["competitors"])
            },
        )
        for client in clients
    ]  # fmt: skip
    for name in FIELDS:
        _mark(columns, name, contested)
    return columns


def _values(client: Row, records: list[Row]) -> dict[str, list[Value]]:
    """Of each field what the client's records say, and what the client has from records that are not shown."""
    found: dict[str, dict[str, Value]] = {name: {} for name in FIELDS}
    for record in records:
        for name, text in _said(record):
            value = found[name].setdefault(text, Value(text))
            origin = f"{record['source']}/{record['kind']}"
            value.origins += [origin] if origin not in value.origins else []
            told = record["told_at"] or record["first_loaded_at"]
            value.told_at = max(filter(None, (value.told_at, told)))
    for name, text in _said(client):
        found[name].setdefault(text, Value(text))
    return {name: list(values.values()) for name, values in found.items()}


def _said(row: Row) -> Iterator[tuple[str, str]]:
    for name in FIELDS:
        said: Any = row[name]
        for text in said if isinstance(said, list) else [said]:
            if text:
                yield name, text


def _mark(columns: list[Column], name: str, contested: set[str]) -> None:
    """Mark what is contested, what another client has too, and what is only one's."""
    held = [{folded(value.text) for value in column.values[name]} for column in columns]
    for place, column in enumerate(columns):
        others = set().union(*(held[:place] + held[place + 1 :]))
        for value in column.values[name]:
            if value.text in contested:
                value.mark = "contested"
            elif folded(value.text) in others:
                value.mark = "same"
            elif others:
                value.mark = "differs"


def titles(columns: Iterable[Column]) -> list[str]:
    """What the clients are called, each name once."""
    return list(dict.fromkeys(column.title for column in columns))

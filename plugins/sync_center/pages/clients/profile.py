"""All that a client's page shows, read together."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from stage_first.decisions import all_decisions, check_unified
from stage_first.explain import Explanation, explain_client
from stage_first.explain_rows import raw_rows, records_of
from stage_first.explain_winners import offers_of
from stage_first.queries import fetch as fetch_of_commands
from stage_first.queries import queries

from sync_center.database import FOLDER, fetch

if TYPE_CHECKING:
    from stage_first.decisions import Decision
    from stage_first.explain_rows import RawRow, RecordRow

    from sync_center.database import Connection, Row
    from sync_center.panel import Panel

MOST_PAYMENTS = 10
MOST_CHANGES = 20
MOST_PUBLISHES = 500
MOST_FORMER = 5
MOST_OFFERS = 8
_QUIET = {"emails_from", "phones_from", "last_seen", "client_id"}
"""Columns whose change says nothing to a person."""


@dataclass(frozen=True)
class Change:
    """What a publish did to a client: columns that it changed, with the value before and after."""

    publish: Row
    columns: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Profile:
    """One client."""

    client: Row
    explanation: Explanation
    conflicts: list[Row]
    payments: list[Row]
    subscriptions: list[Row]
    changes: list[Change]
    first_publish: Row | None

    @property
    def records(self) -> list[RecordRow]:
        """The founding one first, then as they came."""
        found = self.explanation.records
        return sorted(found, key=lambda one: (not one.is_founding, one.first_loaded_at, one.record_key))

    @property
    def waiting(self) -> list[list[Decision]]:
        """Decisions that the next unify applies, or takes back; those that were made together as one."""
        return _together([one for one in self.explanation.decisions if one.is_standing != one.is_applied])

    @property
    def counting(self) -> list[list[Decision]]:
        """Decisions that count already and stand."""
        return _together([one for one in self.explanation.decisions if one.is_standing and one.is_applied])

    def offers(self, name: str) -> list[tuple[RecordRow, str]]:
        """What records say first for a field, each value once, in the order in which they have their say."""
        of_record: dict[str, tuple[RecordRow, str]] = {}
        for record, value in offers_of(name, self.explanation.client, self.explanation.records):
            of_record.setdefault(record.record_key, (record, value))
        of_value: dict[str, tuple[RecordRow, str]] = {}
        for record, value in of_record.values():
            of_value.setdefault(value, (record, value))
        return list(of_value.values())[:MOST_OFFERS]


def client_today(panel: Panel, text: str) -> str | None:
    """The client that an id means today; None if nobody was ever known by it."""
    try:
        client_id = str(uuid.UUID(text))
    except ValueError:
        return None
    with panel.database.connection() as connection:
        check_unified(connection)
        found = fetch(connection, "clients", "client_today", client_id=client_id)
    return str(found[0]["client_id"]) if found else None


def read_profile(panel: Panel, client_id: str) -> Profile:
    """The client of that id of today."""
    with panel.database.connection() as connection:
        decisions = all_decisions(connection, with_withdrawn=True, client_id=client_id)
        explanation = explain_client(connection, client_id, decisions)
        asked: dict[str, Any] = {"client_id": client_id}
        return Profile(
            client=fetch(connection, "clients", "client", **asked)[0],
            explanation=explanation,
            conflicts=fetch_of_commands(connection, "conflicts_of_client", asked),
            payments=fetch(connection, "clients", "payments", **asked, most=MOST_PAYMENTS + 1),
            subscriptions=fetch(connection, "clients", "subscriptions", **asked, most=MOST_PAYMENTS),
            changes=_changes(connection, client_id, explanation),
            first_publish=next(iter(fetch(connection, "clients", "first_publish")), None),
        )


def raw_of(panel: Panel, client_id: str, record_key: str) -> tuple[RawRow, Row] | None:
    """The raw row behind a record of a client, and where it stands."""
    with panel.database.connection() as connection:
        records = [one for one in records_of(connection, client_id) if one.record_key == record_key]
        place = raw_rows(connection, records).get(record_key)
        if place is None:
            return None
        table = sql.Identifier(*place.table.split("."))
        query = sql.SQL(queries(FOLDER / "clients.sql")["raw_record"]).format(table=table)
        row = connection.execute(query, {"account": place.account, "id": place.id}).fetchone()
        return (place, row) if row else None


def _changes(connection: Connection, client_id: str, explanation: Explanation) -> list[Change]:
    former = former_ids(connection, explanation)
    asked = {"client_ids": [client_id, *former[:MOST_FORMER]], "publishes": MOST_PUBLISHES, "most": MOST_CHANGES}
    rows = fetch(connection, "clients", "history", **asked)
    return [Change(row, _differences(row["old"] or {}, row["new"] or {})) for row in rows]


def former_ids(connection: Connection, explanation: Explanation) -> list[str]:
    """The ids that other records of the client would found: one of them may have been a client of its own."""
    asked = {"client_id": explanation.client.client_id}
    return [row["alias_client_id"] for row in fetch(connection, "clients", "former_ids", **asked, most=MOST_FORMER)]


def _differences(old: Row, new: Row) -> dict[str, tuple[Any, Any]]:
    names = [name for name in (new or old) if name not in _QUIET]
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _together(decisions: list[Decision]) -> list[list[Decision]]:
    """A split is several decisions of one moment; it is shown, and undone, as one."""
    groups: list[list[Decision]] = []
    for decision in decisions:
        last = groups[-1][-1] if groups else None
        is_same = (
            last is not None
            and last.decision == decision.decision == "not_theirs"
            and (last.record_key, last.decided_by, last.reason, last.is_standing)
            == (decision.record_key, decision.decided_by, decision.reason, decision.is_standing)
            and (decision.decided_at - last.decided_at).total_seconds() < 1
        )
        groups[-1].append(decision) if is_same else groups.append([decision])
    return groups

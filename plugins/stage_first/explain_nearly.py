"""What nearly joined a client, and what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stage_first.decisions_checks import DIFFERENT, told
from stage_first.decisions_records import NOT_THEIRS
from stage_first.decisions_values import holders
from stage_first.queries import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stage_first.decisions import Connection, Decision
    from stage_first.explain_rows import ClientRow, Holding, RecordRow


@dataclass(frozen=True)
class Near:
    """Other clients that something connects with this one, and why they are not the same."""

    what: str
    rule: str
    """conflict, blocked, declared, counted, not_theirs or kept_apart."""
    because: str
    client_ids: list[str]
    conflict_id: str | None = None


def nearly_joined(
    connection: Connection,
    client: ClientRow,
    records: list[RecordRow],
    holdings: list[Holding],
    decisions: list[Decision],
) -> list[Near]:
    """Who holds a value of this client that is contested, shared, blocked or not theirs, or is kept apart from it."""
    near = [
        *_competing(connection, client),
        *_without_effect(connection, client, holdings),
        *_not_theirs(connection, client, records, decisions),
        *_kept_apart(client, decisions),
    ]
    return [each for each in near if each.client_ids or each.conflict_id]


def _competing(connection: Connection, client: ClientRow) -> Iterator[Near]:
    for row in fetch(connection, "conflicts_of_client", {"client_id": client.client_id}):
        others = [client_id for client_id in row["client_ids"] if client_id != client.client_id]
        because = f"a conflict, {row['status']} ({row['reason']})"
        yield Near(f"{row['kind']} {row['value']}", "conflict", because, others, row["conflict_id"])


def _without_effect(connection: Connection, client: ClientRow, holdings: list[Holding]) -> Iterator[Near]:
    for holding in {each.value_number: each for each in holdings if each.excluded}.values():
        asked = {"value_number": holding.value_number, "client_id": client.client_id}
        others = [row["client_id"] for row in fetch(connection, "others_with_value", asked)]
        yield Near(f"{holding.kind} {holding.value}", str(holding.excluded), _why_excluded(holding), others)


def _why_excluded(holding: Holding) -> str:
    if holding.excluded == "blocked":
        return "blocked"
    if holding.excluded == "declared":
        return "shared, as somebody decided"
    limit = f"; its kind allows {holding.max_names}" if holding.max_names is not None else ""
    return f"shared: {holding.record_count} records under {holding.name_count} names{limit}"


def _not_theirs(
    connection: Connection, client: ClientRow, records: list[RecordRow], decisions: list[Decision]
) -> Iterator[Near]:
    keys = {record.record_key for record in records}
    for decision in decisions:
        if decision.decision == NOT_THEIRS and decision.record_key in keys:
            found = holders(connection, str(decision.kind), str(decision.value))
            others = [
                holder.client_id
                for holder in found
                if holder.client_id != client.client_id and holder.business == client.business
            ]
            yield Near(f"{decision.kind} {decision.value}", NOT_THEIRS, f"not theirs: {told(decision)}", others)


def _kept_apart(client: ClientRow, decisions: Iterable[Decision]) -> Iterator[Near]:
    for decision in decisions:
        pair = [decision.client_id, decision.other_client_id]
        if decision.decision == DIFFERENT and client.client_id in pair and pair[0] != pair[1]:
            others = [client_id for client_id in pair if client_id and client_id != client.client_id]
            yield Near("different people", "kept_apart", told(decision), others)


def decisions_about(
    client: ClientRow, records: list[RecordRow], holdings: list[Holding], decisions: Iterable[Decision]
) -> list[Decision]:
    """The decisions that stand, or still count, about records or values of a client."""
    keys = {record.record_key for record in records}
    values = {(holding.kind, holding.value) for holding in holdings}
    return [
        decision
        for decision in decisions
        if (decision.is_standing or decision.is_applied)
        and (
            keys & {decision.record_key, decision.other_record_key}
            or (decision.record_key is None and (decision.kind, decision.value) in values)
        )
        and decision.business in (None, client.business)
    ]

"""An explanation as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stage_first.decisions_checks import contradictions
from stage_first.decisions_report import describe, state_of
from stage_first.decisions_values import named
from stage_first.explain_rows import raw_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stage_first.decisions import Connection
    from stage_first.explain import Explanation
    from stage_first.explain_rows import RawRow, RecordRow

MOST_RECORDS = 20
END_OF_WAY = 9
"""Records and links that are shown of each end of a long way; odd, as it begins and ends with a record."""
RULES = {"alone": "nothing joins it", "decided": "joined by a decision"}


def lines(connection: Connection, explanation: Explanation, *, with_all: bool = False) -> Iterator[str]:
    """Client, winners, records with their ways, decisions, and what nearly joined."""
    client = explanation.client
    yield f"Client {client.client_id}: {client.name or client.email or client.phone or 'no name'}"
    yield f"  business {client.business}, records {client.record_count}, open conflicts {client.open_conflicts}"
    yield from _winners(explanation)
    yield from _records(connection, explanation, None if with_all else MOST_RECORDS)
    yield from _decisions(explanation)
    yield from _nearly(connection, explanation)


def _winners(explanation: Explanation) -> Iterator[str]:
    yield "\nWhat won"
    for winner in explanation.winners:
        yield f"  {winner.field} {winner.value}"
        yield f"      of {winner.record_key}" if winner.record_key else "      of no record that is there now"
        yield f"      {winner.because}"


def _records(connection: Connection, explanation: Explanation, most: int | None) -> Iterator[str]:
    shown = sorted(explanation.records, key=lambda record: (not record.is_founding, record.first_loaded_at))[:most]
    raw = raw_rows(connection, shown)
    yield "\nRecords, the founding one first"
    for record in shown:
        yield f"  {record.record_key}{f' ({record.name})' if record.name else ''}"
        yield f"      {_why(record)}"
        way = explanation.ways.to(record.record_key)
        if len(way) > 1:
            yield f"      {shown_way(way)}"
        yield f"      {_raw(raw.get(record.record_key))}"
    rest = len(explanation.records) - len(shown)
    if rest:
        yield f"  and {rest} more (--all shows them)"


def _why(record: RecordRow) -> str:
    rule = RULES.get(record.why_rule, f"{record.why_rule} by {record.why_kind} {record.why_value}")
    founding = "gives the client its id; " if record.is_founding else ""
    deleted = f"; deleted at its source {record.deleted_at:%Y-%m-%d}" if record.deleted_at else ""
    return f"{founding}{rule}; first loaded {record.first_loaded_at:%Y-%m-%d %H:%M} UTC{deleted}"


def shown_way(way: list[str]) -> str:
    """A way like `csv:.. --email ana@x.mx-- ghl:..`; of a very long one the beginning and the end."""
    records_left_out = (len(way) - 2 * END_OF_WAY - 1) // 2
    if records_left_out > 0:
        return f"{shown_way(way[:END_OF_WAY])} ... {records_left_out} more ... {shown_way(way[-END_OF_WAY:])}"
    return "".join(f" --{step}-- " if place % 2 else step for place, step in enumerate(way))


def _raw(raw: RawRow | None) -> str:
    if raw is None:
        return "its raw row is gone"
    file = f" ({raw.path}, line {raw.line})" if raw.path else ""
    by = f" by {raw.started_by}" if raw.started_by else ""
    loaded = f"run {raw.run_id}{by}, batch {raw.batch_id}, {raw.loaded_at:%Y-%m-%d %H:%M} UTC"
    return f"{raw.table}, account {raw.account}, id {raw.id}{file}; {loaded}"


def _decisions(explanation: Explanation) -> Iterator[str]:
    if explanation.decisions:
        yield "\nDecisions"
    against = contradictions(decision for decision in explanation.decisions if decision.is_standing)
    for decision in explanation.decisions:
        state = state_of(decision, against)
        signed = f"{decision.decided_by}, {decision.decided_at:%Y-%m-%d}: {decision.reason or 'no reason given'}"
        yield f"  {decision.decision_id} {describe(decision)}; {state}"
        yield f"      {signed}"


def _nearly(connection: Connection, explanation: Explanation) -> Iterator[str]:
    if explanation.nearly:
        yield "\nWhat nearly joined"
    for near in explanation.nearly:
        yield f"  {near.what}: {near.because}"
        if near.conflict_id:
            yield f"      conflict {near.conflict_id}"
        if near.client_ids:
            yield f"      {named(connection, near.client_ids)}"

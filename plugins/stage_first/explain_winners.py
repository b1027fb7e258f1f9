"""Which value of a client won, whose it is, and why it won."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stage_first.decisions_checks import told
from stage_first.decisions_policies import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stage_first.decisions import Decision
    from stage_first.explain_rows import ClientRow, RecordRow

    Offer = tuple[RecordRow, str]

LISTS = {"email": "emails", "phone": "phones"}


@dataclass(frozen=True)
class Winner:
    """A field of a client, the record that its value comes from, and why that one won."""

    field: str
    value: str
    record_key: str | None
    because: str


def winners(client: ClientRow, records: list[RecordRow], decisions: Iterable[Decision]) -> list[Winner]:
    """What won for each field that has a value; records come in the order in which they have their say."""
    said = sorted(decisions, key=lambda decision: decision.decision_id, reverse=True)
    said = [decision for decision in said if decision.decision in {"pinned", "preferred"}]
    values = ((field, getattr(client, field)) for field in FIELDS)
    return [_winner(field, value, client, records, said) for field, value in values if value is not None]


def _winner(field: str, value: str, client: ClientRow, records: list[RecordRow], said: list[Decision]) -> Winner:
    offers = list(_offers(field, client, records))
    decided = _decided(field, offers, said)
    if decided:
        return Winner(field, value, decided[0].record_key, decided[1])
    own = next(((record, offered) for record, offered in offers if offered == value), None)
    rival = next((offer for offer in offers if offer[1] != value), None)
    return Winner(field, value, own[0].record_key if own else None, _because(own, rival))


def _offers(field: str, client: ClientRow, records: list[RecordRow]) -> Iterator[Offer]:
    """What the records offer, in their order; of e-mails and phones only those that the client has."""
    for record in records:
        if field in LISTS:
            kept = getattr(client, LISTS[field])
            yield from ((record, value) for value in getattr(record, LISTS[field]) or [] if value in kept)
        elif (value := getattr(record, field)) is not None:
            yield record, value


def _decided(field: str, offers: list[Offer], said: list[Decision]) -> tuple[RecordRow, str] | None:
    """A pin before a preference, a later decision before an earlier one."""
    for kind in ("pinned", "preferred"):
        for decision in said:
            if (decision.decision, decision.field) == (kind, field):
                for record, value in offers:
                    if _is_meant(decision, record, value):
                        return record, f"{kind}: {told(decision)}"
    return None


def _is_meant(decision: Decision, record: RecordRow, value: str) -> bool:
    return (
        decision.record_key in (None, record.record_key)
        and decision.source in (None, record.source)
        and (decision.pattern is None or is_like(value, decision.pattern))
    )


def is_like(value: str, pattern: str) -> bool:
    """What LIKE says."""
    parts = re.findall(r"\\?.", pattern, flags=re.DOTALL)
    wanted = "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
    return re.fullmatch(wanted, value, flags=re.DOTALL) is not None


def _because(own: Offer | None, rival: Offer | None) -> str:
    if own is None:
        return "as it was published"
    if rival is None:
        return "nothing else is told"
    one, other = own[0], rival[0]
    if one.record_key == other.record_key:
        return f"the record names it before {rival[1]}"
    return f"{_before(one, other)}; {other.record_key} says {rival[1]}"


def _before(one: RecordRow, other: RecordRow) -> str:
    if one.deleted_at is None and other.deleted_at is not None:
        return "the other record is deleted at its source"
    if one.source_priority != other.source_priority:
        return f"{_place(one)} comes before {_place(other)}"
    if one.updated_at != other.updated_at:
        return f"changed last, {_moment(one, 'updated_at')} against {_moment(other, 'updated_at')}"
    if one.created_at != other.created_at:
        return f"created last, {_moment(one, 'created_at')} against {_moment(other, 'created_at')}"
    return "nothing tells which is newer, so the first in the order of record keys"


def _place(record: RecordRow) -> str:
    priority = record.source_priority if record.source_priority is not None else "none"
    return f"{record.source}/{record.kind} (priority {priority})"


def _moment(record: RecordRow, field: str) -> str:
    moment = getattr(record, field)
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "unknown"

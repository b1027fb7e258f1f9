"""Which value of a client won, whose it is, and why it won."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from stage_first.decisions_checks import told
from stage_first.decisions_policies import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stage_first.decisions import Decision
    from stage_first.explain_rows import ClientRow, RecordRow

    Offer = tuple[RecordRow, str]

LISTS = {"email": "emails", "phone": "phones"}


@dataclass(frozen=True)
class Because:
    """Why a value won: the rule, and what it compared. As text it is what the command line prints."""

    rule: str
    """pinned, preferred, published, alone, named_before, alive, priority, changed, created or key."""
    decision: Decision | None = None
    own: RecordRow | None = None
    other: RecordRow | None = None
    rival: str | None = None

    @override
    def __str__(self) -> str:
        if self.decision:
            return f"{self.rule}: {told(self.decision)}"
        if self.own is None or self.other is None:
            return "as it was published" if self.rule == "published" else "nothing else is told"
        if self.rule == "named_before":
            return f"the record names it before {self.rival}"
        return f"{_before(self.rule, self.own, self.other)}; {self.other.record_key} says {self.rival}"


@dataclass(frozen=True)
class Winner:
    """A field of a client, the record that its value comes from, and why that one won."""

    field: str
    value: str
    record_key: str | None
    because: Because


def winners(client: ClientRow, records: list[RecordRow], decisions: Iterable[Decision]) -> list[Winner]:
    """What won for each field that has a value; records come in the order in which they have their say."""
    said = sorted(decisions, key=lambda decision: decision.decision_id, reverse=True)
    said = [decision for decision in said if decision.decision in {"pinned", "preferred"}]
    values = ((field, getattr(client, field)) for field in FIELDS)
    return [_winner(field, value, client, records, said) for field, value in values if value is not None]


def _winner(field: str, value: str, client: ClientRow, records: list[RecordRow], said: list[Decision]) -> Winner:
    offers = list(offers_of(field, client, records))
    decided = _decided(field, offers, said)
    if decided:
        return Winner(field, value, decided[0].record_key, decided[1])
    own = next(((record, offered) for record, offered in offers if offered == value), None)
    rival = next((offer for offer in offers if offer[1] != value), None)
    return Winner(field, value, own[0].record_key if own else None, _because(own, rival))


def offers_of(field: str, client: ClientRow, records: list[RecordRow]) -> Iterator[Offer]:
    """What the records offer, in their order; of e-mails and phones only those that the client has."""
    for record in records:
        if field in LISTS:
            kept = getattr(client, LISTS[field])
            yield from ((record, value) for value in getattr(record, LISTS[field]) or [] if value in kept)
        elif (value := getattr(record, field)) is not None:
            yield record, value


def _decided(field: str, offers: list[Offer], said: list[Decision]) -> tuple[RecordRow, Because] | None:
    """A pin before a preference, a later decision before an earlier one."""
    for kind in ("pinned", "preferred"):
        for decision in said:
            if (decision.decision, decision.field) == (kind, field):
                for record, value in offers:
                    if _is_meant(decision, record, value):
                        return record, Because(kind, decision=decision)
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


def _because(own: Offer | None, rival: Offer | None) -> Because:
    if own is None or rival is None:
        return Because("published" if own is None else "alone")
    return Because(_rule(own[0], rival[0]), own=own[0], other=rival[0], rival=rival[1])


def _rule(one: RecordRow, other: RecordRow) -> str:
    """The first rule that tells the two apart."""
    if one.record_key == other.record_key:
        return "named_before"
    if one.deleted_at is None and other.deleted_at is not None:
        return "alive"
    if one.source_priority != other.source_priority:
        return "priority"
    if one.updated_at != other.updated_at:
        return "changed"
    return "created" if one.created_at != other.created_at else "key"


def _before(rule: str, one: RecordRow, other: RecordRow) -> str:
    if rule == "alive":
        return "the other record is deleted at its source"
    if rule == "priority":
        return f"{_place(one)} comes before {_place(other)}"
    if rule == "key":
        return "nothing tells which is newer, so the first in the order of record keys"
    field = "updated_at" if rule == "changed" else "created_at"
    return f"{rule} last, {_moment(one, field)} against {_moment(other, field)}"


def _place(record: RecordRow) -> str:
    priority = record.source_priority if record.source_priority is not None else "none"
    return f"{record.source}/{record.kind} (priority {priority})"


def _moment(record: RecordRow, field: str) -> str:
    moment = getattr(record, field)
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "unknown"

"""Rules, fields and states in words for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stage_first.decisions_checks import SAME

from sync_center.language.catalogues import N_

if TYPE_CHECKING:
    from stage_first.decisions import Decision
    from stage_first.explain_rows import RecordRow
    from stage_first.explain_winners import Because

    from sync_center.language.catalogues import Language

FIELDS = {
    "name": N_("Name"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "country": N_("Country"),
    "consent_email": N_("May be written to by e-mail"),
    "consent_sms": N_("May be written to by SMS"),
    "consent_whatsapp": N_("May be written to by WhatsApp"),
}
FURTHER = {
    "emails": N_("E-mails"),
    "phones": N_("Phones"),
    "ids": N_("Ids"),
    "sources": N_("Sources"),
    "record_count": N_("Records"),
    "first_seen": N_("First seen"),
    "is_deleted": N_("Deleted at its sources"),
    "lifetime_value": N_("Lifetime value"),
    "payment_count": N_("Payments"),
    "first_paid_at": N_("First payment"),
    "last_paid_at": N_("Last payment"),
    "subscription_status": N_("Subscription"),
    "open_conflicts": N_("Open conflicts"),
}
_KINDS = {"email": N_("e-mail"), "phone_e164": N_("phone"), SAME: N_("decision: same person")}
_BECAUSE = {
    "pinned": N_("pinned by %(who)s on %(when)s: %(why)s"),
    "preferred": N_("preferred by %(who)s on %(when)s: %(why)s"),
    "published": N_("as it was published"),
    "alone": N_("nothing else is told"),
    "named_before": N_("its record names it before %(rival)s"),
    "alive": N_("the record that says %(rival)s is deleted at its source"),
    "priority": N_("%(own)s comes before %(other)s, which says %(rival)s"),
    "changed": N_("changed last, %(own)s against %(other)s, which says %(rival)s"),
    "created": N_("created last, %(own)s against %(other)s, which says %(rival)s"),
    "key": N_("nothing tells which is newer than %(rival)s, so the first in the order of record keys"),
}
_DECIDED = {
    "same_person": N_("%(one)s and %(other)s are the same person"),
    "different_people": N_("%(one)s and %(other)s are different people"),
    "not_theirs": N_("%(kind)s %(value)s is not theirs, for %(one)s"),
    "shared": N_("%(kind)s %(value)s is shared"),
    "blocked": N_("%(kind)s %(value)s is blocked"),
    "pinned": N_("%(field)s of %(one)s wins"),
    "preferred": N_("%(field)s: values of %(which)s win"),
    "later": N_("the conflict about %(kind)s %(value)s waits until %(until)s"),
}
NEAR = {
    "blocked": N_("blocked: it says nothing about a person"),
    "declared": N_("shared, as somebody decided"),
    "counted": N_("shared: too many names hold it"),
    "not_theirs": N_("not theirs, as somebody decided"),
    "kept_apart": N_("different people, as somebody decided"),
}
WHY_LINKED = {
    "alone": N_("nothing joins it"),
    "decided": N_("joined by a decision"),
    "joined": N_("joined by %(kind)s %(value)s"),
    "attached": N_("attached by %(kind)s %(value)s"),
}


def kind_name(kind: str, language: Language) -> str:
    """A kind of identifier: e-mail and phone in words, others as their rule names them."""
    return language.text(_KINDS[kind]) if kind in _KINDS else kind.replace("_", " ")


def because(told: Because, language: Language) -> str:
    """Why a value won."""
    flags = {"true": language.text("yes"), "false": language.text("no")}
    values: dict[str, Any] = {"rival": flags.get(str(told.rival), told.rival)}
    if told.decision:
        decision = told.decision
        values |= {"who": decision.decided_by, "when": language.moment(decision.decided_at), "why": decision.reason}
    elif told.own and told.other:
        values |= {"own": _place(told.rule, told.own, language), "other": _place(told.rule, told.other, language)}
    return language.text(_BECAUSE[told.rule], **values)


def _place(rule: str, record: RecordRow, language: Language) -> str:
    if rule in {"changed", "created"}:
        moment = record.updated_at if rule == "changed" else record.created_at
        return language.moment(moment) if moment else language.text("an unknown time")
    return f"{record.source}/{record.kind}"


def why_linked(record: RecordRow, language: Language) -> str:
    """By what a record hangs together with its client."""
    kind = kind_name(record.why_kind, language) if record.why_kind else ""
    return language.text(WHY_LINKED.get(record.why_rule, record.why_rule), kind=kind, value=record.why_value)


def decided(decision: Decision, language: Language, names: dict[str, str]) -> str:
    """What was decided; `names` are what to call records."""
    one, other = (str(key) for key in (decision.record_key, decision.other_record_key))
    field_name = language.text(FIELDS[decision.field]) if decision.field in FIELDS else ""
    return language.text(
        _DECIDED[decision.decision],
        one=names.get(one, one), other=names.get(other, other), value=decision.value,
        kind=kind_name(decision.kind, language) if decision.kind else "",
        field=field_name,
        which=" ".join(filter(None, (decision.source, decision.pattern))),
        until=language.moment(decision.until),
    )  # fmt: skip


def step_name(step: str, language: Language) -> str:
    """A link of a way: `email ana@x.mx`, `decision 3`."""
    kind, _, value = step.partition(" ")
    if kind == "decision":
        return language.text("decision %(number)s", number=value)
    return f"{kind_name(kind, language)} {value}"

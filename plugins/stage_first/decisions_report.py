"""Decisions as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from stage_first.decisions import all_decisions
from stage_first.decisions_checks import contradictions, numbered

if TYPE_CHECKING:
    from stage_first.decisions import Connection, Decision

SAID = {
    "same_person": "{record_key} and {other_record_key} are the same person",
    "different_people": "{record_key} and {other_record_key} are different people",
    "not_theirs": "{kind} {value} is not theirs, for {record_key}",
    "shared": "{kind} {value} is shared",
    "blocked": "{kind} {value} is blocked",
    "pinned": "the {field} of {record_key} wins",
    "preferred": "for {field}, values{which} win",
    "later": "the conflict about {kind} {value} waits until {until:%Y-%m-%d}",
}
_STYLES = {"withdrawn": "dim", "over": "dim", "orphaned": "yellow", "idle": "yellow", "contradicted": "red"}


def describe(decision: Decision) -> str:
    """What was decided."""
    which = f" of {decision.source}" if decision.source else ""
    which += f" like {decision.pattern}" if decision.pattern else ""
    return SAID[decision.decision].format(**vars(decision), which=which)


def decisions_table(connection: Connection, *, with_withdrawn: bool = False) -> Table:
    """What stands, who decided it and why, and which of it does not count today."""
    decisions = all_decisions(connection, with_withdrawn=with_withdrawn)
    against = contradictions(decision for decision in decisions if decision.is_standing)
    table = Table("", "decision", "state", "by", "on", "why")
    for decision in decisions:
        if decision.is_standing or with_withdrawn:
            state = state_of(decision, against)
            signed = [decision.decided_by, f"{decision.decided_at:%Y-%m-%d}", decision.reason or ""]
            style = _STYLES.get(state.split(" ", 1)[0].rstrip(":"))
            table.add_row(str(decision.decision_id), describe(decision), state, *signed, style=style)
    return table


def state_of(decision: Decision, against: dict[int, list[int]]) -> str:
    """Whether a decision counts, and if not, why."""
    if decision.withdrawn_at is not None:
        because = f": {decision.withdrawn_reason}" if decision.withdrawn_reason else ""
        still = "; counts until the next unify" if decision.is_applied else ""
        return f"withdrawn {decision.withdrawn_at:%Y-%m-%d} by {decision.withdrawn_by or 'somebody'}{because}{still}"
    if not decision.is_standing:
        return "over"
    if decision.is_orphaned:
        return "orphaned: its record is gone"
    if decision.is_across_businesses:
        return "idle: its records are of two businesses now"
    if decision.decision_id in against:
        return f"contradicted by {numbered(against[decision.decision_id])}"
    return "stands" if decision.is_applied else "waits for unify"

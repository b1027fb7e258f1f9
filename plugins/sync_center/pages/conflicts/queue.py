"""The queue: derived from what was published and decided, filtered by the address, page by page."""

from __future__ import annotations

import json
import unicodedata
import urllib.parse
import uuid
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sync_center.database import fetch
from sync_center.language.catalogues import N_
from sync_center.pages.conflicts.proposals import RULES, propose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sync_center.database import Connection, Row
    from sync_center.panel import Panel

STATES = {
    "open": N_("need you"),
    "decided": N_("decided, wait for unify"),
    "later": N_("later"),
    "solved": N_("kept apart"),
}
REASONS = {
    "ambiguous": N_("could be either's"),
    "exclusive_mismatch": N_("each has an own e-mail"),
    "kept_apart": N_("kept apart by a decision"),
}
MOST = 50
_WRITTEN_AT_ONCE = 5000
_MOST_MONEY = Decimal(10) ** 30


@dataclass(frozen=True)
class Filters:
    """What of the queue is asked for; all of it stands in the address."""

    state: str = "open"
    q: str = ""
    reason: str = ""
    kind: str = ""
    business: str = ""
    rule: str = ""
    currency: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        """From an address; what cannot be meant is left out."""
        known = {name: given.get(name, "").replace("\x00", "")[:200] for name in cls.__dataclass_fields__}
        known["state"] = known["state"] if known["state"] in STATES else "open"
        known["reason"] = known["reason"] if known["reason"] in REASONS else ""
        known["rule"] = known["rule"] if known["rule"] in RULES else ""
        return cls(**known)

    def but(self, **changes: str) -> str:
        """The address' query with something else in it; the first page of it."""
        told = {name: value for name, value in asdict(replace(self, **changes)).items() if value}
        if told.get("state") == "open":
            del told["state"]
        return urllib.parse.urlencode(told)

    @property
    def query(self) -> str:
        """The address' query."""
        return self.but()

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the state is asked for."""
        return bool(self.q or self.reason or self.kind or self.business or self.rule)

    def parameters(self) -> dict[str, Any]:
        """For the queries; nothing is null there."""
        told = {name: value or None for name, value in asdict(self).items()}
        return {**told, "currency": self.currency, "q": f"%{_escaped(folded(self.q))}%" if self.q.strip() else None}


@dataclass(frozen=True)
class QueuePage:
    """A page of the queue; `after` is where the next one begins, None on the last."""

    rows: list[Row]
    after: str | None


def folded(text: str) -> str:
    """As the queue keeps what can be searched: small letters without marks."""
    apart = unicodedata.normalize("NFKD", text.strip().lower())
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def is_unified(panel: Panel) -> bool:
    """Whether there is anything that conflicts could be about."""
    return bool((panel.database.row("conflicts", "is_unified") or {}).get("is_unified"))


def freshen(panel: Panel) -> None:
    """Bring the queue up to what was published and decided, whoever did it; cheap where nothing has changed."""
    with panel.database.connection() as connection:
        (marks,) = fetch(connection, "conflicts", "marks")
        if marks["is_published"] or marks["is_decided"]:
            with connection.transaction():
                derive(connection)


def derive(connection: Connection) -> None:
    """The same, in the caller's transaction."""
    fetch(connection, "conflicts", "derive_alone")
    (marks,) = fetch(connection, "conflicts", "marks")
    if marks["is_published"]:
        _take_publish(connection)
    if marks["is_published"] or marks["is_decided"]:
        changed = [row["decision_id"] for row in fetch(connection, "conflicts", "changed_decisions", **marks)]
        fetch(connection, "conflicts", "unmark", decision_ids=changed)
        fetch(connection, "conflicts", "mark", decision_ids=changed)
        fetch(connection, "conflicts", "note_marks", **marks)


def _take_publish(connection: Connection) -> None:
    fetch(connection, "conflicts", "remove_gone")
    changed = fetch(connection, "conflicts", "changed_cases")
    for row in changed:
        proposal = propose(list(row.pop("names").values()), row["kinds"])
        row |= {"proposal": proposal.answer, "rule": proposal.rule, "search": folded(row["search"])}
    for start in range(0, len(changed), _WRITTEN_AT_ONCE):
        part = Jsonb(changed[start : start + _WRITTEN_AT_ONCE], dumps=_dumps)
        fetch(connection, "conflicts", "write_cases", cases=part)
    fetch(connection, "conflicts", "unmark_all")


def _dumps(value: object) -> str:
    return json.dumps(value, default=str)


def counted(rows: Iterable[Row], **wanted: str) -> int:
    """The cases of some of the totals."""
    return sum(row["cases"] for row in rows if all(row[name] == value for name, value in wanted.items() if value))


def main_currency(money: Iterable[Row]) -> str:
    """The currency that most cases have: amounts of two currencies are never compared."""
    cases: dict[str, int] = {}
    for row in money:
        cases[row["currency"]] = cases.get(row["currency"], 0) + row["cases"]
    return max(sorted(cases), key=lambda currency: cases[currency], default="")


def queue_page(panel: Panel, filters: Filters, after: str = "") -> QueuePage:
    """One page, those with most money first."""
    amount, case_id = _place(after)
    asked = {**filters.parameters(), "after": case_id, "after_amount": amount, "most": MOST + 1}
    rows = panel.database.rows("conflicts", "page", **asked)
    more = len(rows) > MOST
    rows = rows[:MOST]
    return QueuePage(rows, f"{rows[-1]['amount']}~{rows[-1]['case_id']}" if more else None)


def neighbours(panel: Panel, filters: Filters, case_id: str) -> tuple[str | None, str | None]:
    """The cases before and after one in the queue; it need not be in it any more itself."""
    place = panel.database.row("conflicts", "place", case_id=case_id, currency=filters.currency)
    if place is None:
        return None, None
    asked = {**filters.parameters(), "after": case_id, "after_amount": place["amount"]}
    found = panel.database.row("conflicts", "neighbours", **asked) or {}
    return found.get("previous"), found.get("following")


def _place(after: str) -> tuple[Decimal | None, str | None]:
    """Where a page begins; an address that nobody has made begins at the top."""
    amount, _, case_id = after.partition("~")
    try:
        place = Decimal(amount[:40]), str(uuid.UUID(case_id))
    except (ArithmeticError, ValueError):
        return None, None
    return place if place[0].is_finite() and abs(place[0]) < _MOST_MONEY else (None, None)

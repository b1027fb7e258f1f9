"""The figures on top of the queue, computed once for each state of the queue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sync_center.database import fetch
from sync_center.pages.conflicts.queue import counted, main_currency

if TYPE_CHECKING:
    from sync_center.database import Row
    from sync_center.pages.conflicts.queue import Filters
    from sync_center.panel import Panel

_NAME = "conflicts"


@dataclass(frozen=True)
class Summary:
    """Cases by state, reason and proposal, and the money at stake in those that need a person."""

    totals: list[Row]
    money: list[Row]
    businesses: list[str]
    kinds: list[str]

    @property
    def currency(self) -> str:
        """The one by which the queue is sorted unless another is chosen."""
        return main_currency(self.money)

    @property
    def currencies(self) -> list[str]:
        """All that there are."""
        return sorted({row["currency"] for row in self.money})

    def cases(self, **wanted: str) -> int:
        """How many cases there are of these."""
        return counted(self.totals, **wanted)

    def money_of(self, reason: str) -> dict[str, object]:
        """At stake for that reason, per currency."""
        return {row["currency"]: row["amount"] for row in self.money if row["reason"] == reason}

    def with_currency(self, filters: Filters) -> Filters:
        """The filters, sorted by a currency that there is."""
        return filters if filters.currency in self.currencies else replace(filters, currency=self.currency)


def read_summary(panel: Panel) -> Summary:
    """The figures; the same numbers for everybody until something is published or decided."""
    with panel.database.connection() as connection:
        (marks,) = fetch(connection, "conflicts", "marks")
        state = (
            marks["publish_id"],
            marks["decision_id"],
            marks["withdrawn_at"],
            marks["is_published"],
            marks["is_decided"],
        )
        known = panel.known.get(_NAME)
        if known is None or known[0] != state:
            known = panel.known[_NAME] = (
                state,
                Summary(
                    totals=fetch(connection, "conflicts", "totals"),
                    money=fetch(connection, "conflicts", "money_by_reason"),
                    businesses=[row["business"] for row in fetch(connection, "conflicts", "businesses")],
                    kinds=[row["kind"] for row in fetch(connection, "conflicts", "kinds")],
                ),
            )
    found: Summary = known[1]
    return found

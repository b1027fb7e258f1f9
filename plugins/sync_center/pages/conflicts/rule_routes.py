"""`/conflicts/rule/<rule>`: what a rule proposes, taken for many cases at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, HTTPException, Request, Response

from sync_center.database import fetch
from sync_center.pages.conflicts import acts, queue
from sync_center.pages.conflicts.common import around, filters_in, filters_of, page, who_asks
from sync_center.pages.conflicts.proposals import POLICIES
from sync_center.pages.conflicts.queue import Filters
from sync_center.pages.conflicts.summary import read_summary
from sync_center.panel import panel_of
from sync_center.rendering import done, language_of, render

SAMPLE = 10


@page.get("/conflicts/rule/{rule}", role="operator", name="conflict_rule")
def show_rule(request: Request, rule: str) -> Response:
    """What a rule would decide at once, before it does."""
    return _rule_page(request, _known_rule(rule))


@page.post("/conflicts/rule/{rule}", role="operator", name="decide_by_rule")
def decide_by_rule(
    request: Request,
    rule: str,
    shown: Annotated[int, Form()],
    queue_of: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Decide all of them, if they are as many as were shown."""
    panel, language = panel_of(request), language_of(request)
    filters = read_summary(panel).with_currency(filters_in(queue_of))
    try:
        _, decided, refused = acts.decide_by_policy(panel, _known_rule(rule), filters, shown, reason, who_asks(request))
    except acts.ChangedError as changed:
        said = language.texts_of(
            "Meanwhile it is %(number)s conflict; nothing was decided. Look again.",
            "Meanwhile it is %(number)s conflicts; nothing was decided. Look again.", len(changed.args[0]),
        )  # fmt: skip
        return _rule_page(request, rule, filters=filters, why=said, reason=reason, status=409)
    said = language.texts_of("%(number)s conflict is decided.", "%(number)s conflicts are decided.", decided)
    if refused:
        said += " " + language.texts_of(
            "%(number)s conflict contradicts other decisions and was left out.",
            "%(number)s conflicts contradict other decisions and were left out.", refused,
        )  # fmt: skip
    return done(request, said, to="conflicts", query=filters.query)


def _rule_page(
    request: Request, rule: str, *, filters: Filters | None = None, why: str = "", reason: str = "", status: int = 200
) -> Response:
    panel = panel_of(request)
    if not queue.is_unified(panel):
        return render(request, "conflicts/nothing.html")
    queue.freshen(panel)
    chosen = read_summary(panel).with_currency(filters or filters_of(request))
    with panel.database.connection() as connection:
        cases = acts.affected(connection, rule, chosen)
        clients = list({one for case in cases for one in case["client_ids"]})
        (sums,) = fetch(connection, "conflicts", "joined_totals", client_ids=clients)
    sample = queue.queue_page(panel, Filters.of({**vars(chosen), "rule": rule, "state": "open"})).rows[:SAMPLE]
    return render(
        request, "conflicts/rule.html", status=status, rule=rule, cases=cases, totals=sums, sample=sample,
        filters=chosen, why=why, reason=reason, most=acts.MOST_AT_ONCE, **around(request),
    )  # fmt: skip


def _known_rule(rule: str) -> str:
    if rule not in POLICIES:
        raise HTTPException(404)
    return rule

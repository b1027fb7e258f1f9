"""`/conflicts`: the queue of cases, one case, many by a rule, and what was decided."""

from __future__ import annotations

import urllib.parse
import uuid
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Form, HTTPException, Query, Request, Response  # noqa: TC002 - FastAPI reads them
from stage_first.settings import UsageError

from sync_center.database import fetch
from sync_center.language.catalogues import N_
from sync_center.page import Page
from sync_center.pages.conflicts import acts, queue
from sync_center.pages.conflicts.answers import answer_of, said_of
from sync_center.pages.conflicts.cases import FIELDS, read_case, titles
from sync_center.pages.conflicts.proposals import ANSWERS, POLICIES, RULES
from sync_center.pages.conflicts.queue import REASONS, STATES, Filters
from sync_center.pages.conflicts.summary import read_summary
from sync_center.panel import panel_of
from sync_center.rendering import done, language_of, render
from sync_center.security.guard import current_user

if TYPE_CHECKING:
    from sync_center.database import Row
    from sync_center.panel import Panel
    from sync_center.pages.conflicts.cases import Case


def _badge(panel: Panel) -> int:
    if not queue.is_unified(panel):
        return 0
    queue.freshen(panel)
    found = panel.database.row("conflicts", "open_cases")
    return int(found["cases"]) if found else 0


page = Page("conflicts", N_("Conflicts"), order=20, badge=_badge)
WORDS = {"answers": ANSWERS, "rules": RULES, "policies": POLICIES, "reasons": REASONS, "states": STATES, "fields": FIELDS}
UNFILLED = {"answer": "", "reason": "", "client": [], "whose": "", "until": ""}
MOST_ACTS = 50
SAMPLE = 10


@page.get("/conflicts", role="viewer", name="conflicts")
def show_queue(request: Request, after: str = "") -> Response:
    """The cases, those with most money first."""
    panel = panel_of(request)
    if not queue.is_unified(panel):
        return render(request, "conflicts/nothing.html")
    queue.freshen(panel)
    summary = read_summary(panel)
    filters = summary.with_currency(_filters(request))
    found = queue.queue_page(panel, filters, after)
    return render(
        request, "conflicts/queue.html", found=found, filters=filters, summary=summary, after=after, **_around(request)
    )


@page.get("/conflicts/recent", role="viewer", name="conflict_acts")
def show_acts(request: Request, before: Annotated[int | None, Query(ge=1, lt=2**63)] = None) -> Response:
    """What was decided here, the last first."""
    panel = panel_of(request)
    if not queue.is_unified(panel):
        return render(request, "conflicts/nothing.html")
    rows = panel.database.rows("conflicts", "acts", before=before, most=MOST_ACTS + 1)
    more = rows[MOST_ACTS - 1]["act_id"] if len(rows) > MOST_ACTS else None
    return render(request, "conflicts/recent.html", acts=rows[:MOST_ACTS], more=more, **_around(request))


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
    filters = read_summary(panel).with_currency(_filters_in(queue_of))
    try:
        _, decided, refused = acts.decide_by_policy(panel, _known_rule(rule), filters, shown, reason, _who(request))
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


@page.post("/conflicts/undo/{act_id}", role="operator", name="undo_act")
def undo(request: Request, act_id: int, queue_of: Annotated[str, Form()] = "") -> Response:
    """Withdraw what was decided in one go."""
    language, query = language_of(request), _filters_in(queue_of).query
    try:
        act = acts.undo(panel_of(request), act_id, _who(request))
    except acts.ChangedError as changed:
        if changed.args[0] is None:
            raise HTTPException(404) from None
        return done(request, said_of(language, changed.args[0], undone=True), to="conflicts", tone="info", query=query)
    said = language.texts_of(
        "Undone: %(number)s conflict is as it was before.", "Undone: %(number)s conflicts are as they were before.",
        act["case_count"],
    )  # fmt: skip
    if act["case_count"] == 1 and _is_there(panel_of(request), act["case_id"]):
        return done(request, said, to="conflict", case_id=act["case_id"], query=query)
    return done(request, said, to="conflicts", query=query)


@page.get("/conflicts/{case_id}", role="viewer", name="conflict")
def show_case(request: Request, case_id: str) -> Response:
    """One case."""
    panel = panel_of(request)
    if not queue.is_unified(panel):
        return render(request, "conflicts/nothing.html")
    return _case_page(request, case_id, _filters(request))


@page.post("/conflicts/{case_id}", role="operator", name="decide_case")
def decide(
    request: Request,
    case_id: str,
    seen: Annotated[str, Form()] = "",
    answer: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    client: Annotated[list[str] | None, Form()] = None,
    whose: Annotated[str, Form()] = "",
    conflict: Annotated[list[str] | None, Form()] = None,
    until: Annotated[str, Form()] = "",
    queue_of: Annotated[str, Form()] = "",
) -> Response:
    """Decide it, if it is as the form showed it."""
    panel, language, filters = panel_of(request), language_of(request), _filters_in(queue_of)
    filled = {"answer": answer, "reason": reason, "client": client or [], "whose": whose, "until": until}
    try:
        given = answer_of(language, answer, reason, client or [], whose, conflict or [], until)
        acts.decide(panel, _known_case(case_id), seen, given, _who(request))
    except acts.ChangedError:
        return _case_page(request, case_id, filters, changed=True, filled=filled, status=409)
    except UsageError as error:
        return _case_page(request, case_id, filters, why=language.text(str(error)), filled=filled, status=409)
    said = language.text("Decided: %(answer)s. It takes effect with the next unify.", answer=language.text(ANSWERS[answer]))
    following = queue.neighbour(panel, read_summary(panel).with_currency(filters), case_id, "after")
    if following is None:
        return done(request, said, to="conflicts", query=filters.query)
    return done(request, said, to="conflict", case_id=following, query=filters.query)


@page.post("/conflicts/{case_id}/reopen", role="operator", name="reopen_case")
def reopen(
    request: Request,
    case_id: str,
    seen: Annotated[str, Form()] = "",
    decision: Annotated[list[int] | None, Form()] = None,
    queue_of: Annotated[str, Form()] = "",
) -> Response:
    """Withdraw decisions about it, wherever they were made."""
    filters = _filters_in(queue_of)
    try:
        acts.reopen(panel_of(request), _known_case(case_id), seen, decision or [], _who(request))
    except acts.ChangedError:
        return _case_page(request, case_id, filters, changed=True, status=409)
    except UsageError as error:
        return _case_page(request, case_id, filters, why=str(error), status=409)
    said = language_of(request).text("The decision is withdrawn; what was before it is back with the next unify.")
    return done(request, said, to="conflict", case_id=case_id, query=filters.query)


def _case_page(request: Request, case_id: str, filters: Filters, *, status: int = 200, **told: Any) -> Response:
    panel = panel_of(request)
    queue.freshen(panel)
    with panel.database.connection() as connection:
        case = read_case(connection, _known_case(case_id))
    if case is None:
        return _gone(request, case_id, filters)
    summary = read_summary(panel)
    here = summary.with_currency(filters)
    around: dict[str, Any] = {"changed": False, "why": "", "filled": UNFILLED, **_around(request)} | told
    return render(
        request, "conflicts/case.html", status=status, case=case, filters=filters, summary=summary,
        title=" · ".join(titles(case.columns)), previous=queue.neighbour(panel, here, case_id, "before"),
        following=queue.neighbour(panel, here, case_id, "after"), later_day=acts.later_day(), **around,
    )  # fmt: skip


def _gone(request: Request, case_id: str, filters: Filters) -> Response:
    """A case that a publish has ended: who decided it, and how to get it back."""
    act = panel_of(request).database.row("conflicts", "act_of_case", case_id=case_id)
    if act is None:
        raise HTTPException(404)
    return render(request, "conflicts/gone.html", status=404, act=act, filters=filters, **_around(request))


def _rule_page(
    request: Request, rule: str, *, filters: Filters | None = None, why: str = "", reason: str = "", status: int = 200
) -> Response:
    panel = panel_of(request)
    if not queue.is_unified(panel):
        return render(request, "conflicts/nothing.html")
    queue.freshen(panel)
    chosen = read_summary(panel).with_currency(filters or _filters(request))
    with panel.database.connection() as connection:
        cases = acts.affected(connection, rule, chosen)
        clients = list({one for case in cases for one in case["client_ids"]})
        (sums,) = fetch(connection, "conflicts", "joined_totals", client_ids=clients)
    sample = queue.queue_page(panel, Filters.of({**vars(chosen), "rule": rule, "state": "open"})).rows[:SAMPLE]
    return render(
        request, "conflicts/rule.html", status=status, rule=rule, cases=cases, totals=sums, sample=sample,
        filters=chosen, why=why, reason=reason, most=acts.MOST_AT_ONCE, **_around(request),
    )  # fmt: skip


def _around(request: Request) -> dict[str, Any]:
    """What every page here says: what waits for unify, and what the person may undo."""
    panel = panel_of(request)
    waiting: Row = panel.database.row("conflicts", "waiting") or {}
    return {"waiting": waiting, "last_act": panel.database.row("conflicts", "last_act", who=_who(request)), **WORDS}


def _known_case(case_id: str) -> str:
    try:
        return str(uuid.UUID(case_id))
    except ValueError:
        raise HTTPException(404) from None


def _known_rule(rule: str) -> str:
    if rule not in POLICIES:
        raise HTTPException(404)
    return rule


def _is_there(panel: Panel, case_id: str) -> bool:
    return panel.database.row("conflicts", "case", case_id=case_id) is not None


def _filters(request: Request) -> Filters:
    return Filters.of(request.query_params)


def _filters_in(query: str) -> Filters:
    return Filters.of(dict(urllib.parse.parse_qsl(query[:2000])))


def _who(request: Request) -> str:
    user = current_user(request)
    return user.name if user else ""

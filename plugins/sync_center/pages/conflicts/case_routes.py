"""`/conflicts/<case>`: one case, and the answer to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Form, HTTPException, Request, Response
from stage_first.settings import UsageError

from sync_center.pages.conflicts import acts, queue
from sync_center.pages.conflicts.answers import answer_of
from sync_center.pages.conflicts.cases import read_case, titles
from sync_center.pages.conflicts.common import around, filters_in, filters_of, known_case, page, who_asks
from sync_center.pages.conflicts.proposals import ANSWERS
from sync_center.pages.conflicts.summary import read_summary
from sync_center.panel import panel_of
from sync_center.rendering import done, language_of, render

if TYPE_CHECKING:
    from sync_center.pages.conflicts.queue import Filters

UNFILLED = {"answer": "", "reason": "", "client": [], "whose": "", "until": ""}


@page.get("/conflicts/{case_id}", role="viewer", name="conflict")
def show_case(request: Request, case_id: str) -> Response:
    """One case."""
    panel = panel_of(request)
    if not queue.is_unified(panel):
        return render(request, "conflicts/nothing.html")
    return _case_page(request, case_id, filters_of(request))


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
    panel, language, filters = panel_of(request), language_of(request), filters_in(queue_of)
    filled = {"answer": answer, "reason": reason, "client": client or [], "whose": whose, "until": until}
    try:
        given = answer_of(language, answer, reason, client or [], whose, conflict or [], until)
        acts.decide(panel, known_case(case_id), seen, given, who_asks(request))
    except acts.ChangedError:
        return _case_page(request, case_id, filters, changed=True, filled=filled, status=409)
    except UsageError as error:
        return _case_page(request, case_id, filters, why=language.text(str(error)), filled=filled, status=409)
    said = language.text(
        "Decided: %(answer)s. It takes effect with the next unify.", answer=language.text(ANSWERS[answer])
    )
    _, following = queue.neighbours(panel, read_summary(panel).with_currency(filters), case_id)
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
    filters = filters_in(queue_of)
    try:
        acts.reopen(panel_of(request), known_case(case_id), seen, decision or [], who_asks(request))
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
        case = read_case(connection, known_case(case_id))
    if case is None:
        return _gone(request, case_id, filters)
    summary = read_summary(panel)
    previous, following = queue.neighbours(panel, summary.with_currency(filters), case_id)
    shown: dict[str, Any] = {"changed": False, "why": "", "filled": UNFILLED, **around(request)} | told
    return render(
        request, "conflicts/case.html", status=status, case=case, filters=filters, summary=summary,
        title=" · ".join(titles(case.columns)), previous=previous, following=following,
        later_day=acts.later_day(), **shown,
    )  # fmt: skip


def _gone(request: Request, case_id: str, filters: Filters) -> Response:
    """A case that a publish has ended: who decided it, and how to get it back."""
    act = panel_of(request).database.row("conflicts", "act_of_case", case_id=case_id)
    if act is None:
        raise HTTPException(404)
    return render(request, "conflicts/gone.html", status=404, act=act, filters=filters, **around(request))

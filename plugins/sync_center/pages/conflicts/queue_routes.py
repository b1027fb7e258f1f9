"""`/conflicts` and `/conflicts/recent`: the queue, and what was decided last, with Undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Form, HTTPException, Query, Request, Response

from sync_center.pages.conflicts import acts, queue
from sync_center.pages.conflicts.answers import said_of
from sync_center.pages.conflicts.common import around, filters_in, filters_of, page, who_asks
from sync_center.pages.conflicts.summary import read_summary
from sync_center.panel import panel_of
from sync_center.rendering import done, language_of, render

if TYPE_CHECKING:
    from sync_center.panel import Panel

MOST_ACTS = 50


@page.get("/conflicts", role="viewer", name="conflicts")
def show_queue(request: Request, after: str = "") -> Response:
    """The cases, those with most money first."""
    panel = panel_of(request)
    if not queue.is_unified(panel):
        return render(request, "conflicts/nothing.html")
    queue.freshen(panel)
    summary = read_summary(panel)
    filters = summary.with_currency(filters_of(request))
    found = queue.queue_page(panel, filters, after)
    return render(
        request, "conflicts/queue.html", found=found, filters=filters, summary=summary, after=after, **around(request)
    )


@page.get("/conflicts/recent", role="viewer", name="conflict_acts")
def show_acts(request: Request, before: Annotated[int | None, Query(ge=1, lt=2**63)] = None) -> Response:
    """What was decided here, the last first."""
    panel = panel_of(request)
    if not queue.is_unified(panel):
        return render(request, "conflicts/nothing.html")
    rows = panel.database.rows("conflicts", "acts", before=before, most=MOST_ACTS + 1)
    more = rows[MOST_ACTS - 1]["act_id"] if len(rows) > MOST_ACTS else None
    return render(request, "conflicts/recent.html", acts=rows[:MOST_ACTS], more=more, **around(request))


@page.post("/conflicts/undo/{act_id}", role="operator", name="undo_act")
def undo(request: Request, act_id: int, queue_of: Annotated[str, Form()] = "") -> Response:
    """Withdraw what was decided in one go."""
    language, query = language_of(request), filters_in(queue_of).query
    try:
        act = acts.undo(panel_of(request), act_id, who_asks(request))
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


def _is_there(panel: Panel, case_id: str) -> bool:
    return panel.database.row("conflicts", "case", case_id=case_id) is not None

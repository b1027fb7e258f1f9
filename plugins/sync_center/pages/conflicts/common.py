"""The page itself, and what all its routes have around them."""

from __future__ import annotations

import urllib.parse
import uuid
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request

from sync_center.language.catalogues import N_
from sync_center.page import Page
from sync_center.pages.conflicts import queue
from sync_center.pages.conflicts.cases import FIELDS
from sync_center.pages.conflicts.proposals import ANSWERS, POLICIES, RULES
from sync_center.pages.conflicts.queue import REASONS, STATES, Filters
from sync_center.panel import panel_of
from sync_center.security.guard import current_user

if TYPE_CHECKING:
    from sync_center.database import Row
    from sync_center.panel import Panel


def _badge(panel: Panel) -> int:
    if not queue.is_unified(panel):
        return 0
    queue.freshen(panel)
    found = panel.database.row("conflicts", "open_cases")
    return int(found["cases"]) if found else 0


page = Page("conflicts", N_("Conflicts"), order=20, badge=_badge)
WORDS = {
    "answers": ANSWERS,
    "rules": RULES,
    "policies": POLICIES,
    "reasons": REASONS,
    "states": STATES,
    "fields": FIELDS,
}


def around(request: Request) -> dict[str, Any]:
    """What every page here says: what waits for unify, and what the person may undo."""
    panel = panel_of(request)
    waiting: Row = panel.database.row("conflicts", "waiting") or {}
    return {"waiting": waiting, "last_act": panel.database.row("conflicts", "last_act", who=who_asks(request)), **WORDS}


def known_case(case_id: str) -> str:
    """The id of a case, as the database writes it; else there is nothing there."""
    try:
        return str(uuid.UUID(case_id))
    except ValueError:
        raise HTTPException(404) from None


def filters_of(request: Request) -> Filters:
    """What of the queue the address asks for."""
    return Filters.of(request.query_params)


def filters_in(query: str) -> Filters:
    """What of the queue a form came from, by its query."""
    return Filters.of(dict(urllib.parse.parse_qsl(query[:2000])))


def who_asks(request: Request) -> str:
    """The name of the user."""
    user = current_user(request)
    return user.name if user else ""

"""`/quality`: the figures; `/quality/<topic>`: examples, page by page."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response

from sync_center.language.catalogues import N_
from sync_center.page import Page
from sync_center.pages.quality.figures import keeper_of
from sync_center.pages.quality.topics import BY_NAME, COLUMNS, REASONS, TOPICS
from sync_center.panel import panel_of
from sync_center.rendering import render

if TYPE_CHECKING:
    from sync_center.database import Row
    from sync_center.panel import Panel

page = Page("quality", N_("Data quality"), order=70)
"""The money pages of issue 5 have their place before this one: order 60."""
PAGE_ROWS = 50
_KEYS: dict[str, dict[str, Any]] = {
    "shared": {"business": "", "kind": "", "value": ""},
    "unidentifiable": {"record_key": ""},
    "rejects": {"reject_id": 2**62},
}
"""Of the topics that an index pages: the columns of the key, with what comes before everything."""
_QUERIES = {"shared": "shared_examples", "unidentifiable": "unidentifiable_examples", "rejects": "reject_examples"}


@page.get("/quality", role="viewer", name="quality")
def show(request: Request) -> Response:
    """Every topic with its figures."""
    panel = panel_of(request)
    keeper = keeper_of(panel)
    figures = keeper.look(panel.database)
    state = panel.database.row("quality", "state") or {}
    told: Row = {"figures": figures, "is_counting": keeper.is_counting, "topics": TOPICS, "reasons": REASONS}
    return render(request, "quality/quality.html", is_unified=state.get("is_unified"), **told)


@page.get("/quality/{name}", role="viewer", name="quality_topic")
def topic(request: Request, name: str, after: str = "") -> Response:
    """Examples of a topic, in the order of their keys."""
    if name not in BY_NAME:
        raise HTTPException(404)
    panel = panel_of(request)
    rows, following = _indexed(panel, name, after) if name in _KEYS else _counted(panel, name, after)
    told: Row = {"topic": BY_NAME[name], "rows": rows, "following": following, "columns": COLUMNS, "reasons": REASONS}
    is_counting = name not in _KEYS and keeper_of(panel).is_counting
    return render(request, "quality/topic.html", client_route=_client_route(panel), is_counting=is_counting, **told)


def _indexed(panel: Panel, name: str, after: str) -> tuple[list[Row], str]:
    key = _KEYS[name]
    if name != "rejects" and not (panel.database.row("quality", "state") or {}).get("is_unified"):
        return [], ""
    given = _read(after, key) if after else key
    parameters = {"after": next(iter(given.values()))} if len(key) == 1 else given
    rows = panel.database.rows("quality", _QUERIES[name], **parameters, most=PAGE_ROWS + 1)
    last = {column: rows[PAGE_ROWS - 1][column] for column in key} if len(rows) > PAGE_ROWS else None
    return rows[:PAGE_ROWS], _written(last) if last else ""


def _counted(panel: Panel, name: str, after: str) -> tuple[list[Row], str]:
    """From what was counted: nothing in the database leads to these rows quickly."""
    figures = keeper_of(panel).look(panel.database)
    rows = figures.examples.get(name, []) if figures else []
    start = _read(after, {"place": 0})["place"] if after else 0
    following = start + PAGE_ROWS
    return rows[start:following], _written({"place": following}) if following < len(rows) else ""


def _written(key: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read(text: str, key: dict[str, Any]) -> dict[str, Any]:
    """The key in an address; whoever changes it by hand is told that it cannot be read."""
    try:
        given: Row = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise HTTPException(400) from error
    is_known = isinstance(given, dict) and given.keys() == key.keys()
    if not is_known or any(type(given[name]) is not type(value) for name, value in key.items()):
        raise HTTPException(400)
    if any(isinstance(value, int) and not 0 <= value <= 2**62 for value in given.values()):
        raise HTTPException(400)
    return given


def _client_route(panel: Panel) -> str | None:
    """The page of one client, where there is one."""
    routes = {route.name for page in panel.pages for route in page.routes}
    return "client" if "client" in routes else None

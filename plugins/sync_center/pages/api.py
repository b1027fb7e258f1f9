"""The few routes that a script needs; they answer in JSON, to `Authorization: Bearer <token>`."""

from __future__ import annotations

from fastapi import Request, Response
from stage_first.status import read_status, status_json

from sync_center.page import Page
from sync_center.pages.home import routes as home
from sync_center.panel import panel_of

page = Page("api")


@page.get("/api/status", role="viewer", name="api_status", scope="status")
def status(request: Request) -> Response:
    """What `stage-first status --json` prints."""
    return Response(status_json(read_status(panel_of(request).settings.database_url)), media_type="application/json")


@page.post("/api/sync/{source}", role="operator", name="api_sync", scope="sync")
def sync(request: Request, source: str) -> Response:
    """`meltano run download-<source>`; `all` downloads from every source."""
    return home.sync_all(request) if source == "all" else home.sync(request, source)


@page.post("/api/unify", role="operator", name="api_unify", scope="unify")
def unify(request: Request) -> Response:
    """`meltano run unify`."""
    return home.unify(request)

"""The stream of changes of a page."""

from __future__ import annotations

from fastapi import HTTPException, Request
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from sync_center.live import Audience
from sync_center.page import Page
from sync_center.panel import panel_of
from sync_center.rendering import language_of, token_of
from sync_center.security.guard import current_user

page = Page("live")
_PING_SECONDS = 15


@page.get("/live/{name}", role="viewer", name="live")
async def follow(request: Request, name: str) -> EventSourceResponse:
    """The live part of the page `name`: as it is now, then at each change."""
    broadcaster, user = panel_of(request).broadcaster, await run_in_threadpool(current_user, request)
    if name not in broadcaster or user is None:
        raise HTTPException(404)
    audience = Audience(name, language_of(request).code, user.role)
    return EventSourceResponse(broadcaster.follow(audience, token_of(request)), ping=_PING_SECONDS)

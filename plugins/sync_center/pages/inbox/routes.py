"""`POST /inbox/manychat`, with a token of the scope `inbox` in the header `Authorization`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from fastapi import Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from sync_center.page import Page
from sync_center.pages.inbox.collector import Collector, FullError
from sync_center.pages.inbox.push import Account
from sync_center.pages.inbox.store import store
from sync_center.panel import panel_of
from sync_center.security import tokens
from sync_center.security.limits import Limit

if TYPE_CHECKING:
    from sync_center.pages.inbox.store import Outcome
    from sync_center.panel import Panel

LARGEST = 256 * 1024
page = Page("inbox")


class Inbox:
    """The inbox of one panel."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self.collector = Collector(self._commit)
        self.pushes = Limit(per_second=200, burst=1000)
        self.refused = Limit(per_second=0.2, burst=20)

    def _commit(self, bodies: list[bytes]) -> list[Outcome]:
        account = Account.of(self._panel.environment())
        with self._panel.database.connection() as connection:
            return store(connection, account, bodies)


@page.post("/inbox/manychat", role=None, name="inbox", is_large=True, is_foreign=True)
async def receive(request: Request) -> JSONResponse:
    """Store what was pushed, then say so."""
    inbox, sender = _inbox(request), request.client.host if request.client else ""
    if not inbox.refused.allows(sender):
        return _said(429, "Too many requests with a wrong secret; wait a minute.")
    authorization = request.headers.get("authorization", "")
    if not await run_in_threadpool(_is_right, panel_of(request), authorization):
        inbox.refused.take(sender)
        return _said(401, "The secret is missing or wrong: Settings, Inbox shows how to send it.")
    if not inbox.pushes.take(authorization):
        return _said(429, "Too many at once; send this one again.")
    body = await _body(request)
    if body is None:
        return _said(413, f"More than {LARGEST:,} bytes.")
    return await _store(inbox, body)


async def _store(inbox: Inbox, body: bytes) -> JSONResponse:
    try:
        reason = await inbox.collector.store(body)
    except (FullError, psycopg.OperationalError, PoolTimeout):
        return _said(503, "It could not be stored now; send it again.")
    return _said(422, f"Kept, but refused: {reason}.") if reason else _said(200, "stored")


async def _body(request: Request) -> bytes | None:
    """The body; None if it is too large, of which no more is read."""
    read = bytearray()
    try:
        async for part in request.stream():
            read += part
            if len(read) > LARGEST:
                return None
    except ClientDisconnect:
        return None
    return bytes(read)


def _inbox(request: Request) -> Inbox:
    panel = panel_of(request)
    found: Inbox = panel.known.setdefault("inbox", Inbox(panel))
    return found


def _is_right(panel: Panel, authorization: str) -> bool:
    return tokens.user_of(panel.database, authorization, "inbox") is not None


def _said(status: int, message: str) -> JSONResponse:
    headers = {"retry-after": "5"} if status in {429, 503} else None
    return JSONResponse({"status" if status == 200 else "message": message}, status, headers)

"""What every response carries, and what no request may be: from a foreign page, or larger than a form."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_FORM = 1_000_000
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Nothing from anywhere else, nothing inline; `data:` are the arrows and ticks in Basecoat's style sheet."""
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_READING = {"GET", "HEAD", "OPTIONS"}


class SecurityMiddleware:
    """`large`: paths below the root whose bodies may be larger than a form; `foreign`: those that strangers call."""

    def __init__(self, app: ASGIApp, large: set[str], foreign: set[str]) -> None:
        self._app = app
        self._large = large
        self._foreign = foreign

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", POLICY)
                headers.setdefault("cache-control", "no-store")
                for name, value in _ALWAYS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers, path = Headers(scope=scope), scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["method"] in _READING:
            return None
        if path not in self._foreign and not is_ours(headers):
            return PlainTextResponse("This request came from another site, so nothing was done.", 403)
        length = headers.get("content-length", "")
        if path not in self._large and (not length.isdigit() or int(length) > LARGEST_FORM):
            return PlainTextResponse("This is larger than any form of this panel, so nothing was done.", 413)
        return None


def is_ours(headers: Headers) -> bool:
    """Whether a page of ours sent it, or a script that says who it is (no browser sends that by itself)."""
    if headers.get("authorization"):
        return True
    if site := headers.get("sec-fetch-site"):
        return site == "same-origin"
    return urllib.parse.urlsplit(headers.get("origin", "")).netloc == headers.get("host", "?")

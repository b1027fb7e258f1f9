"""Language and theme, kept in a cookie: they are the browser's, not the person's."""

from __future__ import annotations

import urllib.parse
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from sync_center.language.catalogues import NAMES
from sync_center.page import Page
from sync_center.panel import panel_of
from sync_center.rendering import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from sync_center.security.sessions import set_cookie

_DAYS = 365
page = Page("preferences")


@page.post("/preferences", role=None, name="preferences")
def choose(request: Request, language: Annotated[str, Form()] = "", theme: Annotated[str, Form()] = "") -> Response:
    """Remember a choice and go back."""
    response = RedirectResponse(_back(request), 303)
    if language in NAMES:
        set_cookie(request, response, LANGUAGE_COOKIE, language, _DAYS)
    if theme in THEMES:
        set_cookie(request, response, THEME_COOKIE, theme, _DAYS)
    return response


def _back(request: Request) -> str:
    """The page that sent the form, by its path only."""
    parts = urllib.parse.urlsplit(request.headers.get("referer", ""))
    path = parts.path if parts.netloc == request.headers.get("host") else ""
    start = panel_of(request).renderer.url_for("home")
    return (
        urllib.parse.urlunsplit(("", "", path, parts.query, "")) if path.startswith("/") and path[1:2] != "/" else start
    )

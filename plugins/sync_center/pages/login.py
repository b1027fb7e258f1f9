"""Log in and out."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from sync_center.page import Page
from sync_center.panel import panel_of
from sync_center.rendering import done, language_of, render
from sync_center.security import attempts, audit, sessions
from sync_center.security.guard import current_session, current_user
from sync_center.security.passwords import is_right
from sync_center.security.sessions import COOKIE, VISITOR_COOKIE, set_cookie

page = Page("login")


@page.get("/login", role=None, name="login")
def show(request: Request, next: str = "/") -> Response:
    """The form."""
    if current_user(request):
        return RedirectResponse(_safe(request, next), 303)
    return _form(request, next)


@page.post("/login", role=None, name="log_in")
def log_in(
    request: Request,
    name: Annotated[str, Form()],
    password: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Open a login, or say no without saying what was wrong."""
    panel, language = panel_of(request), language_of(request)
    name, address = name.strip().lower()[:64], request.client.host if request.client else ""
    if attempts.must_wait(panel.database, name, address):
        wait = language.text("Too many attempts. Wait a quarter of an hour, then try again.")
        return _form(request, next, name=name, error=wait, status=429)
    user = panel.database.row("security", "user", name=name)
    if not is_right(password, user["password_hash"] if user else None):
        attempts.note_failure(panel.database, name, address)
        return _form(request, next, name=name, error=language.text("Name or password is wrong."), status=401)
    attempts.forget(panel.database, name)
    audit.note(panel.database, name, "log in")
    days = panel.settings.session_days
    response = RedirectResponse(_safe(request, next), 303)
    set_cookie(request, response, COOKIE, sessions.begin(panel.database, name, days), days)
    return response


@page.post("/logout", role="viewer", name="log_out")
def log_out(request: Request) -> Response:
    """End this login."""
    if session := current_session(request):
        sessions.end(panel_of(request).database, session.token)
    response = done(request, "", to="login")
    response.delete_cookie(COOKIE, path=request.scope.get("root_path") or "/")
    return response


def _form(request: Request, wanted: str, *, name: str = "", error: str = "", status: int = 200) -> Response:
    visit = request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(32)
    request.state.secret = request.cookies.get(COOKIE) or visit
    response = render(request, "login/login.html", status=status, name=name, error=error, next=wanted)
    set_cookie(request, response, VISITOR_COOKIE, visit, None)
    return response


def _safe(request: Request, wanted: str) -> str:
    """A path of ours, whatever the address says."""
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return panel_of(request).settings.root_path + (wanted if is_path else "/")

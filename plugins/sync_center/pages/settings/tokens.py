"""`/settings/tokens`: what opens the few routes that a script needs; an owner's page."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request, Response
from stage_first.settings import UsageError

from sync_center.language.catalogues import N_
from sync_center.pages.settings.sections import page, saved, show, who
from sync_center.panel import panel_of
from sync_center.security import audit, tokens

WORDS = {
    "status": N_("read how all sources stand"),
    "sync": N_("start a download"),
    "unify": N_("start unify"),
}
"""What a token of this page may open; the inbox has a page of its own."""


@page.get("/settings/tokens", role="owner", name="tokens")
def show_tokens(request: Request) -> Response:
    """All tokens, never themselves."""
    return _page(request)


@page.post("/settings/tokens", role="owner", name="add_token")
def add(request: Request, name: Annotated[str, Form()], scopes: Annotated[list[str] | None, Form()] = None) -> Response:
    """Make a token; it is shown on the page that answers, and nowhere else."""
    try:
        token = make(request, name, [scope for scope in scopes or [] if scope in WORDS])
    except UsageError as error:
        return _page(request, error=str(error), status=409)
    return _page(request, token=token)


@page.post("/settings/tokens/revoke", role="owner", name="revoke_token")
def revoke(request: Request, token_id: Annotated[int, Form()]) -> Response:
    """Let a token open nothing any more."""
    end(request, token_id)
    return saved(request, N_("That token opens nothing any more."), to="tokens")


def make(request: Request, name: str, scopes: list[str]) -> str:
    """Make a token and write down who did."""
    with panel_of(request).database.connection() as connection, connection.transaction():
        token = tokens.add(connection, name, scopes, who(request))
        audit.note(connection, who(request), "add token", name, scopes=scopes)
    return token


def end(request: Request, token_id: int) -> None:
    """Revoke a token and write down who did."""
    with panel_of(request).database.connection() as connection, connection.transaction():
        tokens.revoke(connection, token_id)
        audit.note(connection, who(request), "revoke token", str(token_id))


def _page(request: Request, *, token: str = "", error: str = "", status: int = 200) -> Response:
    with panel_of(request).database.connection() as connection:
        rows = [row for row in tokens.listed(connection) if "inbox" not in row["scopes"]]
    told = {"tokens": rows, "words": WORDS, "token": token, "error": error, "calls": _calls(request)}
    return show(request, "tokens.html", "tokens", status=status, **told)


def _calls(request: Request) -> list[str]:
    """What a script types."""
    base, url_for = f"{request.url.scheme}://{request.url.netloc}", panel_of(request).renderer.url_for
    routes = [
        ("GET", url_for("api_status")),
        ("POST", url_for("api_sync", source="stripe")),
        ("POST", url_for("api_sync", source="all")),
        ("POST", url_for("api_unify")),
    ]
    return [f'curl -X {method} -H "Authorization: Bearer $TOKEN" {base}{path}' for method, path in routes]

"""`/settings/inbox`: the address and the secret for ManyChat, and how to enter them there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Form, Request, Response

from sync_center.language.catalogues import N_
from sync_center.pages.inbox.push import Account
from sync_center.pages.settings.sections import page, saved, show, who
from sync_center.pages.settings.tokens import end, make
from sync_center.panel import panel_of
from sync_center.security import tokens
from sync_center.security.guard import current_user

if TYPE_CHECKING:
    from sync_center.database import Row


@page.get("/settings/inbox", role="viewer", name="inbox_settings")
def inbox(request: Request) -> Response:
    """Address, secrets that stand (never themselves), and what has come."""
    return _page(request)


@page.post("/settings/inbox", role="owner", name="make_inbox_secret")
def make_secret(request: Request) -> Response:
    """Make a secret; the earlier ones hold until they are ended, so that no push is lost meanwhile."""
    return _page(request, secret=make(request, f"ManyChat ({who(request)})", ["inbox"]))


@page.post("/settings/inbox/end", role="owner", name="end_inbox_secret")
def end_secret(request: Request, token_id: Annotated[int, Form()]) -> Response:
    """Let a secret open nothing any more."""
    end(request, token_id)
    return saved(request, N_("That secret opens nothing any more."), to="inbox_settings")


def _page(request: Request, *, secret: str = "") -> Response:
    panel, user = panel_of(request), current_user(request)
    with panel.database.connection() as connection:
        standing = [row for row in tokens.listed(connection) if "inbox" in row["scopes"]]
    told: Row = {
        "address": _address(request),
        "is_private": request.url.hostname in {"127.0.0.1", "localhost", "::1"} or request.url.scheme != "https",
        "secret": secret,
        "secrets": standing,
        "may_change": bool(user and user.may("owner")),
        "account": Account.of(panel.environment()),
        "received": panel.database.row("inbox", "received"),
    }
    return show(request, "inbox.html", "inbox_settings", **told)


def _address(request: Request) -> str:
    """As a server outside calls it."""
    path = panel_of(request).renderer.url_for("inbox")
    return f"{request.url.scheme}://{request.url.netloc}{path}"

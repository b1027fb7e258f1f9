"""Who may have a route: the login, the role, and for a POST the proof that one of our own pages sent it."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from fastapi import Request

from sync_center.security import sessions, tokens
from sync_center.security.sessions import COOKIE, VISITOR_COOKIE, form_token

if TYPE_CHECKING:
    from sync_center.panel import Panel
    from sync_center.security.roles import Role, User
    from sync_center.security.tokens import Scope

TOKEN_FIELD = "form_token"  # noqa: S105
TOKEN_HEADER = "x-form-token"  # noqa: S105
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class LoginNeededError(Exception):
    """Nobody is logged in."""


class RefusedError(Exception):
    """The user may not, or the request is not one of our pages'; the message is for the log of the panel only."""


async def posted_token(request: Request) -> str:
    """The proof that a form of ours carries, as a field or (from a script of ours) as a header."""
    if request.method in {"GET", "HEAD"} or "authorization" in request.headers:
        return ""
    if given := request.headers.get(TOKEN_HEADER):
        return given
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    return str((await request.form()).get(TOKEN_FIELD, ""))


class Guard:
    """Lets a request pass to a route, or not: `role` is the least that the user must have; None: nobody need log in.

    `scope`: a token of that scope may call it, too.
    """

    def __init__(self, role: Role | None, *, scope: Scope | None = None) -> None:
        self.role = role
        self.scope = scope

    def check(self, request: Request, token: str) -> None:
        """Pass.

        Raises:
            LoginNeededError: nobody is logged in.
            RefusedError: the role is too low, or the proof is missing.
        """
        if "authorization" not in request.headers:
            check_token(request, token)
        self.check_user(request)

    def check_user(self, request: Request) -> None:
        """Pass, as far as the user goes: before a large body is read. Its route calls `check_token` itself.

        Raises:
            LoginNeededError: nobody is logged in.
            RefusedError: the role is too low.
        """
        user = self._script(request) if "authorization" in request.headers else current_user(request)
        if self.role is None:
            return
        if user is None:
            raise LoginNeededError
        if not user.may(self.role):
            raise RefusedError(f"a {user.role} may not")

    def _script(self, request: Request) -> User:
        panel: Panel = request.app.state.panel
        user = tokens.user_of(panel.database, request.headers["authorization"], self.scope) if self.scope else None
        if user is None:
            raise RefusedError("the token opens nothing here")
        request.state.user = user
        return user


def current_session(request: Request) -> sessions.Session | None:
    """The login of this request, looked up once."""
    if not hasattr(request.state, "session"):
        panel: Panel = request.app.state.panel
        request.state.session = sessions.find(panel.database, request.cookies.get(COOKIE, ""))
    found: sessions.Session | None = request.state.session
    return found


def current_user(request: Request) -> User | None:
    """Who asks."""
    if hasattr(request.state, "user"):
        user: User = request.state.user
        return user
    session = current_session(request)
    return session.user if session else None


def secret_of(request: Request) -> str:
    """What the tokens of the forms are derived from: the login, before that the visit."""
    return request.cookies.get(COOKIE) or request.cookies.get(VISITOR_COOKIE) or ""


def check_token(request: Request, token: str) -> None:
    """Pass if the token is that of a form of this login.

    Raises:
        RefusedError: it is not.
    """
    if request.method in {"GET", "HEAD"}:
        return
    secret = secret_of(request)
    if not secret or not hmac.compare_digest(form_token(secret).encode(), token.encode("utf-8", "replace")):
        raise RefusedError("the form's token is missing or of another login")

"""Open logins: a random word in the cookie, its hash in the database, so that each can be ended from there."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sync_center.security.roles import User

if TYPE_CHECKING:
    from fastapi import Request, Response

    from sync_center.database import Database

COOKIE = "stage_first_session"
VISITOR_COOKIE = "stage_first_visitor"
_BYTES = 32


@dataclass(frozen=True)
class Session:
    """A login as the request found it."""

    user: User
    token: str
    notice: dict[str, Any] | None = None


def begin(database: Database, name: str, days: int) -> str:
    """Log a user in and return what the cookie carries."""
    token = secrets.token_urlsafe(_BYTES)
    database.rows("security", "begin_session", token_hash=hash_of(token), name=name, days=days)
    return token


def find(database: Database, token: str) -> Session | None:
    """The login of that cookie, if it stands; a notice that waits in it is taken out."""
    row = database.row("security", "session", token_hash=hash_of(token)) if token else None
    if row is None:
        return None
    return Session(User(row["name"], row["role"]), token, row["notice"])


def end(database: Database, token: str) -> None:
    """Log out."""
    database.rows("security", "end_session", token_hash=hash_of(token))


def leave_notice(database: Database, session: Session, notice: dict[str, Any]) -> None:
    """Let the next page say something once."""
    from psycopg.types.json import Jsonb

    database.rows("security", "leave_notice", token_hash=hash_of(session.token), notice=Jsonb(notice))


def take_notice(database: Database, session: Session) -> None:
    """What waited was said."""
    database.rows("security", "take_notice", token_hash=hash_of(session.token))


def form_token(secret: str) -> str:
    """What every form carries and a foreign page cannot know: derived from the cookie, so nothing is kept."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def hash_of(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def set_cookie(request: Request, response: Response, name: str, value: str, days: int | None) -> None:
    """Set a cookie that scripts cannot read, for our path only."""
    response.set_cookie(
        name,
        value,
        max_age=days and days * 86_400,
        path=request.scope.get("root_path") or "/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )

"""Tokens for scripts: shown once, kept as a hash, taken on the few routes that say so."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Literal, TypeAlias

from stage_first.settings import UsageError

from sync_center.database import fetch
from sync_center.security.roles import User
from sync_center.security.sessions import hash_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sync_center.database import Connection, Database, Row
    from sync_center.security.roles import Role

Scope: TypeAlias = Literal["status", "sync", "unify", "inbox"]
PREFIX = "sf_"
SCOPES: dict[Scope, Role] = {"status": "viewer", "sync": "operator", "unify": "operator", "inbox": "viewer"}
"""What a token may open, and the role that it stands for there."""
_LONGEST_NAME = 64


def add(connection: Connection, name: str, scopes: Collection[str], created_by: str) -> str:
    """Make a token and return it; nobody can read it again.

    Raises:
        UsageError: it has no name, or opens nothing that there is.
    """
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"Say in at most {_LONGEST_NAME} characters what the token is for.")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise UsageError(f"A token opens at least one of: {', '.join(SCOPES)}.")
    token = PREFIX + secrets.token_urlsafe(32)
    row = {"token_hash": hash_of(token), "name": name.strip(), "created_by": created_by}
    fetch(connection, "security", "add_token", **row, scopes=sorted(set(scopes)))
    return token


def listed(connection: Connection) -> list[Row]:
    """All tokens that stand, with when they were last used."""
    return fetch(connection, "security", "tokens")


def revoke(connection: Connection, token_id: int) -> None:
    """Let a token open nothing any more.

    Raises:
        UsageError: there is none of that number that stands.
    """
    if not fetch(connection, "security", "revoke_token", token_id=token_id):
        raise UsageError(f"There is no token {token_id} that stands; `sync-center tokens list` shows all.")


def user_of(database: Database, authorization: str, scope: Scope) -> User | None:
    """Whom the header `Authorization: Bearer <token>` stands for, on routes of that scope."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token.startswith(PREFIX):
        return None
    row = database.row("security", "token", token_hash=hash_of(token))
    if row is None or scope not in row["scopes"]:
        return None
    return User(f"token {row['name']}", SCOPES[scope], is_script=True)

"""Tokens for scripts: shown once, kept as a hash, taken on the few routes that say so."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from stage_first.settings import UsageError

from sync_center.database import fetch
from sync_center.security.roles import User
from sync_center.security.sessions import hash_of

if TYPE_CHECKING:
    from sync_center.database import Connection, Database, Row

PREFIX = "sf_"
ROLES = ("viewer", "operator")


def add(connection: Connection, name: str, role: str, created_by: str) -> str:
    """Make a token and return it; nobody can read it again.

    Raises:
        UsageError: a token cannot have that role.
    """
    if role not in ROLES:
        raise UsageError(f"A token is for a {' or an '.join(ROLES)}, not {role!r}.")
    token = PREFIX + secrets.token_urlsafe(32)
    fetch(connection, "security", "add_token", token_hash=hash_of(token), name=name, role=role, created_by=created_by)
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


def user_of(database: Database, authorization: str) -> User | None:
    """Whom the header `Authorization: Bearer <token>` stands for."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token.startswith(PREFIX):
        return None
    row = database.row("security", "token", token_hash=hash_of(token))
    return User(f"token {row['name']}", row["role"], is_script=True) if row else None

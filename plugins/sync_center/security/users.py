"""People who may log in: made and changed by command and by the settings page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stage_first.settings import UsageError

from sync_center.database import fetch
from sync_center.security.passwords import SHORTEST, hashed
from sync_center.security.roles import ROLES

if TYPE_CHECKING:
    from sync_center.database import Connection, Row

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def add(connection: Connection, name: str, role: str, password: str) -> None:
    """Make a user.

    Raises:
        UsageError: the name, the role or the password will not do, or there is one of that name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError("A user's name has small letters, digits and . _ @ - only, such as ana or ana@example.com.")
    row = {"name": name, "role": _role(role), "password_hash": hashed(checked(password))}
    if not fetch(connection, "security", "add_user", **row):
        raise UsageError(f"There is a user {name!r} already.")


def listed(connection: Connection) -> list[Row]:
    """All users, with when they were last seen."""
    return fetch(connection, "security", "users")


def set_role(connection: Connection, name: str, role: str) -> None:
    """Give a user another role; it holds at once.

    Raises:
        UsageError: there is no such user or role.
    """
    _found(fetch(connection, "security", "set_role", name=name, role=_role(role)), name)


def set_password(connection: Connection, name: str, password: str) -> None:
    """Give a user another password; all open logins of theirs end.

    Raises:
        UsageError: there is no such user, or the password will not do.
    """
    with connection.transaction():
        found = fetch(connection, "security", "set_password", name=name, password_hash=hashed(checked(password)))
        _found(found, name)
        fetch(connection, "security", "end_sessions_of", name=name)


def set_disabled(connection: Connection, name: str, *, is_disabled: bool) -> None:
    """Let a user in no more (open logins end at once), or again.

    Raises:
        UsageError: there is no such user.
    """
    with connection.transaction():
        _found(fetch(connection, "security", "set_disabled", name=name, is_disabled=is_disabled), name)
        if is_disabled:
            fetch(connection, "security", "end_sessions_of", name=name)


def end_sessions(connection: Connection, name: str) -> None:
    """End all open logins of a user."""
    fetch(connection, "security", "end_sessions_of", name=name)


def checked(password: str) -> str:
    """The password.

    Raises:
        UsageError: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= 1000:
        raise UsageError(f"A password has at least {SHORTEST} characters.")
    return password


def _role(role: str) -> str:
    if role not in ROLES:
        raise UsageError(f"There is no role {role!r}. There are: {', '.join(ROLES)}.")
    return role


def _found(rows: list[Row], name: str) -> None:
    if not rows:
        raise UsageError(f"There is no user {name!r}; `sync-center users list` shows all.")

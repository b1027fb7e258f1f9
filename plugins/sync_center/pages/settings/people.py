"""`/settings/users`: who may log in, and as what; an owner's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Form, Request, Response
from stage_first.settings import UsageError

from sync_center.database import fetch
from sync_center.language.catalogues import N_
from sync_center.pages.settings.sections import page, saved, show, who
from sync_center.panel import panel_of
from sync_center.rendering import language_of
from sync_center.security import audit, users
from sync_center.security.passwords import random_password
from sync_center.security.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_center.database import Connection

Name = Annotated[str, Form()]


@page.get("/settings/users", role="owner", name="people")
def people(request: Request) -> Response:
    """All users."""
    return _page(request)


@page.post("/settings/users", role="owner", name="add_user")
def add(request: Request, name: Name, role: Annotated[str, Form()] = "viewer") -> Response:
    """Make a user; the password is shown on the page that answers, and nowhere else."""
    name, word = name.strip().lower(), random_password()
    try:
        _change(request, "add user", name, lambda connection: users.add(connection, name, role, word), role=role)
    except UsageError as error:
        return _page(request, error=str(error), status=409)
    return _page(request, made=(name, word))


@page.post("/settings/users/password", role="owner", name="renew_password")
def renew(request: Request, name: Name) -> Response:
    """Give a user another password; their open logins end."""
    word = random_password()
    _change(request, "change password", name, lambda connection: users.set_password(connection, name, word))
    return _page(request, made=(name, word))


@page.post("/settings/users/role", role="owner", name="set_role")
def set_role(request: Request, name: Name, role: Annotated[str, Form()]) -> Response:
    """Give a user another role; it holds at once."""

    def change(connection: Connection) -> None:
        users.set_role(connection, name, role)
        _check_owners(request, connection)

    _change(request, "change role", name, change, role=role)
    return saved(request, N_("The role is changed."), to="people")


@page.post("/settings/users/disable", role="owner", name="disable_user")
def disable(request: Request, name: Name, is_disabled: Annotated[bool, Form()] = True) -> Response:
    """Let a user in no more, or again."""

    def change(connection: Connection) -> None:
        users.set_disabled(connection, name, is_disabled=is_disabled)
        _check_owners(request, connection)

    _change(request, "disable user" if is_disabled else "enable user", name, change)
    said = N_("The user may not log in any more.") if is_disabled else N_("The user may log in again.")
    return saved(request, said, to="people")


@page.post("/settings/users/log-out", role="owner", name="end_sessions")
def end_sessions(request: Request, name: Name) -> Response:
    """End all open logins of a user."""
    _change(request, "end logins", name, lambda connection: users.end_sessions(connection, name))
    return saved(request, N_("All open logins of that user have ended."), to="people")


def _change(request: Request, action: str, name: str, change: Callable[[Connection], None], **details: str) -> None:
    with panel_of(request).database.connection() as connection, connection.transaction():
        change(connection)
        audit.note(connection, who(request), action, name, **details)


def _check_owners(request: Request, connection: Connection) -> None:
    """Somebody must be left who can change settings."""
    if not fetch(connection, "settings", "owners")[0]["owners"]:
        raise UsageError(language_of(request).text("That would leave no owner. Make somebody else owner first."))


def _page(request: Request, *, made: tuple[str, str] | None = None, error: str = "", status: int = 200) -> Response:
    rows = panel_of(request).database.rows("settings", "people")
    told = {"people": rows, "roles": ROLES, "made": made, "error": error}
    return show(request, "people.html", "people", status=status, **told)

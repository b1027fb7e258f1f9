"""`/settings/account`: one's own language and password; the owner also sets the zone of all times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Form, Request, Response
from stage_first import project
from stage_first.env_file import write_settings
from stage_first.settings import UsageError

from sync_center.language.catalogues import N_, Languages
from sync_center.pages.settings.sections import page, saved, show, who
from sync_center.panel import panel_of
from sync_center.rendering import Renderer, language_of
from sync_center.security import attempts, audit, users
from sync_center.security.passwords import is_right
from sync_center.settings import PREFIX

if TYPE_CHECKING:
    from sync_center.database import Database
    from sync_center.panel import Panel

_ZONE = f"{PREFIX}TIME_ZONE"


@page.get("/settings/account", role="viewer", name="account")
def account(request: Request) -> Response:
    """The page."""
    zone = panel_of(request).settings.zone.key
    return show(request, "account.html", "account", zone=zone, zones=sorted(available_timezones() | {zone}))


@page.post("/settings/time-zone", role="owner", name="set_time_zone")
def set_time_zone(request: Request, zone: Annotated[str, Form()]) -> Response:
    """The zone in which all times are shown: kept in `.env`, and counting at once."""
    panel = panel_of(request)
    if zone not in available_timezones():
        raise UsageError(language_of(request).text("There is no time zone of that name."))
    if panel.settings.child_environment.get(_ZONE):
        raise UsageError(
            language_of(request).text("%(name)s is set where the panel was started; change it there.", name=_ZONE)
        )
    write_settings(project.ENV_FILE, {_ZONE: zone})
    _use_zone(panel, zone)
    audit.note(panel.database, who(request), "set time zone", zone)
    return saved(request, N_("All times are of that zone now."), to="account")


@page.post("/settings/password", role="viewer", name="change_own_password")
def change_password(request: Request, old: Annotated[str, Form()], new: Annotated[str, Form()]) -> Response:
    """One's own; all other open logins end as well, and this one."""
    panel, name, text = panel_of(request), who(request), language_of(request).text
    if not _knows(panel.database, name, old, request.client.host if request.client else ""):
        raise UsageError(text("The old password is wrong."))
    with panel.database.connection() as connection, connection.transaction():
        users.set_password(connection, name, new)
        audit.note(connection, name, "change password", name)
    return saved(request, "", to="login")


def _use_zone(panel: Panel, name: str) -> None:
    """From the next page on, without a new start of the panel."""
    panel.settings = replace(panel.settings, zone=ZoneInfo(name))
    panel.languages = Languages(panel.settings.zone)
    panel.renderer = Renderer(panel.languages, panel.pages, panel.renderer.url_for)


def _knows(database: Database, name: str, password: str, address: str) -> bool:
    """Guessing here is slowed down as at the login."""
    if attempts.must_wait(database, name, address):
        return False
    user = database.row("security", "user", name=name)
    if is_right(password, user["password_hash"] if user else None):
        return True
    attempts.note_failure(database, name, address)
    return False

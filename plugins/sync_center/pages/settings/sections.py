"""The parts of the settings, and who may see each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from sync_center.language.catalogues import N_
from sync_center.page import Page
from sync_center.rendering import done, language_of, render
from sync_center.security.guard import current_user

if TYPE_CHECKING:
    from sync_center.security.roles import Role

page = Page("settings", N_("Settings"), order=90)


class Section(NamedTuple):
    """A part, by the name of its route."""

    route: str
    label: str
    role: Role = "viewer"


SECTIONS = (
    Section("settings", N_("Sources")),
    Section("rules", N_("Rules")),
    Section("schedules", N_("Schedules")),
    Section("inbox_settings", N_("Inbox")),
    Section("people", N_("Users"), "owner"),
    Section("tokens", N_("API tokens"), "owner"),
    Section("account", N_("Language and account")),
)


async def form_of(request: Request) -> FormData:
    """A form whose fields nobody knows beforehand."""
    return await request.form()


Fields = Annotated[FormData, Depends(form_of)]


def texts_of(form: FormData) -> dict[str, str]:
    """The fields that are text, which files are not."""
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


def show(request: Request, template: str, section: str, *, status: int = 200, **data: Any) -> HTMLResponse:
    """A part, below the list of all parts that the user may see."""
    user = current_user(request)
    seen = [part for part in SECTIONS if user and user.may(part.role)]
    return render(request, f"settings/{template}", status=status, sections=seen, section=section, **data)


def saved(request: Request, text: str, *, to: str, **path: Any) -> Response:
    """Go back to a part, which says the text once."""
    return done(request, language_of(request).text(text), to=to, **path)


def who(request: Request) -> str:
    """The name of the user, for the records."""
    user = current_user(request)
    return user.name if user else ""

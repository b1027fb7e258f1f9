"""Turns a template and its data into a page, with what every page has around it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sync_center.language.catalogues import NAMES, chosen
from sync_center.panel import panel_of
from sync_center.security import sessions
from sync_center.security.guard import TOKEN_FIELD, current_session, current_user, secret_of

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from sync_center.language.catalogues import Language
    from sync_center.page import Page

FOLDER = Path(__file__).with_name("templates")
THEMES = ("auto", "light", "dark")
LANGUAGE_COOKIE = "stage_first_language"
THEME_COOKIE = "stage_first_theme"
_MOST_ENVIRONMENTS = 6
"""Each keeps its own compiled templates; more regions than these do not look on at once."""


class Renderer:
    """One environment of Jinja for each language: the texts of a template are looked up in it."""

    def __init__(self, languages: dict[str, Language], pages: list[Page], url_for: Any) -> None:
        self.url_for = url_for
        self._environment = lru_cache(_MOST_ENVIRONMENTS)(lambda code: _environment(languages[code]))
        self._navigation = sorted((page for page in pages if page.label), key=lambda page: page.order)

    def fragment(self, template: str, language: str, **data: Any) -> str:
        """A part of a page, for any reader of that language."""
        return self._environment(language).get_template(template).render(**data)

    def page(self, request: Request, template: str, status: int = 200, **data: Any) -> HTMLResponse:
        """A whole page for the one who asks."""
        language = language_of(request)
        around = {"request": request, "url_for": self.url_for, "navigation": self._navigation, "names": NAMES}
        around |= {"user": current_user(request), "theme": _theme(request), "form_token": token_of(request)}
        around |= {"token_field": TOKEN_FIELD, "badges": panel_of(request).broadcaster.badges, "notice": None}
        session = current_session(request)
        if session and session.notice:
            around["notice"] = session.notice
            sessions.take_notice(panel_of(request).database, session)
        return HTMLResponse(self.fragment(template, language.code, **around, **data), status)


def render(request: Request, template: str, *, status: int = 200, **data: Any) -> HTMLResponse:
    """Answer with a page: `render(request, "conflicts/list.html", cases=cases)`."""
    return panel_of(request).renderer.page(request, template, status, **data)


def done(
    request: Request, text: str, *, to: str, tone: str = "success", status: int = 200, query: str = "", **path: Any
) -> Response:
    """Answer a POST: to a script in JSON; to a person with the page `to`, which says the text once."""
    if request.headers.get("authorization"):
        return JSONResponse({"message": text}, 200 if tone == "success" else max(status, 409))
    session = current_session(request)
    if session and text:
        sessions.leave_notice(panel_of(request).database, session, {"text": text, "tone": tone})
    place = panel_of(request).renderer.url_for(to, **path)
    return RedirectResponse(f"{place}?{query}" if query else place, 303)


def language_of(request: Request) -> Language:
    """The language to answer in."""
    code = chosen(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    return panel_of(request).languages[code]


def url_maker(application: FastAPI, root_path: str) -> Any:
    """Makes addresses without a host, below the root path: they hold behind every proxy."""

    def url_for(name: str, /, **path: Any) -> str:
        version = f"?{application.state.version}" if name == "static" else ""
        return f"{root_path}{application.url_path_for(name, **path)}{version}"

    return url_for


def token_of(request: Request) -> str:
    """What the forms of this page carry."""
    secret = getattr(request.state, "secret", None) or secret_of(request)
    return sessions.form_token(secret) if secret else ""


def _theme(request: Request) -> str:
    wish = request.cookies.get(THEME_COOKIE, THEMES[0])
    return wish if wish in THEMES else THEMES[0]


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(language.texts, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["language"] = language
    for name in ("number", "many", "percent", "money", "megabytes", "moment", "full_moment", "day", "duration"):
        environment.filters[name] = getattr(language, name)
    return environment

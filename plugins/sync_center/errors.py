"""What went wrong, and what to do next: as a page for a person, as JSON for a script."""

from __future__ import annotations

import logging
import urllib.parse
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from psycopg_pool import PoolTimeout
from stage_first.settings import UsageError
from starlette.exceptions import HTTPException

from sync_center.language.catalogues import N_
from sync_center.panel import panel_of
from sync_center.rendering import language_of, render
from sync_center.security.guard import LoginNeededError, RefusedError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from starlette.responses import Response

_log = logging.getLogger(__name__)


class _Said(NamedTuple):
    title: str
    next: str


_SAID = {
    400: _Said(
        N_("This address or form cannot be read"),
        N_(
            "Something in it has another shape than expected. Go back and correct it, or start from a page of the menu."
        ),
    ),
    401: _Said(N_("Nobody is logged in"), N_("Log in, or give a token.")),
    403: _Said(
        N_("This is not for you to do"),
        N_("Your role does not allow it, or the page was open for too long: load it again. An owner can change roles."),
    ),
    404: _Said(
        N_("There is nothing here"),
        N_("The address may be old, or what it showed is gone. Start from a page of the menu."),
    ),
    405: _Said(
        N_("There is nothing here"), N_("This address cannot be used in that way. Start from a page of the menu.")
    ),
    409: _Said(N_("That cannot be done now"), N_("Read why, then go back.")),
    413: _Said(N_("That is too large"), N_("Send less at once.")),
    429: _Said(N_("Too many attempts"), N_("Wait a quarter of an hour, then try again.")),
    500: _Said(
        N_("Something broke on our side"),
        N_("Nothing of yours is lost. Load the page again; if it stays, look at the panel's output."),
    ),
    503: _Said(
        N_("The database does not answer"),
        N_("The page comes back by itself when it does. Check that Postgres runs: `stage-first start` says so."),
    ),
}


def install(application: FastAPI) -> None:
    """Let every error end in a page."""
    application.add_exception_handler(LoginNeededError, _ask_to_log_in)
    for kind, status in {
        RefusedError: 403,
        RequestValidationError: 400,
        psycopg.DataError: 400,
        UnicodeError: 400,
        UsageError: 409,
        psycopg.OperationalError: 503,
        PoolTimeout: 503,
        Exception: 500,
    }.items():
        application.add_exception_handler(kind, _handler(status))
    application.add_exception_handler(HTTPException, _http)


def error_page(request: Request, status: int, why: str = "") -> Response:
    """The page, or the JSON, about an error."""
    said = _SAID.get(status, _SAID[400 if status < 500 else 500])
    if request.headers.get("authorization"):
        return JSONResponse({"message": why or said.title, "next": said.next}, status)
    if status >= 500:
        request.state.session = None  # the database may be what is broken
    language = language_of(request)
    told = {"title": language.text(said.title), "next": language.text(said.next), "why": why}
    return render(request, "errors/error.html", status=status, code=status, **told)


def _handler(status: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def handle(request: Request, error: Exception) -> Response:
        if status >= 500:
            _log.error("%s %s: %s", request.method, request.url.path, type(error).__name__)
        return error_page(request, status, str(error) if isinstance(error, UsageError) else "")

    return handle


def _http(request: Request, error: Exception) -> Response:
    return error_page(request, error.status_code if isinstance(error, HTTPException) else 500)


def _ask_to_log_in(request: Request, _: Exception) -> Response:
    """Lead to the login, and from there back to where the person wanted to go."""
    login = panel_of(request).renderer.url_for("login")
    path = request.url.path.removeprefix(panel_of(request).settings.root_path)
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = urllib.parse.urlencode({"next": path + query}) if request.method == "GET" and path != "/" else ""
    return RedirectResponse(f"{login}?{wanted}" if wanted else login, 303)

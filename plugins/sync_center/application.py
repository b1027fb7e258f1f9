"""Puts the panel together: its pages, what stands around every request, and what errors look like."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from sync_center import errors, pages
from sync_center.database import Database
from sync_center.language.catalogues import all_languages
from sync_center.live import Broadcaster
from sync_center.panel import Panel
from sync_center.prefix import PrefixMiddleware
from sync_center.processes import Processes
from sync_center.rendering import Renderer, url_maker
from sync_center.security.headers import SecurityMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response
    from starlette.types import Scope

    from sync_center.page import Page
    from sync_center.settings import Settings

STATIC = Path(__file__).with_name("static")
_YEAR = "public, max-age=31536000, immutable"


def make_application(settings: Settings) -> FastAPI:
    """The application, for a server or a test."""
    application = FastAPI(title="Sync Center", openapi_url=None, docs_url=None, redoc_url=None, lifespan=_lifespan)
    application.state.version = _version()
    application.state.panel = panel = _panel(settings, application)
    for page in panel.pages:
        application.include_router(page.router)
    application.mount("/static", GZipMiddleware(_Static(directory=STATIC), minimum_size=500), name="static")
    errors.install(application)
    application.add_middleware(
        SecurityMiddleware,
        large=set().union(*(page.large for page in panel.pages)),
        foreign=set().union(*(page.foreign for page in panel.pages)),
    )
    application.add_middleware(PrefixMiddleware, root_path=settings.root_path)
    return application


def all_pages() -> list[Page]:
    """The `page` of every module and package in `pages`."""
    names = sorted(found.name for found in pkgutil.iter_modules(pages.__path__))
    return [importlib.import_module(f"{pages.__name__}.{name}").page for name in names]


def _panel(settings: Settings, application: FastAPI) -> Panel:
    database, languages, found = Database(settings.database_url), all_languages(settings.zone), all_pages()
    renderer = Renderer(languages, found, url_maker(application, settings.root_path))
    panel = Panel(settings, database, Processes(database, settings), languages, found, renderer)
    panel.broadcaster = Broadcaster(panel)
    return panel


@asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    database: Database = application.state.panel.database
    database.open()
    yield
    database.close()


class _Static(StaticFiles):
    """Files whose addresses carry the version, so that a browser keeps them."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = _YEAR
        return response


def _version() -> str:
    """Changes with every file."""
    digest = hashlib.sha256()
    for file in sorted(file for file in STATIC.rglob("*") if file.is_file()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]

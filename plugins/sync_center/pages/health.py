"""Whether the panel lives, and whether it can do its work; for a proxy or a supervisor."""

from __future__ import annotations

import psycopg
from fastapi import Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout

from sync_center.page import Page
from sync_center.panel import panel_of

page = Page("health")


@page.get("/health", role=None, name="health")
def health() -> JSONResponse:
    """It lives."""
    return JSONResponse({"status": "ok"})


@page.get("/ready", role=None, name="ready")
def ready(request: Request) -> JSONResponse:
    """Its database answers."""
    try:
        with panel_of(request).database.connection() as connection:
            connection.execute("select 1")
    except (psycopg.Error, PoolTimeout):
        return JSONResponse({"status": "the database does not answer"}, 503)
    return JSONResponse({"status": "ok"})

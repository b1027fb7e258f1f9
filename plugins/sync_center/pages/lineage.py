"""`/lineage`: which table comes from which. The documentation that dbt writes, in a sandbox of its own."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import HTTPException, Request, Response
from stage_first import project

from sync_center.language.catalogues import N_
from sync_center.page import Page
from sync_center.panel import panel_of
from sync_center.processes import Command
from sync_center.rendering import done, language_of, render
from sync_center.security import audit
from sync_center.security.guard import current_user

if TYPE_CHECKING:
    from pathlib import Path

    from sync_center.panel import Panel

COMMAND = Command("docs-generate", "meltano", ("invoke", "dbt-postgres:docs-generate"))
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts"
)
"""dbt's page needs inline scripts and eval. It is one file that asks for nothing: it gets no origin, cookie or net."""
page = Page("lineage", N_("Lineage"), order=80)


def docs_file() -> Path:
    """The whole documentation in one file, as `dbt docs generate --static` writes it."""
    return project.TRANSFORM / "target" / "static_index.html"


@page.get("/lineage", role="viewer", name="lineage")
def show(request: Request) -> Response:
    """Where the documentation is and how old, or how to make it."""
    panel, file = panel_of(request), docs_file()
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC) if file.exists() else None
    ended = panel.database.row("lineage", "last", name=COMMAND.name)
    return render(request, "lineage/lineage.html", written=written, is_under_way=_is_under_way(panel), ended=ended)


@page.get("/lineage/docs.html", role="viewer", name="lineage_docs")
def docs(request: Request) -> Response:
    """The documentation."""
    file, known = docs_file(), panel_of(request).known
    if not file.exists():
        raise HTTPException(404)
    key = ("lineage", file.stat().st_mtime_ns)
    if known.get("lineage", (None,))[0] != key:
        known["lineage"] = (key, gzip.compress(file.read_bytes(), 6))
    return _page(known["lineage"][1], "gzip" in request.headers.get("accept-encoding", ""))


@page.post("/lineage", role="operator", name="write_docs")
def write(request: Request) -> Response:
    """`meltano invoke dbt-postgres:docs-generate`."""
    panel, text, user = panel_of(request), language_of(request).text, current_user(request)
    if user and panel.processes.start(COMMAND, user.name):
        audit.note(panel.database, user.name, "start", COMMAND.name)
        return done(request, text("The documentation is being written."), to="lineage", tone="info")
    return done(request, text("It is being written already."), to="lineage", tone="info")


def _page(packed: bytes, may_be_packed: bool) -> Response:
    headers = {"content-security-policy": POLICY, "vary": "accept-encoding"}
    if may_be_packed:
        return Response(packed, headers={**headers, "content-encoding": "gzip"}, media_type="text/html")
    return Response(gzip.decompress(packed), headers=headers, media_type="text/html")


def _is_under_way(panel: Panel) -> bool:
    return any(row["name"] == COMMAND.name for row in panel.processes.under_way())

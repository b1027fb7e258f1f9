"""`/runs`: the runs, what was published, what the panel has started."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from starlette.responses import FileResponse

from sync_center.language.catalogues import N_
from sync_center.page import Page
from sync_center.pages.runs import again, rejects
from sync_center.pages.runs.chart import chart_of
from sync_center.pages.runs.listing import (
    PER_PAGE,
    TONES,
    WORDS,
    Filters,
    choices,
    read_days,
    read_runs,
)
from sync_center.pages.runs.logs import LEVELS, find_log, read_log
from sync_center.pages.runs.run import Run, read_run
from sync_center.panel import panel_of
from sync_center.rendering import done, language_of, render
from sync_center.security import audit
from sync_center.security.guard import current_user

if TYPE_CHECKING:
    from pathlib import Path

    from sync_center.database import Row

page = Page("runs", N_("Runs"), order=40)
_ATTACHED = {"jsonl": (rejects.jsonl, "application/x-ndjson"), "csv": (rejects.as_csv, "text/csv; charset=utf-8")}


@page.get("/runs", role="viewer", name="runs")
def show_all(
    request: Request, source: str = "", state: str = "", who: str = "", day: str = "", after: str = ""
) -> Response:
    """The runs that the address asks for, and the timeline of the last days."""
    panel = panel_of(request)
    filters = Filters(source, state if state in WORDS else "", who, _day(day))
    runs, more = read_runs(panel, filters, after)
    days = read_days(panel, filters)
    data: dict[str, Any] = {"runs": runs, "more": more, "filters": filters, "chart": chart_of(days), "days": days}
    data |= {"words": WORDS, "tones": TONES, "after": after, **choices(panel)}
    return render(request, "runs/list.html", **data)


@page.get("/runs/publishes", role="viewer", name="publishes")
def publishes(request: Request, after: int | None = None) -> Response:
    """What was published, and what was rolled back."""
    rows = panel_of(request).database.rows("runs", "publishes", after=after, most=PER_PAGE + 1)
    return render(request, "runs/publishes.html", publishes=rows[:PER_PAGE], more=_more(rows, "publish_id"))


@page.get("/runs/publishes/{publish_id}", role="viewer", name="published")
def published(request: Request, publish_id: int) -> Response:
    """What one of them did to each table."""
    database = panel_of(request).database
    row = database.row("runs", "publish", publish_id=publish_id)
    if row is None:
        raise HTTPException(404)
    last = database.row("runs", "last_to_roll_back") or {}
    tables = database.rows("runs", "published_tables", publish_id=publish_id)
    return render(
        request, "runs/publish.html", publish=row, tables=tables, is_last=last.get("publish_id") == publish_id
    )


@page.get("/runs/commands", role="operator", name="commands")
def commands(request: Request, after: int | None = None) -> Response:
    """What was started here, with the runs that came of it."""
    panel = panel_of(request)
    panel.processes.under_way()
    rows = panel.database.rows("runs", "commands", after=after, most=PER_PAGE + 1)
    labels, more = dict(choices(panel)["source"]), _more(rows, "command_id")
    return render(request, "runs/commands.html", commands=rows[:PER_PAGE], labels=labels, more=more)


@page.get("/runs/{source}/{run_id}", role="viewer", name="run")
def show(request: Request, source: str, run_id: UUID, after: int = 0, stream: str = "") -> Response:
    """One run: its steps, bookmarks, refused rows and log."""
    panel, run = panel_of(request), _found(request, source, run_id)
    rows, more = rejects.read_rejects(panel, source, run.run_id, after, stream)
    data: dict[str, Any] = {"run": run, "rejects": rows, "more": more, "after": after, "stream": stream}
    data |= {"words": WORDS, "tones": TONES, **_log(request, run, "")}
    return render(request, "runs/run.html", **data)


@page.get("/runs/{source}/{run_id}/log", role="operator", name="run_log")
def log(request: Request, source: str, run_id: UUID, level: str = "") -> Response:
    """The end of its log, as far as it is of that level."""
    run = _found(request, source, run_id)
    return render(request, "runs/log.html", run=run, **_log(request, run, level))


@page.get("/runs/{source}/{run_id}/log.txt", role="operator", name="whole_log")
def whole_log(request: Request, source: str, run_id: UUID) -> Response:
    """All of its log, as a file."""
    path = _log_path(request, _found(request, source, run_id))
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type="text/plain; charset=utf-8", filename=f"{source}-{run_id}.log")


@page.get("/runs/{source}/{run_id}/rejects.{form}", role="viewer", name="all_rejects")
def all_rejects(request: Request, source: str, run_id: UUID, form: str) -> Response:
    """All refused rows, as CSV or as lines of JSON."""
    if form not in _ATTACHED:
        raise HTTPException(404)
    _found(request, source, run_id)
    write, kind = _ATTACHED[form]
    name = f'attachment; filename="refused-{run_id}.{form}"'
    return StreamingResponse(
        write(panel_of(request), source, str(run_id)), media_type=kind, headers={"content-disposition": name}
    )


@page.get("/runs/{source}/{run_id}/rejects/{reject_id}/raw", role="viewer", name="reject")
def reject(request: Request, source: str, run_id: UUID, reject_id: int) -> Response:
    """The bytes of one refused row, as far as they were kept."""
    asked = {"source": source, "run_id": str(run_id), "reject_id": reject_id}
    row = panel_of(request).database.row("runs", "reject", **asked)
    if row is None:
        raise HTTPException(404)
    name = f'attachment; filename="refused-{reject_id}.bin"'
    return Response(bytes(row["raw"]), media_type="application/octet-stream", headers={"content-disposition": name})


@page.get("/runs/{source}/{run_id}/again", role="operator", name="ask_again")
def ask_again(request: Request, source: str, run_id: UUID) -> Response:
    """Say what would be read again, and ask."""
    panel, run = panel_of(request), _found(request, source, run_id)
    files = panel.database.rows("runs", "rejected_files", source=source, run_id=str(run_id))
    data: dict[str, Any] = {"run": run, "files": files, "uploaded": again.uploaded(panel, files)}
    data |= {"is_running": again.is_running(panel, source), "known": again.known(panel, source)}
    return render(request, "runs/again.html", **data)


@page.post("/runs/{source}/{run_id}/again", role="operator", name="run_again")
def run_again(request: Request, source: str, run_id: UUID) -> Response:
    """`meltano run download-<source>`: it goes on from its bookmark."""
    return _start_again(request, source, run_id, is_full=False)


@page.post("/runs/{source}/{run_id}/anew", role="operator", name="run_anew")
def run_anew(request: Request, source: str, run_id: UUID) -> Response:
    """`meltano run --full-refresh download-<source>`: it reads everything."""
    return _start_again(request, source, run_id, is_full=True)


def _start_again(request: Request, source: str, run_id: UUID, *, is_full: bool) -> Response:
    panel, text = panel_of(request), language_of(request).text
    run, user = _found(request, source, run_id), current_user(request)
    who = user.name if user else ""
    place: dict[str, Any] = {"to": "run", "source": run.source, "run_id": run.run_id}
    found = again.known(panel, source)
    if found is None:
        said = text("This source cannot be downloaded from here: it is not connected.")
        return done(request, said, tone="error", **place)
    new = None if again.is_running(panel, source) else again.start(panel, found, who, is_full=is_full)
    if new is None:
        return done(request, text("%(source)s is being downloaded already.", source=found.label), tone="info", **place)
    audit.note(panel.database, who, "start", found.job, is_full=is_full)
    return done(request, text("The download of %(source)s has started.", source=found.label), to="runs")


def _found(request: Request, source: str, run_id: UUID) -> Run:
    run = read_run(panel_of(request), source, str(run_id))
    if run is None:
        raise HTTPException(404)
    return run


def _log_path(request: Request, run: Run) -> Path | None:
    return find_log(panel_of(request), run.run_id, run.command)


def _log(request: Request, run: Run, level: str) -> dict[str, Any]:
    user = current_user(request)
    path = _log_path(request, run) if user and user.may("operator") else None
    return {"log": read_log(path, level) if path else None, "level": level, "levels": LEVELS}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise HTTPException(400) from error


def _more(rows: list[Row], key: str) -> int | None:
    return rows[PER_PAGE - 1][key] if len(rows) > PER_PAGE else None

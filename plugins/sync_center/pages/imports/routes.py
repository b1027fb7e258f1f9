"""`/import`: upload a file, see what was detected, say what its columns mean, import it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Form, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from tap_csv.options import DELIMITER_NAMES

from sync_center.language.catalogues import N_
from sync_center.page import Page
from sync_center.pages.imports import mapping
from sync_center.pages.imports.looking import SettingError, look
from sync_center.pages.imports.receiving import EMPTY, UploadError, received
from sync_center.pages.imports.state import (
    JOB,
    TONES,
    WORDS,
    UploadState,
    read_import,
    read_states,
    uploads_of,
)
from sync_center.panel import panel_of
from sync_center.processes import meltano_run
from sync_center.rendering import done, language_of, render
from sync_center.security import audit
from sync_center.security.guard import TOKEN_FIELD, TOKEN_HEADER, check_token, current_user
from sync_center.settings import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stage_first.uploads import Upload

    from sync_center.pages.imports.looking import Look
    from sync_center.pages.imports.receiving import Received
    from sync_center.panel import Panel

page = Page("imports", N_("Import CSV"), order=50)
PER_PAGE = 30
ENCODINGS = ("utf-8", "cp1252", "mac-roman", "utf-16")


@page.get("/import", role="viewer", name="imports")
def show_all(request: Request, after: str = "") -> Response:
    """The uploaded files, the newest first, and the form for one more."""
    return _list(request, after)


@page.post("/import", role="operator", name="upload", is_large=True)
async def upload(request: Request) -> Response:
    """Take a file; who is told in JSON where to go on has a script of ours."""
    panel = panel_of(request)

    def permit(fields: dict[str, str]) -> None:
        check_token(request, request.headers.get(TOKEN_HEADER) or fields.get(TOKEN_FIELD, ""))

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        permit({})
    try:
        async with received(request, panel.settings.imports, panel.settings.largest_upload, permit) as file:
            return await run_in_threadpool(_take, request, file)
    except ClientDisconnect:
        return Response(status_code=400)
    except UploadError as error:
        return await run_in_threadpool(_refuse, request, error)


@page.get("/import/{name}", role="viewer", name="imported")
def show(request: Request, name: str) -> Response:
    """What was detected in a file, and how far its import is."""
    return _one(request, _found(request, name))


@page.post("/import/{name}/mapping", role="operator", name="map_import")
def change(
    request: Request,
    name: str,
    column: Annotated[list[str], Form(default_factory=list)],
    field: Annotated[list[str], Form(default_factory=list)],
    kind: Annotated[str, Form()] = "",
    encoding: Annotated[str, Form()] = "",
    delimiter: Annotated[str, Form()] = "",
) -> Response:
    """Say what the columns mean and how the file is written; an empty field means: as it was found."""
    file, text = _found(request, name), language_of(request).text
    given = {"kind": kind.strip(), "encoding": encoding.strip(), "delimiter": delimiter.strip()}
    try:
        told = _settle(request, file, dict(zip(column, field, strict=False)), given)
    except SettingError as error:
        return _one(request, file, problem=str(error).partition(": ")[2], given=given, status=422)
    audit.note(panel_of(request).database, _who(request), "change mapping", name)
    said = text("Saved. The file is imported that way.")
    if told:
        said += " " + text("What was imported of its kind follows with the next unify.")
    return done(request, said, to="imported", name=name)


@page.post("/import/{name}/start", role="operator", name="start_import")
def start(request: Request, name: str) -> Response:
    """`meltano run download-csv`."""
    panel, text, who = panel_of(request), language_of(request).text, _who(request)
    _found(request, name)
    uploads_of(panel).want(name)
    if read_import(panel).is_running or not panel.processes.start(meltano_run(JOB), who):
        said = text(
            "Files are being imported already. When that has ended, press Import again, or leave it to the schedule."
        )
        return done(request, said, to="imported", tone="info", name=name)
    audit.note(panel.database, who, "start", JOB)
    return done(request, text("The import has started."), to="imported", name=name)


@page.post("/import/{name}/remove", role="operator", name="remove_import")
def remove(request: Request, name: str) -> Response:
    """Remove a file from the disk; rows that were imported stay."""
    panel, text = panel_of(request), language_of(request).text
    _found(request, name)
    if read_import(panel).is_running:
        said = text("Files are being imported; remove it when that has ended.")
        return done(request, said, to="imported", tone="info", name=name)
    uploads_of(panel).remove(name)
    audit.note(panel.database, _who(request), "remove upload", name)
    return done(request, text("The file is removed; what was imported of it stays."), to="imports")


def _take(request: Request, file: Received) -> Response:
    """Keep the file if it can be read, and go to its page."""
    panel, text, uploads = panel_of(request), language_of(request).text, uploads_of(panel_of(request))
    if same := uploads.same(file.sha256):
        said = text("This is the same file as %(name)s, which is here already; nothing was added.", name=same.name)
        return _lead(request, same, said, "info")
    kept = uploads.add(file.partial, file.name, sha256=file.sha256, who=_who(request))
    looks = look(panel, kept)
    if not looks or all(one.refusal for one in looks):
        uploads.remove(kept.name)
        raise UploadError(422, looks[0].refusal if looks else EMPTY)
    if len(looks) == 1 and (said_before := mapping.preset(panel, looks[0])):
        uploads.settle(kept.name, {"mapping": said_before})
    audit.note(panel.database, _who(request), "upload", kept.name, bytes=kept.bytes)
    return _lead(request, kept, text("The file is here. See what was detected, then import it."), "success")


def _lead(request: Request, file: Upload, said: str, tone: str) -> Response:
    answer = done(request, said, to="imported", tone=tone, name=file.name)
    return JSONResponse({"to": answer.headers["location"]}) if _is_script(request) else answer


def _refuse(request: Request, error: UploadError) -> Response:
    most = panel_of(request).settings.largest_upload // MEGABYTE
    said = language_of(request).texts.gettext(error.text)
    said = said % {"most": language_of(request).number(most)} if "%(most)s" in said else said
    if _is_script(request):
        return JSONResponse({"message": said}, error.status)
    return _list(request, problem=said, status=error.status)


def _is_script(request: Request) -> bool:
    return request.headers.get("accept", "").startswith("application/json")


def _list(request: Request, after: str = "", *, problem: str = "", status: int = 200) -> Response:
    panel = panel_of(request)
    files = uploads_of(panel).all()
    names = [file.name for file in files]
    start = names.index(after) + 1 if after in names else 0
    shown = files[start : start + PER_PAGE]
    going = read_import(panel)
    states = read_states(panel, shown, going.is_running)
    more = shown[-1].name if shown and len(files) > start + PER_PAGE else None
    data = {"states": states, "words": WORDS, "tones": TONES, "going": going, "more": more, "problem": problem}
    return render(request, "imports/list.html", status=status, **data, most=panel.settings.largest_upload)


def _one(
    request: Request, file: Upload, *, problem: str = "", given: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    panel, language = panel_of(request), language_of(request)
    going = read_import(panel)
    (state,) = read_states(panel, [file], going.is_running)
    looks = _looks(panel, file)
    data = {"words": WORDS, "tones": TONES, "going": going, "state": state, "looks": looks, "problem": problem}
    data |= {"fields": mapping.fields(panel, language), "encodings": ENCODINGS, "delimiters": _delimiters()}
    data |= {"given": {"kind": "", "encoding": "", "delimiter": "", **file.settings, **(given or {})}}
    data |= {"run": panel.database.row("imports", "latest_run"), "is_new": _is_new(state)}
    return render(request, "imports/file.html", status=status, **data)


def _is_new(state: UploadState) -> bool:
    """Whether no row of it is in: the kind is part of every key, so it may be changed only before."""
    return not state.rows


def _looks(panel: Panel, file: Upload) -> list[Look]:
    try:
        return look(panel, file)
    except SettingError:
        return look(panel, file, {})


def _settle(request: Request, file: Upload, fields: dict[str, str], given: dict[str, str]) -> list[str]:
    """Save what the form says, once tap-csv has understood it."""
    panel, uploads = panel_of(request), uploads_of(panel_of(request))
    before = _looks(panel, file)[0]
    settings = {**mapping.changed(file, before, fields), **given}
    settings = {name: value for name, value in settings.items() if value}
    after = look(panel, file, settings)[0]
    uploads.settle(file.name, settings)
    return mapping.tell_the_kind(panel, before, after, _who(request))


def _delimiters() -> list[str]:
    return [name for name in DELIMITER_NAMES if name.isalpha()]


def _found(request: Request, name: str) -> Upload:
    found = uploads_of(panel_of(request)).named(name)
    if found is None:
        raise HTTPException(404)
    return found


def _who(request: Request) -> str:
    user: Any = current_user(request)
    return user.name if user else ""

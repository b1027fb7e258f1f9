"""`/`: both phases, and what can be done about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response
from stage_first.preview import read_preview
from stage_first.settings import UsageError
from stage_first.sources import all_sources

from sync_center.language.catalogues import N_
from sync_center.live import LiveView
from sync_center.page import Page
from sync_center.pages.home.sentence import sentence, tone
from sync_center.pages.home.sources import WORDS
from sync_center.pages.home.state import DOWNLOAD_ALL, UNIFYING, Home, fingerprint, read_home
from sync_center.panel import panel_of
from sync_center.processes import Command, log_lines, meltano_run
from sync_center.rendering import done, language_of, render
from sync_center.security import audit
from sync_center.security.guard import current_user

if TYPE_CHECKING:
    from sync_center.panel import Panel

page = Page("home", N_("Sync Center"), order=10)
CONFIRMED = {"publish", "roll-back"}


def _data(panel: Panel) -> dict[str, Any]:
    return {"home": read_home(panel), "sentence": sentence, "tone": tone, "words": WORDS}


page.live = LiveView("home/_live.html", fingerprint, _data)


@page.get("/", role="viewer", name="home")
def show(request: Request) -> Response:
    """The page."""
    return render(request, "home/home.html", **_data(panel_of(request)))


@page.post("/sync", role="operator", name="sync_all")
def sync_all(request: Request) -> Response:
    """`meltano run download-all`."""
    home, text = read_home(panel_of(request)), language_of(request).text
    if home.download_all:
        return done(request, text("All sources are being downloaded already."), to="home", tone="info")
    return _start(request, meltano_run(DOWNLOAD_ALL), text("The download of all sources has started."))


@page.post("/sync/{source}", role="operator", name="sync")
def sync(request: Request, source: str) -> Response:
    """`meltano run download-<source>`."""
    found = next((one for one in all_sources() if one.name == source), None)
    card = next((one for one in read_home(panel_of(request)).cards if one.name == source), None)
    if found is None or card is None:
        raise HTTPException(404)
    text = language_of(request).text
    if card.is_running:
        said = text("%(source)s is being downloaded already.", source=found.label)
        return done(request, said, to="home", tone="info")
    if not card.is_configured:
        said = text(
            "%(source)s is not connected yet: set %(names)s in .env.", source=found.label, names=", ".join(card.wanted)
        )
        return done(request, said, to="home", tone="error")
    return _start(request, meltano_run(found.job), text("The download of %(source)s has started.", source=found.label))


@page.post("/stop/{name}", role="operator", name="stop")
def stop(request: Request, name: str) -> Response:
    """What Ctrl-C does to a source's download, to all of them, or to what phase 2 does."""
    panel, text, who = panel_of(request), language_of(request).text, _who(request)
    home = read_home(panel)
    if not _stop(panel, home, name, who):
        said = text("There is nothing to stop here: it has ended, or it runs on another machine.")
        return done(request, said, to="home", tone="info")
    audit.note(panel.database, who, "stop", name)
    return done(
        request, text("It is being stopped; what it has committed stays, and it goes on from there."), to="home"
    )


@page.post("/unify", role="operator", name="unify")
def unify(request: Request) -> Response:
    """`meltano run unify`."""
    return _start_unifying(request, meltano_run("unify"), language_of(request).text("Unify has started."))


@page.post("/preview", role="operator", name="compute_preview")
def compute_preview(request: Request) -> Response:
    """`meltano run unify-preview`."""
    text = language_of(request).text("The preview is being computed; nothing is published by it.")
    return _start_unifying(request, meltano_run("unify-preview"), text)


@page.get("/preview", role="viewer", name="preview")
def preview(request: Request) -> Response:
    """What was computed and is not published."""
    found, why = None, ""
    try:
        found = read_preview(panel_of(request).settings.database_url)
    except UsageError as error:
        why = str(error)
    return render(request, "home/preview.html", preview=found, why=why)


@page.get("/confirm/{name}", role="operator", name="confirm")
def confirm(request: Request, name: str) -> Response:
    """Ask once."""
    if name not in CONFIRMED:
        raise HTTPException(404)
    return render(request, "home/confirm.html", name=name, home=read_home(panel_of(request)))


@page.post("/publish", role="operator", name="publish")
def publish(request: Request) -> Response:
    """`stage-first publish --yes`: what the last run computed, although it is held."""
    command = Command("publish", "stage-first", ("publish", "--yes"))
    return _start_unifying(request, command, language_of(request).text("The publish has started."))


@page.post("/roll-back", role="operator", name="roll_back")
def roll_back(request: Request) -> Response:
    """`stage-first roll-back`: the last publish that changed anything."""
    command = Command("roll-back", "stage-first", ("roll-back", "--by", _who(request)))
    return _start_unifying(request, command, language_of(request).text("The roll-back has started."))


@page.get("/commands/{command_id}", role="operator", name="command")
def command(request: Request, command_id: int) -> Response:
    """What a command has written."""
    row = panel_of(request).database.row("home", "command", command_id=command_id)
    if row is None:
        raise HTTPException(404)
    return render(request, "home/command.html", command=row, lines=list(log_lines(row["log_path"])))


def _start_unifying(request: Request, command: Command, said: str) -> Response:
    if read_home(panel_of(request)).unifying:
        text = language_of(request).text("Phase 2 is under way already; wait for its end or stop it.")
        return done(request, text, to="home", tone="info")
    return _start(request, command, said)


def _start(request: Request, command: Command, said: str) -> Response:
    panel, who = panel_of(request), _who(request)
    if not panel.processes.start(command, who):
        text = language_of(request).text("That is under way already.")
        return done(request, text, to="home", tone="info")
    audit.note(panel.database, who, "start", command.name)
    return done(request, said, to="home")


def _stop(panel: Panel, home: Home, name: str, who: str) -> bool:
    if name == UNIFYING[0]:
        return panel.processes.stop(home.unifying or name, who) or bool(
            home.unifying and home.unify and panel.processes.stop_run(home.unify["run_id"])
        )
    if name == "all":
        return panel.processes.stop(DOWNLOAD_ALL, who)
    card = next((one for one in home.cards if one.name == name and one.is_running), None)
    if card is None:
        return False
    return panel.processes.stop(f"download-{name}", who) or bool(
        card.run and panel.processes.stop_run(card.run["run_id"])
    )


def _who(request: Request) -> str:
    user = current_user(request)
    return user.name if user else ""

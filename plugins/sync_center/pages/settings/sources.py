"""`/settings`: the sources, their credentials (write-only), and whether they work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException, Request, Response
from stage_first import project
from stage_first.env_file import write_settings
from stage_first.settings import UsageError
from stage_first.sources import Source, all_sources

from sync_center.language.catalogues import N_
from sync_center.pages.settings.connections import changes, check_command, connections
from sync_center.pages.settings.sections import Fields, page, saved, show, texts_of, who
from sync_center.panel import panel_of
from sync_center.rendering import done, language_of
from sync_center.security import audit

if TYPE_CHECKING:
    from sync_center.panel import Panel

_DEMO = N_(
    "This is the demo: its sources are the sandbox's. Real credentials are written where the panel runs without it."
)


@page.get("/settings", role="viewer", name="settings")
def sources(request: Request) -> Response:
    """All sources."""
    panel = panel_of(request)
    return show(
        request, "sources.html", "settings", connections=connections(panel), is_demo=_is_demo(panel), demo=_DEMO
    )


@page.post("/settings/sources/{name}", role="owner", name="save_source")
def save(request: Request, name: str, fields: Fields) -> Response:
    """Write the settings of a source to `.env`."""
    return _save(request, _source(name), texts_of(fields), {str(key) for key in fields.getlist("remove")})


@page.post("/settings/sources/{name}/check", role="operator", name="check_source")
def check(request: Request, name: str) -> Response:
    """`stage-first check --only <source>`."""
    panel, source, text = panel_of(request), _source(name), language_of(request).text
    if not source.is_configured(panel.environment()):
        return done(request, text("Fill in its credential first."), to="settings", tone="info")
    if panel.processes.start(check_command(source), who(request)):
        audit.note(panel.database, who(request), "test credential", source.name)
    return done(request, text("%(source)s is being asked.", source=source.label), to="settings", tone="info")


def _save(request: Request, source: Source, given: dict[str, str], removed: set[str]) -> Response:
    panel = panel_of(request)
    if _is_demo(panel):
        raise UsageError(language_of(request).text(_DEMO))
    values = changes(panel, source, given, removed)
    if values:
        write_settings(project.ENV_FILE, values)
        audit.note(panel.database, who(request), "save settings", source.name, changed=sorted(values))
    said = N_("Saved in .env. Test it now.") if values else N_("Nothing was changed.")
    return saved(request, said, to="settings")


def _source(name: str) -> Source:
    for source in all_sources():
        if source.name == name:
            return source
    raise HTTPException(404)


def _is_demo(panel: Panel) -> bool:
    return panel.settings.environment == project.DEMO

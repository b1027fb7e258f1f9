"""Starts a source's download once more, after what was refused has been put right."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from stage_first import project
from stage_first.settings import dotenv
from stage_first.sources import all_sources

from sync_center.processes import Command

if TYPE_CHECKING:
    from stage_first.sources import Source

    from sync_center.database import Row
    from sync_center.panel import Panel


def known(panel: Panel, name: str) -> Source | None:
    """The source, if it can be downloaded here."""
    environment = {**dotenv(panel.settings.environment), **panel.settings.child_environment}
    return next((one for one in all_sources() if one.name == name and one.is_configured(environment)), None)


def is_running(panel: Panel, name: str) -> bool:
    """Whether it is being downloaded."""
    return bool((panel.database.row("runs", "is_running", source=name) or {}).get("is_running"))


def uploaded(panel: Panel, files: list[Row]) -> bool:
    """Whether some of the files were uploaded here: those are put right by uploading them anew."""
    folder = panel.settings.imports.resolve()
    return any((project.ROOT / file["path"]).resolve().is_relative_to(folder) for file in files)


def start(panel: Panel, source: Source, who: str, *, is_full: bool) -> uuid.UUID | None:
    """Start it and return the run; None if that command is under way already."""
    run_id = uuid.uuid4()
    words = ("run", *(["--full-refresh"] if is_full else []), source.job)
    return run_id if panel.processes.start(Command(source.job, "meltano", words, run_id), who) else None

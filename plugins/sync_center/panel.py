"""What the parts of a running panel share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stage_first.settings import written_settings

if TYPE_CHECKING:
    from fastapi import Request

    from sync_center.database import Database
    from sync_center.language.catalogues import Language
    from sync_center.live import Broadcaster
    from sync_center.page import Page
    from sync_center.processes import Processes
    from sync_center.rendering import Renderer
    from sync_center.settings import Settings


@dataclass
class Panel:
    """One running panel."""

    settings: Settings
    database: Database
    processes: Processes
    languages: dict[str, Language]
    pages: list[Page]
    renderer: Renderer
    broadcaster: Broadcaster = field(init=False)
    known: dict[object, Any] = field(default_factory=dict)
    """What was computed once and holds for its key, such as the figures of a publish."""

    def environment(self) -> dict[str, str]:
        """What a command that is started now finds around it: the shell's variables over those of `.env`."""
        return {**written_settings(self.settings.environment), **self.settings.child_environment}

    def waiting(self, page: str) -> int:
        """How much waits for somebody on a page: the number of its badge, so that it is the same in every place."""
        return sum(found.badge(self) for found in self.pages if found.name == page and found.badge)


def panel_of(request: Request) -> Panel:
    """The panel that a request came to."""
    found: Panel = request.app.state.panel
    return found

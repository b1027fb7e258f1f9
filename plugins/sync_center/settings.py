"""What the panel is told by its environment; secrets are not among it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from stage_first import project, uploads
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "STAGE_FIRST_PANEL_"
DEFAULT_PORT = 8765
DEFAULT_LARGEST_UPLOAD = 2000
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Settings:
    """Where the panel listens, which warehouse it shows, and what the commands that it starts find around them."""

    database_url: str
    environment: str | None = None
    """Meltano's environment; `demo` has its own database."""
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    root_path: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    session_days: int = 30
    logs: Path = project.DATA / "logs" / "panel"
    """Where the output of the commands goes that it starts."""
    imports: Path = project.DATA / "imports"
    """Where uploaded files lie."""
    largest_upload: int = DEFAULT_LARGEST_UPLOAD * MEGABYTE
    """In bytes; a larger file is refused."""
    child_environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @classmethod
    def of(cls, variables: Mapping[str, str], database_url: str, child_environment: Mapping[str, str]) -> Settings:
        """The settings that the variables give.

        Raises:
            UsageError: one of them cannot be understood.
        """
        return cls(
            database_url=database_url,
            environment=variables.get("MELTANO_ENVIRONMENT"),
            host=variables.get(f"{PREFIX}HOST") or cls.host,
            port=_number(variables, "PORT", DEFAULT_PORT),
            root_path=(variables.get(f"{PREFIX}ROOT_PATH") or "").rstrip("/"),
            zone=_zone(variables),
            imports=uploads.folder_of(variables.get("MELTANO_ENVIRONMENT")),
            largest_upload=_number(variables, "LARGEST_UPLOAD_MB", DEFAULT_LARGEST_UPLOAD, 1_000_000) * MEGABYTE,
            child_environment=child_environment,
        )


def _number(variables: Mapping[str, str], name: str, default: int, most: int = 65535) -> int:
    text = variables.get(PREFIX + name) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= most:
        raise UsageError(f"{PREFIX}{name} is {text!r}: give a number between 1 and {most}.")
    return int(text)


def _zone(variables: Mapping[str, str]) -> ZoneInfo:
    """The zone in which times are shown: the panel's setting, else the machine's `TZ`, else UTC."""
    name = variables.get(f"{PREFIX}TIME_ZONE") or variables.get("TZ") or "UTC"
    try:
        return ZoneInfo(name.removeprefix(":"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{PREFIX}TIME_ZONE is {name!r}: give a name such as America/Mexico_City or Europe/Madrid."
        ) from error

"""The log of a run: that of the panel's command, or what `download-all` keeps of each source; read from its end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stage_first import project
from warehouse.lease import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_center.database import Row
    from sync_center.panel import Panel

LEVELS = ("debug", "info", "warning", "error")
MOST_LINES = 400
_TAIL_BYTES = 256 * 1024
_HEAD_BYTES = 16 * 1024
_LONGEST = 2000
_LEVEL = re.compile(r"^\S*\s*\[?(debug|info|warning|error|critical)\b", re.IGNORECASE)
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class LogLine(NamedTuple):
    """One line; what follows an error without a level of its own belongs to it."""

    level: str
    text: str


class Log(NamedTuple):
    """The end of a log."""

    path: Path
    lines: list[LogLine]
    is_cut: bool
    """Whether there is more before."""


def find_log(panel: Panel, run_id: str, command: Row | None) -> Path | None:
    """Where the log of a run is, if it is on this machine."""
    folders = (project.DATA / "logs", panel.settings.logs)
    if command and command["machine"] == machine() and command["log_path"]:
        path = Path(command["log_path"])
        if path.is_file() and any(path.resolve().is_relative_to(folder.resolve()) for folder in folders):
            is_own = command["name"] != "download-all"
            return path if is_own else _kept_by_source(folders[0], run_id) or path
    return _kept_by_source(folders[0], run_id)


def read_log(path: Path, level: str = "") -> Log:
    """The last lines that are at least of that level."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL_BYTES))
        text = file.read(_TAIL_BYTES).decode("utf-8", "replace")
    is_cut = size > _TAIL_BYTES
    lines = text.splitlines()[1 if is_cut else 0 :]
    shown = [line for line in _with_levels(lines) if _is_shown(line, level)]
    return Log(path, shown[-MOST_LINES:], is_cut or len(shown) > MOST_LINES)


def _kept_by_source(folder: Path, run_id: str) -> Path | None:
    """The newest log that begins with the run's id, as Meltano writes it."""
    wanted = run_id.encode()
    for path in folder.glob("download-*.log"):
        with path.open("rb") as file:
            if wanted in file.read(_HEAD_BYTES):
                return path
    return None


def _with_levels(lines: list[str]) -> Iterator[LogLine]:
    level = "info"
    for line in lines:
        text = _ESCAPE.sub("", line)[:_LONGEST]
        if found := _LEVEL.match(text):
            level = found[1].lower().replace("critical", "error")
        yield LogLine(level, text)


def _is_shown(line: LogLine, level: str) -> bool:
    return level not in LEVELS or LEVELS.index(line.level) >= LEVELS.index(level)

"""Processes that go on when the command that started them has ended, each known by a name, until `make stop`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from warehouse.lease import process_started

from stage_first import project
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDER = project.DATA / "background"
_SECONDS_TO_END = 10


def start(name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Path:
    """Start it, ending one of that name first, and return the log that it writes."""
    stop(name)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    log = log_of(name)
    with log.open("wb") as output:
        child = subprocess.Popen(
            [str(word) for word in command],
            cwd=project.ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _record(name).write_text(json.dumps({"pid": child.pid, "started": process_started(child.pid)}))
    return log


def log_of(name: str) -> Path:
    """Where it writes."""
    return _FOLDER / f"{name}.log"


def is_running(name: str) -> bool:
    """Whether the process of that name lives; its pid may be another's by now."""
    known = _known(name)
    return known is not None and process_started(known["pid"]) == known["started"] is not None


def check_running(name: str, what: str) -> None:
    """Raise a sentence if it has ended."""
    if not is_running(name):
        said = log_of(name).read_text("utf-8", "replace").strip().splitlines()
        raise UsageError(f"{what} does not start: {said[-1] if said else 'it said nothing'}")


def stop(name: str) -> bool:
    """End it; False if it was not running."""
    known = _known(name) if is_running(name) else None
    if known:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(known["pid"])
            process.terminate()
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(_SECONDS_TO_END)
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    _record(name).unlink(missing_ok=True)
    return known is not None


def stop_all() -> list[str]:
    """End all of them and return the names of those that were running."""
    return [path.stem for path in sorted(_FOLDER.glob("*.json")) if stop(path.stem)]


def _record(name: str) -> Path:
    return _FOLDER / f"{name}.json"


def _known(name: str) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads(_record(name).read_text())
        return found
    return None

"""Meltano runs that go on side by side: each in a process group of its own, its output kept, its errors found."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from stage_first import project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PR_SET_PDEATHSIG = 1
LAST_LINES = 3


@dataclass
class MeltanoRun:
    """`meltano <arguments>`; its log is read as JSON, so that an error is known by its level."""

    name: str
    arguments: Sequence[str]
    log: Path
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    _process: subprocess.Popen[str] | None = None
    _began: float = 0.0
    _reader: threading.Thread | None = None
    _exit_codes: dict[str, int] = field(default_factory=dict)
    _last_lines: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=LAST_LINES)))
    _explained: set[str] = field(default_factory=set)

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it; by the main thread, with whose end Linux ends it too."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            [project.BIN / "meltano", "--log-format=json", *self.arguments],
            cwd=project.ROOT,
            env=environment,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    def listen(self) -> None:
        """Begin to read what it says; after the last start, since a fork beside threads is a risk."""
        name = f"output of {self.name}"
        self._reader = threading.Thread(target=self._read, args=[self._process], name=name, daemon=True)
        self._reader.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended, or not all that it said is read."""
        return self._reader is not None and self._reader.is_alive()

    @property
    def code(self) -> int:
        """Its exit code; waits for it."""
        return self._process.wait() if self._process else 1

    def unexplained_end(self, tap: str) -> str:
        """How the tap ended, if that was badly and without an error of its own; else nothing."""
        code = self._exit_codes.get("extractors", 0)
        if not code or tap in self._explained:
            return ""
        said = " ".join(self._last_lines[tap])
        return f"{tap} ended with exit code {code}" + (f"; it said last: {said}" if said else " and said nothing.")

    def ask_to_stop(self) -> None:
        """Let Meltano end tap and loader with their last checkpoint, and then itself."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End the whole group at once."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self, process: subprocess.Popen[str]) -> None:
        with self.log.open("w", encoding="utf-8") as log, process:
            for line in process.stdout or ():
                self._note(line.rstrip("\n"), log)
        self.seconds = time.monotonic() - self._began

    def _note(self, line: str, log: TextIO) -> None:
        entry = _entry(line)
        who, level, text = entry.get("name", "meltano"), entry.get("level", "info"), str(entry["event"])
        log.write(f"{entry.get('timestamp', '')} {level:8} {who}: {text}\n")
        log.flush()
        program = str(entry.get("string_id"))
        self._last_lines[program].append(text)
        self._exit_codes |= entry.get("exit_codes") or {}
        if level in {"error", "critical"} and who != "meltano":
            self.errors.append(text)
            self._explained.add(program)


def _entry(line: str) -> dict[str, Any]:
    """A line of Meltano's log; any other line is an event too."""
    with contextlib.suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict) and "event" in found:
            return found
    return {"event": line}


def end_with_parent() -> None:
    """Ask Linux to end this process when the one that started it is gone, however that came."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

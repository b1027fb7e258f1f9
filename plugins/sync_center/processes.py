"""Starts exactly the commands that a person would type, as processes that outlive the panel; watches and stops them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from stage_first import project
from warehouse.lease import machine, process_started

from sync_center.database import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sync_center.database import Connection, Database, Row
    from sync_center.settings import Settings

# sh outlives a Ctrl-C, so that the exit code is written whoever watches.
_RUN = 'trap : INT TERM; "$@"; echo $? > "$0"'
_OURS = ("MELTANO_", "SYNC_CENTER_", "DBT_")
"""Variables that Meltano sets for what it invokes (the panel); what the panel starts is not invoked by it."""
_SECONDS_TO_START = 30


@dataclass(frozen=True)
class Command:
    """What a person would type: `program` is one of the project's."""

    name: str
    program: str
    words: tuple[str, ...]
    run_id: uuid.UUID | None = None

    def typed(self, environment: str | None) -> list[str]:
        """Word by word."""
        chosen = [f"--environment={environment}"] if environment else []
        return [self.program, *chosen, *self.words]


def meltano_run(job: str) -> Command:
    """`meltano run <job>`."""
    run_id = uuid.uuid4() if job.startswith("download-") and job != "download-all" else None
    return Command(job, "meltano", ("run", job), run_id)


class Processes:
    """All state is in `ops.panel_commands`: a panel that was killed and started again knows what is under way."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._logs = settings.logs

    def start(self, command: Command, who: str) -> bool:
        """Start it; False if one of that name is under way."""
        self.under_way()
        words = command.typed(self._settings.environment)
        row = {"name": command.name, "arguments": words, "who": who, "run_id": command.run_id, "machine": machine()}
        made = self._database.row("commands", "prepare", **row)
        if made is None:
            return False
        self._launch(made["command_id"], command, words, who)
        return True

    def stop(self, name: str, who: str) -> bool:
        """Do to the command what Ctrl-C does; False if it is not under way."""
        for row in self.under_way():
            if row["name"] == name and row["pid"]:
                self._database.rows("commands", "note_stop", command_id=row["command_id"], who=who)
                return interrupt_group(row["pid"])
        return False

    def stop_run(self, run_id: str) -> bool:
        """Do the same to a run that somebody else started on this machine; False if it is not here, or has ended."""
        holder = self._database.row("commands", "holder", run_id=run_id)
        if holder is None or holder["machine"] != machine():
            return False
        return process_started(holder["pid"]) == holder["process_started"] and interrupt_group(holder["pid"])

    def under_way(self) -> list[Row]:
        """The commands of this machine that have not ended; those that ended unseen are written down as ended."""
        with self._database.connection() as connection:
            return [
                row for row in fetch(connection, "commands", "under_way", machine=machine()) if _lives(row, connection)
            ]

    def _launch(self, command_id: int, command: Command, words: Sequence[str], who: str) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{command_id}-{command.name}.log"
        try:
            with log.open("wb") as output:
                process = subprocess.Popen(
                    ["/bin/sh", "-c", _RUN, str(_code_file(log)), str(project.BIN / words[0]), *words[1:]],
                    cwd=project.ROOT,
                    env=self._environment(command, who),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError:
            self._database.rows("commands", "finish", command_id=command_id, exit_code=127)
            raise
        started = {"pid": process.pid, "process_started": process_started(process.pid), "log_path": str(log)}
        self._database.rows("commands", "note_start", command_id=command_id, **started)
        threading.Thread(target=self._reap, args=[process, command_id, log], daemon=True, name=command.name).start()

    def _environment(self, command: Command, who: str) -> dict[str, str]:
        """As in the shell that started the panel, so that `.env` is read anew; with who asked for it."""
        around = {name: value for name, value in self._settings.child_environment.items() if not name.startswith(_OURS)}
        if self._settings.environment:
            around["MELTANO_ENVIRONMENT"] = self._settings.environment
        if command.run_id:
            around["STAGE_FIRST_RUN_ID"] = str(command.run_id)
        return {**around, "STAGE_FIRST_STARTED_BY": who, "NO_COLOR": "1"}

    def _reap(self, process: subprocess.Popen[bytes], command_id: int, log: Path) -> None:
        process.wait()
        with contextlib.suppress(psycopg.Error, RuntimeError):  # a database that is away learns it from `under_way`
            self._database.rows("commands", "finish", command_id=command_id, exit_code=_code_of(log))


def interrupt_group(pid: int) -> bool:
    """What Ctrl-C does: the signal for all that the process's terminal would reach; never for ourselves."""
    try:
        group = os.getpgid(pid)
        if group == os.getpgrp():
            os.kill(pid, signal.SIGINT)
        else:
            os.killpg(group, signal.SIGINT)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def log_lines(path: str | None, most: int = 200) -> Iterator[str]:
    """The last lines that a command has written."""
    with contextlib.suppress(OSError):
        if path:
            yield from Path(path).read_text("utf-8", "replace").splitlines()[-most:]


def _lives(row: dict[str, Any], connection: Connection) -> bool:
    """Whether the command goes on; its pid may be another process by now, so the time of its start counts too."""
    if row["pid"] is None and row["age"].total_seconds() < _SECONDS_TO_START:
        return True
    if row["pid"] is not None and process_started(row["pid"]) == row["process_started"]:
        return True
    code = _code_of(Path(row["log_path"])) if row["log_path"] else None
    fetch(connection, "commands", "finish", command_id=row["command_id"], exit_code=code)
    return False


def _code_file(log: Path) -> Path:
    return log.with_suffix(".exit")


def _code_of(log: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(_code_file(log).read_text())
    return None

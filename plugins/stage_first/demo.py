"""The demo: exports and look-alikes of the vendors in, clients out, with the commands that a person would type."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
from rich.console import Console
from rich.table import Table
from sandbox.exports import EXPORTS
from warehouse.connection import connect

from stage_first import background, project, settings
from stage_first.demo_panel import open_panel
from stage_first.demo_sandbox import look_alikes, write_settings
from stage_first.doors import enter
from stage_first.queries import fetch
from stage_first.status import read_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_PEOPLE = 1000
SEED = 2026
PATIENCE_SECONDS = 15
_SHOWN = (" ERROR ", "CRITICAL", "Traceback", "Completed with", "PASS=")
_OURS = re.compile(r"^\S+ \[\w+ *\] stage-first (.*)$")
"""What our own commands say, in Meltano's log."""
_NEXT = """Next:
  source .venv/bin/activate
  meltano --environment=demo invoke stage-first:status        what is in, what is pending
  psql "$(stage-first --environment demo address --password)"   look at unified.clients
  tap-csv --inspect FILE                                       what Stage First sees in your own export
  cp .env.example .env                                         says where to find the credentials of your own sources
  make start && stage-first check                              the database for your own data; tries the credentials
  meltano run download-all                                     the same as here, with your own sources
  make stop                                                    stops the panel and the embedded Postgres"""
_PANEL = """
The Sync Center on these data, until `make stop`:
  address   {panel.address}
  user      {panel.user}
  password  {panel.password}
"""


class Demo:
    """One run of the demo; the second finds everything in place and loads nothing."""

    def __init__(self, folder: Path, people: int | None) -> None:
        self._folder = folder
        self._people = people or DEFAULT_PEOPLE
        self._exports = folder / "exports"
        self._log = folder / "demo.log"
        self._console = Console()
        self._began = time.monotonic()
        self._was_running = settings.local_server({**os.environ, **settings.dotenv()}).is_running()

    def run(self) -> int:
        """Do all steps and return the exit code; Ctrl-C leaves nothing running that was not running before."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._log.write_text("")
        try:
            self._steps()
        except KeyboardInterrupt:
            return self._interrupted()
        except subprocess.CalledProcessError as error:
            self._console.print(
                f"[red]The step ended with exit code {error.returncode}.[/red] Its whole output: {self._log}"
            )
            return 1
        return 0

    def _steps(self) -> None:
        with self._step("Postgres"):
            url = enter(project.DEMO)
            self._refuse_real_runs(url)
        with self._step(f"sandbox exports of {self._people:,} people"):
            self._generate()
        with self._step("meltano run download-all"):
            write_settings(look_alikes(self._people, SEED), [self._exports / f"{name}.csv" for name in EXPORTS])
            self._call("meltano", "--environment=demo", "run", "download-all")
        if any(row.pending for row in read_status(url)):
            with self._step("meltano run unify"):
                self._call("meltano", "--environment=demo", "run", "unify")
        else:
            self._console.print("Nothing new has come, so there is nothing to unify.")
        with self._step("Sync Center"):
            panel = open_panel()
        self._summary(url)
        self._console.print(_PANEL.format(panel=panel), highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._console.print(f"[bold]{name}[/bold]")
        began = time.monotonic()
        yield
        self._console.print(f"  done in {time.monotonic() - began:.1f} s", highlight=False)

    def _refuse_real_runs(self, url: str) -> None:
        with connect(url, application="demo") as connection:
            found = connection.execute(
                "select environment from ops.sync_runs where environment is distinct from %s limit 1", [project.DEMO]
            ).fetchone()
        if found:
            raise settings.UsageError(
                "This database holds runs that are not the demo's; the demo writes into a database of its own only. "
                "Unset DEMO_DATABASE_URL."
            )

    def _generate(self) -> None:
        """Write the exports unless those of the same world are there: the second demo must find the same files."""
        mark = self._exports / "world.json"
        world = json.dumps({"people": self._people, "seed": SEED})
        if mark.exists() and mark.read_text() == world:
            return
        self._call(
            sys.executable,
            "-m",
            "sandbox",
            "exports",
            str(self._exports),
            "--people",
            str(self._people),
            "--seed",
            str(SEED),
        )
        mark.write_text(world)

    def _call(self, program: str, *arguments: str) -> None:
        """Run a command, all of its output into the log, its progress and errors to the terminal."""
        command = [str(project.BIN / program) if "/" not in program else program, *arguments]
        environment = {**settings.without_plugins(os.environ), "NO_COLOR": "1"}
        with (
            self._log.open("a") as log,
            subprocess.Popen(
                command, cwd=project.ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            ) as child,
        ):
            try:
                for line in child.stdout or ():
                    log.write(line)
                    if said := _worth_showing(line):
                        self._console.print(f"  {said}", style="dim", highlight=False, markup=False, soft_wrap=True)
            except KeyboardInterrupt:
                child.wait()
                wait_for_group()
                raise
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, command)

    def _summary(self, url: str) -> None:
        with connect(url, application="demo") as connection:
            figures = fetch(connection, "unified_figures")[0]
        table = Table("source", title="What is in")
        for name in ("raw rows", "pending", "rejects"):
            table.add_column(name, justify="right")
        for row in read_status(url):
            if row.source != "unify":
                table.add_row(row.source, f"{row.rows:,}", f"{row.pending:,}", f"{row.rejected:,}")
        self._console.print(table)
        seconds = time.monotonic() - self._began
        self._console.print(
            f"{figures['clients']:,} clients from {figures['records']:,} records, "
            f"{figures['conflicts']:,} open conflicts, {seconds:.0f} seconds.\n",
            highlight=False,
        )
        self._console.print(_NEXT, highlight=False, markup=False, soft_wrap=True)

    def _interrupted(self) -> int:
        background.stop_all()
        if not self._was_running:
            settings.local_server({**os.environ, **settings.dotenv()}).stop()
        self._console.print("\nStopped. Nothing is left running; `make demo` goes on from here.")
        return 130


def _worth_showing(line: str) -> str | None:
    ours = _OURS.match(line)
    if ours:
        return ours.group(1).rstrip()
    return line.strip()[:160] if any(word in line for word in _SHOWN) else None


def wait_for_group() -> None:
    """Wait for what the terminal's Ctrl-C has reached beside us, and end what does not end by itself."""
    group, kept = os.getpgrp(), {os.getpid(), os.getppid()}
    others = [process for process in psutil.process_iter() if process.pid not in kept and _group(process.pid) == group]
    _, stubborn = psutil.wait_procs(others, timeout=PATIENCE_SECONDS)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return None

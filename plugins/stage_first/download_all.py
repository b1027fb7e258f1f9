"""All configured sources at once: what each does is shown, one that fails stops no other, a summary ends it."""

from __future__ import annotations

import os
import signal
import time
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
from rich.table import Table
from warehouse.connection import connect

from stage_first import project
from stage_first.children import MeltanoRun, end_with_parent
from stage_first.queries import fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from stage_first.sources import Source

LOOK_SECONDS = 0.2
SHOW_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
"""How long a run may take to commit what it holds once it was asked to stop."""
_WORDS = {"succeeded_with_rejects": "with rejects"}
_FIGURES = ("rows_read", "rows_new", "rows_changed", "rows_deleted", "rows_rejected", "requests")


class DownloadAll:
    """One `meltano run tap-x target-postgres` for each source, side by side."""

    def __init__(self, sources: Sequence[Source], database_url: str, console: Console) -> None:
        self._sources = sources
        self._url = database_url
        self._console = console
        self._run_ids = {source.name: str(uuid.uuid4()) for source in sources}
        self._runs = {source.name: _run_of(source) for source in sources}
        self._figures: dict[str, dict[str, Any]] = {}
        self._shown: dict[str, str] = {}
        self._signals: list[int] = []
        self._stopping_since = 0.0

    def run(self) -> int:
        """Run all to their ends and return the exit code: 0 only if each succeeded."""
        self._take_signals()
        for name, run in self._runs.items():
            run.start({**os.environ, "STAGE_FIRST_RUN_ID": self._run_ids[name]})
        for run in self._runs.values():
            run.listen()
        self._watch()
        self._console.print(self._summary())
        for remark in self._remarks():
            self._console.print(remark, highlight=False, markup=False, soft_wrap=True)
        if self._signals:
            return 128 + self._signals[0]
        return 1 if any(run.code for run in self._runs.values()) else 0

    def _take_signals(self) -> None:
        """Notice signals, but for those that `nohup` or `&` ignore; and the end of Meltano, if it started this."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda number, _: self._signals.append(number))
        if "MELTANO_UTILITY_NAME" in os.environ:
            end_with_parent()

    def _watch(self) -> None:
        running, shown_at = dict(self._runs), time.monotonic()
        while running:
            time.sleep(LOOK_SECONDS)
            self._obey()
            if ended := [name for name, run in running.items() if not run.is_running]:
                self._look()
            for name in ended:
                self._say(name, self._outcome(name, running.pop(name)))
            if time.monotonic() - shown_at > SHOW_SECONDS:
                shown_at = time.monotonic()
                self._look()
                for name in running:
                    self._say(name, _progress(self._figures.get(name)))

    def _obey(self) -> None:
        """Stop all when a signal says so: gently, but at once after a second Ctrl-C or when that takes too long."""
        if not self._signals:
            return
        if not self._stopping_since:
            self._stopping_since = time.monotonic()
            self._console.print("Stopping all downloads; they go on from here the next time.")
            for run in self._runs.values():
                run.ask_to_stop()
        impatient = self._signals.count(signal.SIGINT) > 1
        if impatient or time.monotonic() - self._stopping_since > PATIENCE_SECONDS:
            for run in self._runs.values():
                run.kill()

    def _look(self) -> None:
        """Read from `ops.sync_runs` how far each is; a database that is away is the loader's matter."""
        try:
            with connect(self._url, application="download-all", connect_timeout=3) as connection:
                rows = fetch(connection, "downloads", {"run_ids": list(self._run_ids.values())})
        except psycopg.OperationalError:
            return
        names = {run_id: name for name, run_id in self._run_ids.items()}
        self._figures = {names[row["run_id"]]: row for row in rows}

    def _say(self, name: str, what: str) -> None:
        if what and self._shown.get(name) != what:
            self._shown[name] = what
            self._console.print(f"{name}: {what}", highlight=False, markup=False, soft_wrap=True)

    def _outcome(self, name: str, run: MeltanoRun) -> str:
        seconds = f"{run.seconds:.1f} s"
        error = self._error(name)
        return f"{self._state(name)}, {seconds}" + (f". {error}" if error else "")

    def _state(self, name: str) -> str:
        told: str = self._figures.get(name, {}).get("state", "failed")
        if self._runs[name].code:
            return "stopped" if self._signals else "failed"
        return _WORDS.get(told, told)

    def _error(self, name: str) -> str:
        """The first error of tap or loader: those that follow are mostly its consequences."""
        run = self._runs[name]
        if self._signals or not run.code:
            return ""
        told = self._figures.get(name, {}).get("error")
        return next(iter(run.errors), told) or f"It ended with exit code {run.code}."

    def _summary(self) -> Table:
        table = Table("source", "state", title="Downloads")
        for figure in _FIGURES:
            table.add_column(figure.removeprefix("rows_"), justify="right")
        table.add_column("seconds", justify="right")
        for name, run in self._runs.items():
            figures = self._figures.get(name, {})
            numbers = [f"{figures.get(figure) or 0:,}" for figure in _FIGURES]
            table.add_row(name, self._state(name), *numbers, f"{run.seconds:.1f}", style="red" if run.code else None)
        return table

    def _remarks(self) -> list[str]:
        notes = [f"{name}: {row['note']}" for name, row in self._figures.items() if row["note"]]
        errors = {name: self._error(name) for name in self._runs}
        told = [f"{name}: {error} Its output: {self._runs[name].log}" for name, error in errors.items() if error]
        return notes + told


def _run_of(source: Source) -> MeltanoRun:
    """The run of one source; `--force`, because our lease, not Meltano's heartbeat, decides who may write."""
    arguments = ["run", "--force", source.tap, "target-postgres"]
    return MeltanoRun(source.name, arguments, project.DATA / "logs" / f"{source.job}.log")


def _progress(figures: dict[str, Any] | None) -> str:
    if figures is None:
        return ""
    parts = [f"{figures['rows_read']:,} rows"]
    if figures["requests"]:
        parts.append(f"{figures['requests']:,} requests")
    if figures["waiting_until"]:
        parts.append(f"waiting until {figures['waiting_until']:%H:%M:%S} UTC")
    return ", ".join(parts)

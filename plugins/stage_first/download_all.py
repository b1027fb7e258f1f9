"""All configured sources at once: what each does is shown, one that fails stops no other, a summary ends it."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import psycopg
from rich.table import Table
from warehouse.connection import connect

from stage_first.children import end_with_parent
from stage_first.download import FIGURES, Download
from stage_first.queries import fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from stage_first.sources import Source

LOOK_SECONDS = 0.2
SHOW_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
"""How long a run may take to commit what it holds once it was asked to stop."""


class DownloadAll:
    """One `meltano run tap-x target-postgres` for each source, side by side."""

    def __init__(self, sources: Sequence[Source], database_url: str, console: Console) -> None:
        self._downloads = [Download(source) for source in sources]
        self._url = database_url
        self._console = console
        self._shown: dict[str, str] = {}
        self._signals: list[int] = []
        self._stopping_since = 0.0

    def run(self) -> int:
        """Run all to their ends and return the exit code: 0 only if each succeeded."""
        self._take_signals()
        self._run_side_by_side(self._downloads)
        if again := [] if self._signals else self._with_new_seeds():
            names = ", ".join(download.name for download in again)
            self._print(f"{names}: once more, with what the others brought")
            self._run_side_by_side(again)
        self._console.print(self._summary())
        for remark in (remark for download in self._downloads for remark in download.remarks):
            self._print(remark)
        if self._signals:
            return 128 + self._signals[0]
        return 1 if any(download.run.code for download in self._downloads) else 0

    def _with_new_seeds(self) -> list[Download]:
        """Those that look up what others stage, if others have staged news meanwhile."""
        return [
            download
            for download in self._downloads
            if download.source.reads_staging
            and not download.run.code
            and any(other.has_news for other in self._downloads if other is not download)
        ]

    def _take_signals(self) -> None:
        """Notice signals, but for those that `nohup` or `&` ignore; and the end of Meltano, if it started this."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda number, _: self._signals.append(number))
        if "MELTANO_UTILITY_NAME" in os.environ:
            end_with_parent()

    def _run_side_by_side(self, downloads: Sequence[Download]) -> None:
        for download in downloads:
            download.start()
        for download in downloads:
            download.run.listen()
        running, shown_at = list(downloads), time.monotonic()
        while running:
            time.sleep(LOOK_SECONDS)
            self._obey(running)
            running = self._without_ended(running)
            if time.monotonic() - shown_at > SHOW_SECONDS:
                shown_at = time.monotonic()
                self._look()
                for download in running:
                    self._say(download.name, download.progress)

    def _without_ended(self, running: list[Download]) -> list[Download]:
        ended = [download for download in running if not download.run.is_running]
        if ended:
            self._look()
        for download in ended:
            self._say(download.name, download.outcome)
        return [download for download in running if download not in ended]

    def _obey(self, running: Sequence[Download]) -> None:
        """Stop all when a signal says so: gently, but at once after a second Ctrl-C or when that takes too long."""
        if not self._signals:
            return
        if not self._stopping_since:
            self._stopping_since = time.monotonic()
            self._print("Stopping all downloads; they go on from here the next time.")
            for download in running:
                download.was_stopped = True
                download.run.ask_to_stop()
        impatient = self._signals.count(signal.SIGINT) > 1
        if impatient or time.monotonic() - self._stopping_since > PATIENCE_SECONDS:
            for download in running:
                download.run.kill()

    def _look(self) -> None:
        """Read from `ops.sync_runs` how far each is; a database that is away is the loader's matter."""
        run_ids = [run_id for download in self._downloads for run_id in download.run_ids]
        try:
            with connect(self._url, application="download-all", connect_timeout=3) as connection:
                rows = {row["run_id"]: row for row in fetch(connection, "downloads", {"run_ids": run_ids})}
        except psycopg.OperationalError:
            return
        for download in self._downloads:
            download.figures = [rows[run_id] for run_id in download.run_ids if run_id in rows]

    def _say(self, name: str, what: str) -> None:
        if what and self._shown.get(name) != what:
            self._shown[name] = what
            self._print(f"{name}: {what}")

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _summary(self) -> Table:
        table = Table("source", "state", title="Downloads")
        for figure in FIGURES:
            table.add_column(figure.removeprefix("rows_"), justify="right")
        table.add_column("seconds", justify="right")
        for download in self._downloads:
            numbers = [f"{download.figure(figure):,}" for figure in FIGURES]
            style = "red" if download.run.code else None
            table.add_row(download.name, download.state, *numbers, f"{download.seconds:.1f}", style=style)
        return table

"""One source's part of `download-all`: its runs, and what `ops.sync_runs` says of them."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stage_first import project
from stage_first.children import MeltanoRun

if TYPE_CHECKING:
    from stage_first.sources import Source

FIGURES = ("rows_read", "rows_new", "rows_changed", "rows_deleted", "rows_rejected", "requests")
_WORDS = {"succeeded_with_rejects": "with rejects"}


@dataclass
class Download:
    """The runs of one source: mostly one; a second where the first could not know what others would bring."""

    source: Source
    run_ids: list[str] = field(default_factory=list)
    figures: list[dict[str, Any]] = field(default_factory=list)
    was_stopped: bool = False
    _runs: list[MeltanoRun] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The source's."""
        return self.source.name

    @property
    def run(self) -> MeltanoRun:
        """The last run."""
        return self._runs[-1]

    def start(self) -> None:
        """Start a run; with `--force`, because our lease, not Meltano's heartbeat, decides who may write."""
        arguments = ["run", "--force", self.source.tap, "target-postgres"]
        log = project.DATA / "logs" / f"{self.source.job}{'.again' if self._runs else ''}.log"
        self.run_ids.append(str(uuid.uuid4()))
        self._runs.append(MeltanoRun(self.name, arguments, log))
        self.run.start({**os.environ, "STAGE_FIRST_RUN_ID": self.run_ids[-1]})

    def figure(self, name: str) -> int:
        """A figure over all runs."""
        return sum(row[name] or 0 for row in self.figures)

    @property
    def seconds(self) -> float:
        """How long all runs took."""
        return sum(run.seconds for run in self._runs)

    @property
    def has_news(self) -> bool:
        """Whether rows came that were not in staging before."""
        return self.figure("rows_new") + self.figure("rows_changed") > 0

    @property
    def state(self) -> str:
        """How it ended."""
        if self.run.code:
            return "stopped" if self.was_stopped else "failed"
        told = str(self.figures[-1]["state"]) if self.figures else "failed"
        return _WORDS.get(told, told)

    @property
    def error(self) -> str:
        """The first error of tap or loader: those that follow are mostly its consequences."""
        if self.was_stopped or not self.run.code:
            return ""
        told = self.figures[-1]["error"] if self.figures else None
        first = next(iter(self.run.errors), told) or f"It ended with exit code {self.run.code}."
        return " ".join(filter(None, [first, self.run.unexplained_end(self.source.tap)]))

    @property
    def outcome(self) -> str:
        """How it ended, in a line."""
        error = self.error
        return f"{self.state}, {self.run.seconds:.1f} s" + (f". {error}" if error else "")

    @property
    def progress(self) -> str:
        """How far it is, in a line; empty where nothing is known."""
        if not self.figures:
            return ""
        parts = [f"{self.figure('rows_read'):,} rows"]
        if requests := self.figure("requests"):
            parts.append(f"{requests:,} requests")
        if until := self.figures[-1]["waiting_until"]:
            parts.append(f"waiting until {until:%H:%M:%S} UTC")
        return ", ".join(parts)

    @property
    def remarks(self) -> list[str]:
        """What a person should know in the end."""
        note, error = self.figures[-1]["note"] if self.figures else None, self.error
        told = [note, f"{error} Its output: {self.run.log}" if error else None]
        return [f"{self.name}: {remark}" for remark in told if remark]

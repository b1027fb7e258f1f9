"""One run, its streams added up, with the command that made it and what it published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stage_first.sources import all_sources

from sync_center.database import fetch
from sync_center.pages.runs.bookmarks import Difference, difference, readable
from sync_center.pages.runs.listing import UNIFY

if TYPE_CHECKING:
    from datetime import datetime

    from sync_center.database import Connection, Row
    from sync_center.panel import Panel

_WORST = ("running", "dead", "failed", "incomplete", "succeeded_with_rejects", "succeeded")
_UNIFYING = ("unify", "unify-preview", "publish", "roll-back")
_SUMS = (
    "rows_read", "rows_new", "rows_changed", "rows_unchanged", "rows_repeated", "rows_deleted", "rows_rejected",
    "requests", "waits",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One stream of it."""

    row: Row
    bookmark: Difference | None
    before: str
    after: str


@dataclass(frozen=True)
class Run:
    """What one process did for one source."""

    source: str
    label: str
    run_id: str
    steps: list[Step]
    batches: int
    pending: int
    command: Row | None
    publishes: list[int]

    @property
    def first(self) -> Row:
        """The stream that began first: it knows who started the run."""
        return self.steps[0].row

    @property
    def state(self) -> str:
        """While one stream goes on the run does; else the worst."""
        states = {str(step.row["state"]) for step in self.steps}
        return min(states, key=_WORST.index)

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.state == "running"

    @property
    def is_unify(self) -> bool:
        """Whether it is one of phase 2."""
        return self.source == UNIFY

    @property
    def sums(self) -> dict[str, int]:
        """The figures of all streams."""
        return {name: sum(step.row[name] or 0 for step in self.steps) for name in _SUMS}

    @property
    def ended_at(self) -> datetime | None:
        """When its last stream ended; None while it runs."""
        ends = [step.row["finished_at"] or step.row["heartbeat_at"] for step in self.steps]
        return None if self.is_running else max(ends)

    @property
    def seconds(self) -> float:
        """How long it took, or takes already."""
        ends = [step.row["finished_at"] or step.row["heartbeat_at"] for step in self.steps]
        return float((max(ends) - self.first["started_at"]).total_seconds())

    @property
    def percent(self) -> int | None:
        """How far it is, where it knows how much there is."""
        known = [step.row for step in self.steps if step.row["progress_total"]]
        total, done = sum(row["progress_total"] for row in known), sum(row["progress_done"] or 0 for row in known)
        return min(99, 100 * done // total) if total and self.is_running else None

    @property
    def waiting_until(self) -> datetime | None:
        """Until when it waits, as the vendor asks."""
        moments = [step.row["waiting_until"] for step in self.steps if step.row["is_waiting"]]
        return max(moments, default=None)

    @property
    def errors(self) -> list[str]:
        """What it says about its end, each once."""
        return list(dict.fromkeys(step.row["error"] for step in self.steps if step.row["error"]))

    @property
    def notes(self) -> list[str]:
        """What a person should know although it did not fail, each once."""
        return list(dict.fromkeys(step.row["note"] for step in self.steps if step.row["note"]))

    @property
    def marked(self) -> list[Step]:
        """The steps that have a bookmark."""
        return [step for step in self.steps if step.bookmark]


def read_run(panel: Panel, source: str, run_id: str) -> Run | None:
    """The run; None if there is none."""
    with panel.database.connection() as connection:
        rows = fetch(connection, "runs", "streams", source=source, run_id=run_id)
        return _run(connection, source, run_id, rows) if rows else None


def _run(connection: Connection, source: str, run_id: str, rows: list[Row]) -> Run:
    label = next((one.label for one in all_sources() if one.name == source), source)
    (batches,) = fetch(connection, "runs", "batches", source=source, run_id=run_id)
    run = Run(
        source, label, run_id, [_step(row) for row in rows], batches["batches"], batches["pending"],
        _command(connection, source, rows[0]), [],
    )  # fmt: skip
    if run.is_unify:
        span = {"started_at": run.first["started_at"], "finished_at": run.ended_at}
        run.publishes.extend(row["publish_id"] for row in fetch(connection, "runs", "publishes_of_run", **span))
    return run


def _step(row: Row) -> Step:
    before, after = row["bookmark_before"], row["bookmark"]
    if before is None and after is None:
        return Step(row, None, "", "")
    return Step(row, difference(before, before if after is None else after), readable(before), readable(after))


def _command(connection: Connection, source: str, first: dict[str, Any]) -> Row | None:
    names = list(_UNIFYING) if source == UNIFY else ["download-all"]
    about = {name: first[name] for name in ("run_id", "started_by", "started_at")}
    return next(iter(fetch(connection, "runs", "command", names=names, **about)), None)

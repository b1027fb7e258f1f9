"""Phase 1: a card for each source, from what its runs say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stage_first.sources import all_sources

from sync_center.language.catalogues import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stage_first.sources import Source

    from sync_center.database import Row

COMPLETE, SYNCING, WAITING, INCOMPLETE, FAILED, NEVER = (
    "complete", "syncing", "waiting", "incomplete", "failed", "never",
)  # fmt: skip
WORDS = {
    COMPLETE: N_("complete"),
    SYNCING: N_("syncing"),
    WAITING: N_("waiting for the vendor"),
    INCOMPLETE: N_("incomplete: goes on by itself"),
    FAILED: N_("failed: needs you"),
    NEVER: N_("never run"),
}
_STATES = {
    "succeeded": COMPLETE,
    "succeeded_with_rejects": COMPLETE,
    "running": SYNCING,
    "incomplete": INCOMPLETE,
    "failed": FAILED,
    "dead": FAILED,
}
_SECONDS_TO_JUDGE = 3
_NOTHING_STAGED = {"rows_staged": 0, "rows_new": 0, "rows_changed": 0, "rows_deleted": 0}


@dataclass(frozen=True)
class Card:
    """One source at this moment."""

    name: str
    label: str
    state: str
    is_configured: bool
    wanted: list[str]
    """The variables of `.env` that connect it."""
    run: Row | None
    rows: int
    new: int
    changed: int
    deleted: int
    complete_up_to: datetime | None
    command: Row | None
    """The command of the panel that is under way for this source and has not begun a run, or is for it alone."""
    ended: Row | None
    """The last command of this source, if it ended badly after the last run and so says more than that."""

    @property
    def is_running(self) -> bool:
        """Whether it can be stopped, and not started."""
        return self.state in {SYNCING, WAITING}

    @property
    def pending(self) -> int:
        """Rows that wait to be unified."""
        return self.new + self.changed

    @property
    def progress(self) -> tuple[int, int] | None:
        """What is done, and how much there is; None where the run does not know."""
        if not self.run or not self.is_running or not self.run["progress_total"]:
            return None
        return self.run["progress_done"] or 0, self.run["progress_total"]

    @property
    def percent(self) -> int | None:
        """How far the run is."""
        return min(99, 100 * self.progress[0] // self.progress[1]) if self.progress else None

    @property
    def seconds_left(self) -> float | None:
        """How long it may still take, as fast as it was so far."""
        if not self.run or not self.progress or not self.progress[0] or self.run["seconds"] < _SECONDS_TO_JUDGE:
            return None
        done, total = self.progress
        return float(self.run["seconds"] * max(0, total - done) / done)

    @property
    def error(self) -> str | None:
        """What the failed run says."""
        return self.run["error"] if self.run and self.state in {FAILED, INCOMPLETE} else None


def cards(
    runs: list[Row],
    rows: list[Row],
    complete: list[Row],
    commands: list[Row],
    ended: list[Row],
    environment: Mapping[str, str],
) -> list[Card]:
    """All sources that have a tap, and those that others have put into staging."""
    by_source = {row["source"]: row for row in runs if row["source"] != "unify"}
    staged = {row["source"]: row for row in rows}
    until = {row["source"]: row["complete_up_to"] for row in complete}
    known = {source.name: source for source in all_sources()}
    names = [*known, *sorted((set(by_source) | set(staged)) - set(known))]
    return [
        _card(
            known.get(name) or name,
            by_source.get(name),
            staged.get(name, _NOTHING_STAGED),
            until.get(name),
            commands,
            _bad_end(_of(name, ended), by_source.get(name)),
            environment,
        )
        for name in names
    ]


def _card(
    source: Source | str,
    run: Row | None,
    staged: Row,
    until: datetime | None,
    commands: list[Row],
    ended: Row | None,
    environment: Mapping[str, str],
) -> Card:
    """`source` is a name only, where no tap of ours reads it."""
    name, label = (source, source) if isinstance(source, str) else (source.name, source.label)
    is_configured = not isinstance(source, str) and source.is_configured(environment)
    command = _of(name, commands) or (_all_of_them(commands, run) if is_configured else None)
    return Card(
        name=name,
        label=label,
        state=_state(run, command, ended),
        is_configured=is_configured,
        wanted=[] if is_configured or isinstance(source, str) else source.missing(environment),
        run=run,
        rows=staged["rows_staged"],
        new=staged["rows_new"],
        changed=staged["rows_changed"],
        deleted=staged["rows_deleted"],
        complete_up_to=until,
        command=command,
        ended=ended,
    )


def _state(run: Row | None, command: Row | None, ended: Row | None) -> str:
    if run and run["state"] == "running":
        return WAITING if run["is_waiting"] else SYNCING
    if command:
        return SYNCING
    if ended:
        return FAILED
    return _STATES[run["state"]] if run else NEVER


def _of(name: str, commands: list[Row]) -> Row | None:
    return next((row for row in commands if row["name"] == f"download-{name}"), None)


def _all_of_them(commands: list[Row], run: Row | None) -> Row | None:
    """The download of all sources, while it has yet to begin with this one."""
    row = next((row for row in commands if row["name"] == "download-all"), None)
    return row if row and (run is None or run["started_at"] < row["started_at"]) else None


def _bad_end(ended: Row | None, run: Row | None) -> Row | None:
    """A command that failed before a run could begin: the run before it says nothing about that."""
    is_bad = ended is not None and ended["exit_code"] not in {0, None} and not ended["stopped_by"]
    return ended if ended and is_bad and (run is None or run["started_at"] < ended["started_at"]) else None

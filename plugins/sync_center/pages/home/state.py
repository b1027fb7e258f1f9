"""All that the home page shows, read together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sync_center.database import fetch
from sync_center.pages.home.sources import FAILED, NEVER, Card, cards

if TYPE_CHECKING:
    from datetime import datetime

    from sync_center.database import Connection, Row
    from sync_center.panel import Panel

UNIFY = "unify"
DOWNLOAD_ALL = "download-all"
UNIFYING = ("unify", "unify-preview", "publish", "roll-back")
"""The commands of phase 2; one at a time."""


@dataclass(frozen=True)
class Home:
    """Both phases at this moment."""

    cards: list[Card]
    commands: list[Row]
    ended: list[Row]
    unify: Row | None
    hold: Row | None
    publish: Row | None
    figures: Row | None
    can_roll_back: bool
    is_unified: bool
    clients: int
    conflicts: int

    @property
    def pending(self) -> int:
        """Rows that wait to be unified."""
        return sum(card.pending for card in self.cards)

    @property
    def used(self) -> list[Card]:
        """Sources that are configured, or have something to show."""
        return [card for card in self.cards if card.is_configured or card.rows or card.state != NEVER]

    @property
    def can_download(self) -> bool:
        """Whether a source is configured."""
        return any(card.is_configured for card in self.cards)

    @property
    def can_unify(self) -> bool:
        """Whether anything is in staging, or was."""
        return self.publish is not None or any(card.rows for card in self.cards)

    @property
    def has_deleted(self) -> bool:
        """Whether vendors have deleted rows since the last unify."""
        return any(card.deleted for card in self.cards)

    @property
    def unused(self) -> list[Card]:
        """The others."""
        return [card for card in self.cards if card not in self.used]

    @property
    def is_downloading(self) -> bool:
        """Whether anything is being downloaded."""
        return self.download_all is not None or any(card.is_running for card in self.cards)

    @property
    def download_all(self) -> Row | None:
        """The command, while it is under way."""
        return next((row for row in self.commands if row["name"] == DOWNLOAD_ALL), None)

    @property
    def unifying(self) -> str | None:
        """What of phase 2 is under way, whoever has started it."""
        named = next((row["name"] for row in self.commands if row["name"] in UNIFYING), None)
        return named or (UNIFY if self.unify and self.unify["state"] == "running" else None)

    @property
    def unify_percent(self) -> int | None:
        """How far it is, in steps."""
        run = self.unify if self.unify and self.unify["state"] == "running" else None
        return min(99, 100 * run["progress_done"] // run["progress_total"]) if run and run["progress_total"] else None

    @property
    def unify_failed(self) -> bool:
        """Whether the last run of phase 2 needs somebody; a gate that holds says it better."""
        return bool(self.unify and self.unify["state"] in {"failed", "dead"} and not self.hold and not self.unifying)

    def bad_end(self, names: tuple[str, ...]) -> Row | None:
        """The last of these commands, if it ended badly before a run could begin that would tell more."""
        last = max((row for row in self.ended if row["name"] in names), key=lambda row: row["command_id"], default=None)
        if last is None or last["exit_code"] in {0, None} or last["stopped_by"]:
            return None
        runs = [self.unify] if UNIFY in names else [card.run for card in self.cards]
        is_told = any(run["started_at"] > last["started_at"] for run in runs if run)
        return None if is_told else last

    @property
    def download_problem(self) -> Row | None:
        """The last `download-all`, if it could not begin."""
        return None if self.is_downloading else self.bad_end((DOWNLOAD_ALL,))

    @property
    def unify_problem(self) -> Row | None:
        """The last command of phase 2, if it could not begin."""
        return None if self.unifying else self.bad_end(UNIFYING)

    @property
    def complete_up_to(self) -> datetime | None:
        """Until when everything of all used sources is in; None if one of them was never complete."""
        moments = [card.complete_up_to for card in self.used]
        return min(moment for moment in moments if moment) if moments and all(moments) else None

    @property
    def failed(self) -> list[Card]:
        """Sources that need somebody."""
        return [card for card in self.used if card.state == FAILED]


def fingerprint(panel: Panel) -> object:
    """Something else after every change; it also notes commands that have ended unseen."""
    panel.processes.under_way()
    row = panel.database.row("home", "fingerprint") or {}
    return tuple(row.values())


def read_home(panel: Panel) -> Home:
    """The state, from the database and from nothing else."""
    commands = panel.processes.under_way()
    environment, conflicts = panel.environment(), panel.waiting("conflicts")
    with panel.database.connection() as connection:
        runs, ended = fetch(connection, "home", "latest_runs"), fetch(connection, "commands", "last_ended")
        rows, complete = fetch(connection, "home", "rows"), fetch(connection, "home", "complete_up_to")
        publish = _first(fetch(connection, "home", "last_publish"))
        ((is_unified,),) = (row.values() for row in fetch(connection, "home", "is_unified"))
        return Home(
            cards=cards(runs, rows, complete, commands, ended, environment),
            commands=commands,
            ended=ended,
            unify=next((row for row in runs if row["source"] == UNIFY), None),
            hold=_first(fetch(connection, "home", "hold")),
            publish=publish,
            figures=_known(panel, connection, publish, "publish_figures"),
            can_roll_back=fetch(connection, "home", "can_roll_back")[0]["can_roll_back"],
            is_unified=is_unified,
            clients=_known(panel, connection, publish, "clients")["clients"] if is_unified and publish else 0,
            conflicts=conflicts,
        )


def _known(panel: Panel, connection: Connection, publish: Row | None, query: str) -> Any:
    """What holds until the next publish, computed once."""
    if publish is None:
        return None
    key = (query, publish["publish_id"])
    if key not in panel.known:
        parameters = {"publish_id": publish["publish_id"]} if query == "publish_figures" else {}
        panel.known[key] = fetch(connection, "home", query, **parameters)[0]
    return panel.known[key]


def _first(rows: list[Row]) -> Row | None:
    return next(iter(rows), None)

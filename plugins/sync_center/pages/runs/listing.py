"""The runs of a page, by the filters of its address, and what the last days brought."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException
from stage_first.sources import all_sources

from sync_center.language.catalogues import N_

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sync_center.database import Row
    from sync_center.panel import Panel

PER_PAGE = 50
DAYS = 30
WORDS = {
    "running": N_("running"),
    "succeeded": N_("complete"),
    "succeeded_with_rejects": N_("complete, some rows refused"),
    "incomplete": N_("incomplete: goes on by itself"),
    "failed": N_("failed: needs you"),
    "dead": N_("ended without a word"),
}
TONES = {
    "running": "busy", "succeeded": "good", "succeeded_with_rejects": "attention", "incomplete": "attention",
    "failed": "bad", "dead": "bad",
}  # fmt: skip
UNIFY = "unify"


@dataclass(frozen=True)
class Filters:
    """What the address asks for."""

    source: str = ""
    state: str = ""
    who: str = ""
    day: date | None = None

    def address(self, **other: Any) -> str:
        """The part of an address that asks for the same, but for what is given."""
        asked = {"source": self.source, "state": self.state, "who": self.who, "day": self.day or "", **other}
        found = urllib.parse.urlencode({name: value for name, value in asked.items() if value})
        return f"?{found}" if found else "?"

    @property
    def is_any(self) -> bool:
        """Whether it asks for anything."""
        return bool(self.source or self.state or self.who or self.day)


@dataclass(frozen=True)
class Day:
    """One day of the timeline."""

    day: date
    runs: int = 0
    bad: int = 0
    rows: int = 0
    seconds: float = 0


def read_runs(panel: Panel, filters: Filters, after: str) -> tuple[list[Row], str | None]:
    """A page of runs, and where the next begins."""
    before, before_id = parsed_place(after)
    begin, end = _span(filters.day, panel.settings.zone)
    rows = panel.database.rows(
        "runs", "page",
        before=before, before_id=before_id, source=filters.source or None, who=filters.who or None,
        state=filters.state or None, begin=begin, end=end, most=PER_PAGE + 1,
    )  # fmt: skip
    shown = rows[:PER_PAGE]
    return shown, place_of(shown[-1]) if len(rows) > PER_PAGE else None


def read_days(panel: Panel, filters: Filters) -> list[Day]:
    """The last days, also those on which nothing ran."""
    zone = panel.settings.zone
    today = datetime.now(zone).date()
    first = today - timedelta(days=DAYS - 1)
    begin, _ = _span(first, zone)
    asked = {"source": filters.source or None, "who": filters.who or None, "zone": zone.key, "begin": begin}
    found = {row["day"]: row for row in panel.database.rows("runs", "days", **asked)}
    return [_day(first + timedelta(days=number), found) for number in range(DAYS)]


def choices(panel: Panel) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer."""
    labels = {source.name: source.label for source in all_sources()}
    ran = [row["source"] for row in panel.database.rows("runs", "sources")]
    sources = [*labels, *(name for name in ran if name not in labels)]
    people = [(row["started_by"], row["started_by"]) for row in panel.database.rows("runs", "people")]
    return {"source": [(name, labels.get(name, name)) for name in sources], "who": people}


def place_of(row: Row) -> str:
    """Where a page ends, for the address of the next."""
    return f"{row['started_at'].isoformat()}~{row['run_id']}"


def parsed_place(after: str) -> tuple[datetime | None, str | None]:
    """What `place_of` has written.

    Raises:
        HTTPException: it was not written by us.
    """
    if not after:
        return None, None
    moment, _, run_id = after.partition("~")
    try:
        return datetime.fromisoformat(moment), run_id
    except ValueError as error:
        raise HTTPException(400) from error


def _span(day: date | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    if day is None:
        return None, None
    begin = datetime(day.year, day.month, day.day, tzinfo=zone)
    try:
        return begin, datetime.combine(day + timedelta(days=1), begin.timetz())
    except OverflowError:
        return begin, None


def _day(day: date, found: dict[date, Row]) -> Day:
    row = found.get(day)
    return Day(day, row["runs"], row["bad"], row["rows_written"], row["seconds"]) if row else Day(day)

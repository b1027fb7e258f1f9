"""What is in, what is pending, what needs a look: one row a source, from what the database says."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg import sql
from rich.table import Table
from warehouse.connection import connect

from stage_first.queries import fetch

if TYPE_CHECKING:
    import psycopg

_WORDS = {
    "succeeded": "complete",
    "succeeded_with_rejects": "complete, with rejects",
    "running": "syncing",
    "incomplete": "incomplete: goes on by itself",
    "failed": "failed: needs you",
    "dead": "died: run it again",
}
_STYLES = {"failed": "red", "dead": "red", "incomplete": "yellow", "succeeded_with_rejects": "yellow"}


@dataclass(frozen=True)
class SourceStatus:
    """One source at this moment; times are UTC."""

    source: str
    state: str
    last_run: datetime | None
    started_by: str | None
    percent: int | None
    rows: int
    pending: int
    rejected: int
    error: str | None


def read_status(database_url: str) -> list[SourceStatus]:
    """The status of every source that has rows in staging or ever ran."""
    with connect(database_url, application="status") as connection:
        runs = {row["source"]: row for row in fetch(connection, "last_runs")}
        rows = staged_rows(connection)
        pending = pending_rows(connection)
        rejected = {row["source"]: row["rejected"] for row in fetch(connection, "rejects")}
    filled = {source for source, count in rows.items() if count}
    sources = sorted(set(runs) | filled, key=lambda source: (source == "unify", source))
    return [_status(s, runs.get(s), rows.get(s, 0), pending.get(s, 0), rejected.get(s, 0)) for s in sources]


def staged_rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows in staging per source."""
    found: dict[str, int] = {}
    for table in fetch(connection, "staged_tables"):
        count = sql.SQL("select count(*) from {}").format(sql.Identifier(table["schema"], table["name"]))
        row = connection.execute(count).fetchone()
        source = table["schema"].removeprefix("staging_")
        found[source] = found.get(source, 0) + (row[0] if row else 0)
    return found


def pending_rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows per source that wait to be unified; all of them where `unify` never ran."""
    row = connection.execute("select to_regclass('unified.pending_unification')").fetchone()
    if row and row[0]:
        return {row["source"]: row["pending"] for row in fetch(connection, "pending")}
    return staged_rows(connection)


def _status(source: str, run: dict[str, Any] | None, rows: int, pending: int, rejected: int) -> SourceStatus:
    if run is None:
        return SourceStatus(source, "never run", None, None, None, rows, pending, rejected, None)
    done, total = run["progress_done"], run["progress_total"]
    percent = 100 * done // total if done and total and run["state"] == "running" else None
    return SourceStatus(
        source, run["state"], run["seen_at"], run["started_by"], percent, rows, pending, rejected, run["error"]
    )


def status_table(rows: list[SourceStatus]) -> Table:
    """For a person."""
    table = Table("source", "state", "last run (UTC)", "age", "by")
    for name in ("rows in staging", "pending", "rejected"):
        table.add_column(name, justify="right")
    for row in rows:
        word = _WORDS.get(row.state, row.state) + (f" {row.percent} %" if row.percent is not None else "")
        cells = [row.source, word, _moment(row.last_run), _age(row.last_run), row.started_by or ""]
        numbers = ["", "", ""] if row.source == "unify" else [f"{n:,}" for n in (row.rows, row.pending, row.rejected)]
        table.add_row(*cells, *numbers, style=_STYLES.get(row.state))
    table.caption = "\n".join(f"{row.source}: {row.error}" for row in rows if row.error) or None
    table.caption_justify = "left"
    return table


def status_json(rows: list[SourceStatus]) -> str:
    """For a script."""
    return json.dumps([asdict(row) for row in rows], default=str, indent=2)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def _age(moment: datetime | None) -> str:
    if moment is None:
        return ""
    age = datetime.now(UTC) - moment
    if age < timedelta(minutes=2):
        return f"{age.total_seconds():.0f} s"
    if age < timedelta(hours=2):
        return f"{age.total_seconds() / 60:.0f} min"
    return f"{age.total_seconds() / 3600:.0f} h" if age < timedelta(days=2) else f"{age.days} days"

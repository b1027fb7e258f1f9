"""A preview as a person reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from stage_first.preview import Preview

MOST_IDS = 100
_FIGURES = {
    "created": "created, of new records alone",
    "merged": "merged: their id leads to another client from then on",
    "split": "split: some of their records go to another client",
    "split_off": "new ids of records that were split off",
    "gone": "gone: none of their records is there any more",
    "changed": "changed, with the same id",
    "conflicts_opened": "conflicts opened",
    "conflicts_closed": "conflicts closed",
    "shared_begun": "values that begin to be shared",
    "shared_ceased": "values that cease to be shared",
}


def summary(preview: Preview) -> Iterator[RenderableType]:
    """The run, the figures, and what the gates say."""
    yield from _run(preview.run)
    yield _figures(preview)
    yield from _gates(preview)
    if preview.run["held_by"] not in {None, "gate"}:
        yield escape(
            "Publishing is held since {held_since:%Y-%m-%d %H:%M} UTC by {held_by}, because {held_because}".format_map(
                preview.run
            )
        )


def report(preview: Preview) -> Iterator[RenderableType]:
    """All of it."""
    yield from summary(preview)
    yield from _reassigned(preview.reassigned)
    for title, rows, columns in (
        ("Conflicts", preview.conflicts, ("what", "business", "kind", "value", "clients")),
        ("Shared values", preview.shared, ("what", "business", "kind", "value", "name_count", "reason")),
        ("Largest clients", preview.largest, ("client_id", "name", "records_before", "records_after")),
    ):
        if rows:
            yield _table(title, rows, columns)
    if preview.samples:
        yield _samples(preview.samples)
    yield "Nothing was published. `stage-first publish` publishes exactly this, `meltano run unify` computes anew."


def as_json(preview: Preview) -> str:
    """For a script."""
    return json.dumps(preview.as_dict(), default=str, indent=2)


def _run(run: dict[str, Any]) -> Iterator[str]:
    mode = f"full, because: {run['why_full']}" if run["is_full"] else "what has changed since the last publish"
    yield f"Computed {run['started_at']:%Y-%m-%d %H:%M:%S} UTC: {mode}."
    before, after = run["last_rules_version"], run["rules_version"]
    if before is None:
        yield f"Rules {after}; nothing is published by other ones."
    elif before == after:
        yield f"Rules {after}, as at the last publish."
    else:
        yield f"Rules {after}; the last publish had {before}."


def _figures(preview: Preview) -> Table:
    figures = preview.figures
    table = Table(show_header=False, box=None)
    table.add_column(justify="right")
    table.add_row(f"{figures['clients_after']:,}", f"clients (published now: {figures['clients_before']:,})")
    for name, words in _FIGURES.items():
        table.add_row(f"{figures[name]:,}", words)
    table.add_row(f"{preview.churn_percent:.2f} %", "of the published clients lose their id")
    table.add_row(f"{len(preview.reassigned):,}", "ids mean somebody else")
    table.add_row(f"{figures['payments_moved']:,}", f"of {figures['payments']:,} payments move to another client")
    return table


def _gates(preview: Preview) -> Iterator[str]:
    if preview.gates == []:
        yield "Every gate lets it pass."
    for gate in preview.gates or []:
        yield escape(gate)


def _reassigned(rows: list[dict[str, Any]]) -> Iterator[RenderableType]:
    if not rows:
        return
    table = Table("id", "was", "means now", "records that stayed", "records now elsewhere", "under the id")
    table.title = "Ids that mean somebody else"
    for row in rows[:MOST_IDS]:
        means = _named(
            row["means_name"], None if row["means_client_id"] == row["client_id"] else row["means_client_id"]
        )
        counts = [f"{row['records_kept']:,}", f"{row['records_left']:,}"]
        table.add_row(row["client_id"], _named(row["was_name"]), means, *counts, row["left_client_id"])
    if len(rows) > MOST_IDS:
        table.caption = f"and {len(rows) - MOST_IDS:,} more: `stage-first preview --last --json` lists all"
    yield table


def _samples(rows: list[dict[str, Any]]) -> Table:
    table = Table("what", "client", "records", "other client", "why", title="Merges and splits, the largest first")
    for row in rows:
        who, other = _named(row["name"], row["client_id"]), _named(row["other_name"], row["other_id"])
        table.add_row(row["what"], who, f"{row['record_count']:,}", other, _why(row))
    return table


def _why(row: dict[str, Any]) -> str:
    if row["kind"] is None:
        joined = "a decision" if row["rule"] == "decided" else "another record"
    else:
        joined = escape(f"{row['kind']} {row['value']}")
    if row["what"] == "merge":
        return f"joined by {joined}"
    return f"was joined by {joined}" + (", which is shared now" if row["is_shared_now"] else ", no more")


def _table(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Table:
    table = Table(*(column.replace("_", " ") for column in columns), title=title)
    for row in rows:
        table.add_row(*("" if row[column] is None else escape(str(row[column])) for column in columns))
    return table


def _named(name: str | None, client_id: str | None = None) -> str:
    return " ".join(part for part in (escape(name or "(no name)"), client_id) if part)

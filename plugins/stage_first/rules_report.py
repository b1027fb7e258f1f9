"""The rules as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from stage_first.rules import effective, seed_named, seeds
from stage_first.rules_checks import COMMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from stage_first.rules import Rule, Seed, Value

_STYLES = {"changed": "yellow", "added": "green", "removed": "red"}


def rules_tables(connection: psycopg.Connection[Any], name: str | None) -> Iterator[Table]:
    """A table for the seed of that name, else for each."""
    for seed in [seed_named(name)] if name else seeds().values():
        yield _table(seed, effective(connection, seed))


def _table(seed: Seed, rules: list[Rule]) -> Table:
    columns = [column for column in seed.types if column != COMMENT]
    table = Table(title=seed.name, title_justify="left")
    for column in [*columns, "in force", "by"]:
        table.add_column(column, no_wrap=True)
    table.add_column("why")
    for rule in rules:
        cells = [_shown(rule.shown.get(column)) for column in columns]
        table.add_row(*cells, *_origin(rule), style=_STYLES.get(rule.state))
    return table


def _origin(rule: Rule) -> list[str]:
    change = rule.override
    if change is None:
        return ["as in the file", "", _shown(rule.shown.get(COMMENT))]
    return [
        f"{rule.state} ({change.override_id})",
        f"{change.changed_by}, {change.changed_at:%Y-%m-%d}",
        change.comment,
    ]


def _shown(value: Value) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

"""Changes of the rules, one function each, over a connection: the command line and the panel call the same."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from warehouse.run_log import started_by

from stage_first.rules import close, effective, record, seed_named, seeds, standing
from stage_first.rules_checks import COMMENT, EMPTY_MEANS, check_all, check_row, typed_cells
from stage_first.settings import NEXT, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import psycopg

    from stage_first.rules import Override, Row, Rule, Seed


def set_rule(
    connection: psycopg.Connection[Any],
    name: str,
    cells: Mapping[str, str],
    because: str | None,
    who: str | None = None,
) -> str:
    """Change a row, or add one; cells that are not given stay what they are.

    Raises:
        UsageError: the change cannot stand; nothing is written.
    """
    seed, reason = seed_named(name), _reason(because)
    given = typed_cells(seed, cells)
    with _alone(connection):
        now = _find(effective(connection, seed), seed, given)
        before = now.row if now else None
        row = {**(before or {**EMPTY_MEANS, **dict.fromkeys(seed.types)}), **given}
        row = {column: _default(seed, column, row.get(column)) for column in seed.types if column != COMMENT}
        if before is not None and all(before.get(column) == value for column, value in row.items()):
            raise UsageError(f"Nothing to change: {_named(seed, row)} stands like that already.")
        check_row(connection, seed, row)
        number = record(connection, seed, given, row, reason, who or started_by())
        check_all(seed, effective(connection, seed))
    done = "is changed" if before else "is added"
    return f"{number}: {_named(seed, row)} {done}. {NEXT}"


def remove_rule(
    connection: psycopg.Connection[Any],
    name: str,
    cells: Mapping[str, str],
    because: str | None,
    who: str | None = None,
) -> str:
    """Remove a row.

    Raises:
        UsageError: there is none.
    """
    seed, reason = seed_named(name), _reason(because)
    given = typed_cells(seed, cells)
    with _alone(connection):
        now = _find(effective(connection, seed), seed, given)
        if now is None or now.row is None:
            raise UsageError(f"There is no {_named(seed, given)}: `stage-first rules show {name}` lists what there is.")
        number = record(connection, seed, given, None, reason, who or started_by())
    return f"{number}: {_named(seed, given)} is removed. {NEXT}"


def withdraw_rule(connection: psycopg.Connection[Any], override_id: int, who: str | None = None) -> str:
    """Take a change back, so that the seed's own row counts again.

    Raises:
        UsageError: no such change stands, or another one builds on it.
    """
    with _alone(connection):
        known: dict[int, Override] = {each.override_id: each for each in standing(connection)}
        if override_id not in known:
            numbers = ", ".join(map(str, sorted(known))) or "none"
            raise UsageError(f"No change {override_id} stands. Standing: {numbers} (`stage-first rules`).")
        change = known[override_id]
        close(connection, [change], who or started_by())
        seed = seeds()[change.seed]
        check_all(seed, effective(connection, seed))
    return f"{override_id}: {_named(seed, {**change.key})} is as in the file again. {NEXT}"


@contextmanager
def _alone(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Of two changes at once the second sees the first."""
    with connection.transaction():
        connection.execute("lock table ops.rule_overrides in share row exclusive mode")
        yield


def _reason(because: str | None) -> str:
    if not because or not because.strip():
        raise UsageError('Say why: --because "...". Whoever reads the rules next year will want to know.')
    return because.strip()


def _find(rules: list[Rule], seed: Seed, row: Row) -> Rule | None:
    return next((rule for rule in rules if seed.key_of(rule.shown) == seed.key_of(row)), None)


def _default(seed: Seed, column: str, value: Any) -> Any:
    return EMPTY_MEANS.get(column) if value is None and column not in seed.key else value


def _named(seed: Seed, row: Row) -> str:
    cells = (f"{column}={row[column]}" for column in seed.key if row.get(column) is not None)
    return f"{seed.name} {' '.join(cells)}"

"""Writes the changes that stand back into the seed files, so that they travel with the project."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING, Any

from warehouse.run_log import started_by

from stage_first.rules import close, effective, seeds
from stage_first.settings import UsageError

if TYPE_CHECKING:
    import psycopg

    from stage_first.rules import Key, Rule, Seed, Value


def write_rules(connection: psycopg.Connection[Any], who: str | None = None) -> list[str]:
    """Write each changed row into its file, close the changes, and say what was done.

    Lines that nobody changed stay as they are, byte for byte.

    Raises:
        UsageError: a file cannot be written.
    """
    done: list[str] = []
    with connection.transaction():
        connection.execute("lock table ops.rule_overrides in share row exclusive mode")
        for seed in seeds().values():
            rules = effective(connection, seed)
            changed = [rule for rule in rules if rule.override]
            if changed:
                _replace(seed, _text(seed, rules))
                writer = f"{who or started_by()} (written into {seed.path.name})"
                close(connection, [rule.override for rule in changed if rule.override], writer)
                done += [f"{seed.path.name}: {rule.state} {','.join(seed.key_of(rule.shown))}" for rule in changed]
    return done


def _text(seed: Seed, rules: list[Rule]) -> str:
    """The file as it will be: its own lines, changed ones in their place, added ones at the end."""
    by_key = {seed.key_of(rule.shown): rule for rule in rules}
    lines = _lines(seed)
    kept = [lines[0][1]]
    for key, text in lines[1:]:
        rule = by_key.pop(key, None)
        kept.append(_line(seed, rule) if rule and rule.override else text)
    kept += [_line(seed, rule) for rule in by_key.values()]
    return "".join(kept)


def _lines(seed: Seed) -> list[tuple[Key, str]]:
    """Each row's key and text, a quoted line break included; the header first."""
    with seed.path.open(newline="", encoding="utf-8") as file:
        texts = list(file)
    reader = csv.reader(texts)
    header, begin = next(reader), reader.line_num
    found: list[tuple[Key, str]] = [((), "".join(texts[:begin]))]
    for cells in reader:
        text, begin = "".join(texts[begin : reader.line_num]), reader.line_num
        if cells:
            key = seed.key_of(dict(zip(header, cells, strict=False)))
            found.append((key, text if text.endswith("\n") else f"{text}\n"))
    return found


def _line(seed: Seed, rule: Rule) -> str:
    if rule.row is None:
        return ""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow([_cell(rule.row.get(name)) for name in seed.types])
    return written.getvalue()


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _replace(seed: Seed, text: str) -> None:
    """Put the file in place at once, so that nobody reads half of it."""
    beside = seed.path.with_suffix(".csv.new")
    try:
        beside.write_text(text, "utf-8", newline="")
        os.replace(beside, seed.path)
    except OSError as error:
        raise UsageError(f"{seed.path} cannot be written: {error.strerror}. The changes still stand.") from error

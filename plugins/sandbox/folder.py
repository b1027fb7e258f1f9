"""Writes exports: one of any length, or a folder of all with the truth and the expected counts beside them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING, Any, TextIO

from sandbox import cases
from sandbox.damage import BAD_ROWS, ROWS_BEFORE, BadRow
from sandbox.exports import EXPORTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sandbox.exports.export import Export
    from sandbox.people import World

TRUTH_HEADERS = ("source_kind", "record_key_id", "true_person", "hard_case")


@dataclass
class Counts:
    """What one file holds: good rows, those of them that say who somebody is, and damaged rows."""

    kind: str
    rows: int = 0
    identifying: int = 0
    rejects: int = 0


def write_export(export: Export[Any], path: Path, world: World, rows: int) -> None:
    """Write a file of exactly `rows` rows, taking as many people as that needs."""
    with export.dialect.open(path) as file:
        writer = export.dialect.writer(file)
        writer.writerow(export.headers)
        writer.writerows(cells for _, _, cells in islice(export.rows(world, count()), rows))


def write_folder(folder: Path, world: World, *, damaged: bool = True) -> dict[str, Any]:
    """Write every export of a world, `truth.csv` and `expected.json`; return what the latter says."""
    folder.mkdir(parents=True, exist_ok=True)
    bad_rows = BAD_ROWS if damaged else ()
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        truth = csv.writer(file, lineterminator="\n")
        truth.writerow(TRUTH_HEADERS)
        files = {
            f"{name}.csv": _write_file(export, folder / f"{name}.csv", world, truth, bad_rows)
            for name, export in EXPORTS.items()
        }
    expected = _expected(world, files, bad_rows)
    (folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
    return expected


def _write_file(export: Export[Any], path: Path, world: World, truth: Any, bad_rows: Iterable[BadRow]) -> Counts:
    counts = Counts(export.kind)
    damage = [bad for bad in bad_rows if bad.export == export.name]
    with export.dialect.open(path) as file:
        writer = export.dialect.writer(file)
        writer.writerow(export.headers)
        for person, line, cells in export.rows(world, range(world.people)):
            if counts.rows == ROWS_BEFORE:
                counts.rejects += _write_damage(export, file, [bad for bad in damage if not bad.last])
            writer.writerow(cells)
            counts.rows += 1
            if export.identifies(line):
                counts.identifying += 1
                key = f"{export.kind}:{export.own_id(line)}"
                truth.writerow((export.kind, key, person.true_id, person.case.name))
        counts.rejects += _write_damage(export, file, damage[counts.rejects :])
    return counts


def _write_damage(export: Export[Any], file: TextIO, damage: list[BadRow]) -> int:
    file.writelines(bad.text + export.dialect.line_end for bad in damage)
    return len(damage)


def _expected(world: World, files: dict[str, Counts], bad_rows: tuple[BadRow, ...]) -> dict[str, Any]:
    in_case = Counter(world.case(index).name for index in range(world.people))
    return {
        "seed": world.seed,
        "epoch": world.epoch.date().isoformat(),
        "people": world.people,
        "people_by_case": dict(sorted(in_case.items())),
        "by_the_default_rules": cases.outcome(world.people),
        "rows": sum(counts.rows for counts in files.values()),
        "identifying": sum(counts.identifying for counts in files.values()),
        "rejects": sum(counts.rejects for counts in files.values()),
        "files": {name: vars(counts) for name, counts in files.items()},
        "bad_rows": [bad._asdict() for bad in bad_rows],
    }

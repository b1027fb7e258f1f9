from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.exports import EXPORTS
from sandbox.folder import write_folder
from sandbox.people import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PEOPLE = 2000


@dataclass
class Files:
    """A folder of exports, read back with nothing of ours but the dialect."""

    folder: Path
    world: World
    rows: dict[str, list[dict[str, str]]]
    truth: list[dict[str, str]]
    expected: dict[str, Any]


def read(path: Path, name: str) -> list[dict[str, str]]:
    dialect = EXPORTS[name].dialect
    with path.open(encoding=dialect.encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=dialect.delimiter))


@pytest.fixture(scope="session")
def read_export() -> Callable[[Path, str], list[dict[str, str]]]:
    return read


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("exports")
    world = World(7, PEOPLE)
    write_folder(folder, world, damaged=False)
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    rows = {name: read(folder / f"{name}.csv", name) for name in EXPORTS}
    return Files(folder, world, rows, truth, json.loads((folder / "expected.json").read_text("utf-8")))

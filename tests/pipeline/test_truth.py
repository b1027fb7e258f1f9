"""The sandbox's truth names the rows as tap-csv does, and the resolver makes of them who they are."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from sandbox.folder import write_folder
from sandbox.people import World
from support.pipes import Pipe, query

if TYPE_CHECKING:
    from pathlib import Path


def test_every_identifying_row_has_its_truth(tmp_path: Path, database_url: str) -> None:
    expected = write_folder(tmp_path / "exports", World(7, 400))
    files = [str(tmp_path / "exports" / name) for name in expected["files"]]
    assert Pipe(tmp_path, database_url, {"files": files, "default_region": "MX"}).run() == (0, 0)
    with (tmp_path / "exports" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["record_key_id"] for row in csv.DictReader(file)}
    staged = {row[0] for row in query(database_url, "select id from staging_csv.imports")}
    assert truth <= staged
    assert {key.split(":")[0] for key in staged - truth} == {"paypal_activity"}

"""Public data with a known truth: FEBRL dataset 4, matched on one added kind of identifier."""

from __future__ import annotations

import csv
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.transform.conftest import Warehouse

pytestmark = [pytest.mark.needs_shared, pytest.mark.xdist_group("transform-functions")]


def test_febrl_finds_every_pair_that_its_identifier_can_find(warehouse: Warehouse, shared: Path) -> None:
    for name in ("dataset4a", "dataset4b"):
        with (shared / "real" / "febrl" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            rows = {row["rec_id"]: row for row in csv.DictReader(file)}
        mapping = {" given_name": "first_name", " surname": "last_name", " soc_sec_id": "soc_sec_id"}
        warehouse.load(f"other_{name}", rows, mapping=mapping)
    warehouse.build()
    found = {
        pair
        for client in warehouse.people("main")
        for pair in combinations(sorted(record.split("-")[1] for record in client), 2)
    }
    true = [pair for pair in found if pair[0] == pair[1]]
    assert (len(true), len(found) - len(true)) == (4561, 0)
    assert len(true) / 5000 == 0.9122

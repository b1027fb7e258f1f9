"""Public data with a known truth, by the way a user would take: tap-csv, the loader, a line in a seed, dbt."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from support.pipes import BIN, PROJECT, Pipe, query
from warehouse.address import libpq_environment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_shared


def test_febrl_dataset_4_by_one_added_identifier(tmp_path: Path, database_url: str, shared: Path) -> None:
    """`soc_sec_id` is damaged in a part of the duplicates: it finds 4,561 of 5,000 pairs and no wrong one."""
    settings = {"files": [str(shared / "real" / "febrl")], "mapping": {"soc_sec_id": "soc_sec_id"}}
    assert Pipe(tmp_path, database_url, settings).run() == (0, 0)
    figures = query(
        database_url, "select rows_read, rows_new, rows_rejected from ops.sync_runs where stream = 'imports'"
    )
    assert figures == [(10_000, 10_000, 0)]

    transform = tmp_path / "transform"
    shutil.copytree(PROJECT / "transform", transform, ignore=shutil.ignore_patterns("target", "logs"))
    with (transform / "seeds" / "identity_rules.csv").open("a") as rules:
        rules.write("soc_sec_id,6,false,,false,Social security number\n")
    environment = {**os.environ, "DATABASE_URL": database_url, **libpq_environment(database_url)}
    command = [BIN / "dbt", "build", "--exclude", "test_type:unit", "test_type:generic"]
    done = subprocess.run(command, cwd=transform, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout[-3000:]

    people: dict[str, list[str]] = {}
    for client, record in query(
        database_url,
        "select client_id, record ->> 'rec_id' from unified.client_records"
        " join staging_csv.imports using (account, id) where source = 'csv'",
    ):
        people.setdefault(client, []).append(record.split("-")[1])
    pairs = [pair for records in people.values() for pair in combinations(records, 2)]
    true = [pair for pair in pairs if pair[0] == pair[1]]
    assert (len(true), len(pairs) - len(true)) == (4561, 0)
    assert len(true) / 5000 == 0.9122

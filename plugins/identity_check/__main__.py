"""`make identity-check CASES=<folder>`: reads `rules.json` and `worlds.jsonl`, writes `results.jsonl` beside them."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from local_postgres.errors import LocalServerError
from stage_first.settings import UsageError
from warehouse.connection import connect

from identity_check.build import BuildError, build
from identity_check.cases import Case, read_rules, read_worlds
from identity_check.project import write_project
from identity_check.results import as_json, read_results
from identity_check.scratch import scratch_database
from identity_check.staging import create_tables, stage
from identity_check.worlds import NOTHING, Resolution, Rules
from identity_check.written import CaseError

RESULTS = "results.jsonl"
_USAGE = "Say where the cases are: make identity-check CASES=<folder with rules.json and worlds.jsonl>"


def main() -> int:
    """Check the folder that the command line names."""
    if len(sys.argv) != 2 or not sys.argv[1]:
        sys.stderr.write(f"{_USAGE}\n")
        return 2
    try:
        sys.stdout.write(f"{check(Path(sys.argv[1]))}\n")
    except (CaseError, BuildError, UsageError, LocalServerError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def check(folder: Path) -> str:
    """Resolve all worlds of a folder, write the results, and say in a sentence what was done."""
    began = time.monotonic()
    rules, cases = read_rules(folder), list(read_worlds(folder))
    found = resolve_cases(cases, rules)
    with (folder / RESULTS).open("w", encoding="utf-8") as file:
        for case, resolution in zip(cases, found, strict=True):
            file.write(json.dumps(as_json(case.name, resolution), ensure_ascii=False) + "\n")
    records = sum(len(case.world.records) for case in cases)
    return f"{len(cases)} worlds, {records} records: {folder / RESULTS} ({time.monotonic() - began:.0f} s)"


def resolve_cases(cases: list[Case], rules: Rules, *arguments: str) -> list[Resolution]:
    """Who is who in each world, by the real dbt models in a scratch database; arguments are for dbt."""
    with scratch_database() as url, tempfile.TemporaryDirectory(prefix="identity-check-") as folder:
        project = write_project(Path(folder), rules)
        with connect(url, application="identity-check") as connection:
            create_tables(connection)
            stage(connection, {number: case.world for number, case in enumerate(cases)}, rules)
            build(project, url, "--exclude", "publish", *arguments)
            found = read_results(connection)
    return [found.get(number, NOTHING) for number in range(len(cases))]


if __name__ == "__main__":
    sys.exit(main())

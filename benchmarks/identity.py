"""Who is who on 804,000 records: against Splink, from nothing, after 1 % of the records changed, after nothing did.

**identity_vs_splink.** Both sides begin with the identifiers of records after cleaning (record, kind, value), which
stand in a table of Postgres, and end with a table of that Postgres that holds the group of each record.
Ours: the dbt models that lie between `int_identity__identifiers` and `int_identity__clusters`, all in scope, from the
first one's start to the last one's end, with dbt's work in between; cleaning the raw JSON before and choosing winners
after it are other questions, and dbt's start-up is nobody's resolving. It is more than Splink does: blocked, shared
and withdrawn values, exclusive kinds, attachments, conflicts' groups, decisions, ids.
Splink's: reading that table by ADBC (binary COPY into Arrow, a connection a core, as DuckDB's own reader does it, which
for this DuckDB only a download brings), edges, clusters, and writing them by ADBC; not the start of Python.
Splink gets its identifiers less the shared and blocked ones, taken out before the clock runs, the texts or, which is
less to read, our numbers of them, as many threads as there are cores, and the fastest of its ways counts.

**unify_1pct.** Start-up is the same command on a world of 20 rows in which nothing changed: what Meltano, dbt and some
eighty nearly empty models cost. It is taken off both sides, since it does not grow with the data.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from typing import TYPE_CHECKING

from warehouse.connection import connect

from benchmarks.identity_builds import BUILD, ROOT, Place
from benchmarks.peers import environment
from benchmarks.people import World
from benchmarks.people_changes import change
from benchmarks.results import Result, at_least, at_most

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

RECORDS = 804_000
ROUNDS = 3
PACKAGES = ("splink==5.0.0", "duckdb==2.0.1", "adbc-driver-postgresql==1.13.0", "pyarrow==26.0.1")
WAYS = ("texts", "numbers", "link")
RESOLVED = ("--full-refresh", "--select", "+int_identity__clusters")
BETWEEN = ("--select", "int_identity__identifiers+,+int_identity__clusters", "--exclude", "int_identity__identifiers")
IDENTIFIERS = """
create table bench.identifiers as
select
    record_number,
    kind,
    value,
    value_number
from unified_internal.next_int_identity__identifiers
where value_number not in (select value_number from unified_internal.next_int_identity__excluded)
"""


def measure(bench: Bench) -> list[Result]:
    """One world for all of them."""
    small, template, built, people = (Place(bench, name) for name in ("small", "template", "built", "people"))
    template.fill(World(RECORDS))
    start = start_up(small)
    built.copy(template)
    built.parse()
    build = built.dbt(*BUILD).wall
    people.copy(template)
    people.parse()
    full = people.unify().wall
    unchanged = [people.unify().wall - start for _ in range(ROUNDS)]
    changed = [_after_change(people) - start for _ in range(ROUNDS)]
    what = f"`meltano run unify`, {RECORDS:,} records"
    note = f"(start-up {start:.1f} s, full {full:.1f} s, 1 % {', '.join(f'{one + start:.1f}' for one in changed)} s)"
    return [
        at_most("build_full_s", f"seconds of `dbt build` from nothing, {RECORDS:,} records", [build], 60),
        at_most(
            "unify_1pct", f"{what}, after 1 % changed over full", [one / (full - start) for one in changed], 0.05, note
        ),
        at_most("unify_unchanged_s", f"{what}, seconds beyond start-up after no change", unchanged, 2),
        against_splink(built),
    ]


def start_up(small: Place) -> float:
    """Seconds of the command on a world of 20 rows with nothing new: the median of three."""
    small.fill(World(20))
    small.unify()
    return statistics.median(small.unify().wall for _ in range(ROUNDS))


def _after_change(people: Place) -> float:
    with connect(people.url, application="people") as connection:
        change(connection, 1)
    return people.unify().wall


def against_splink(people: Place) -> Result:
    """Rounds of ours, in a full run that nobody publishes, and of each way of Splink, one after the other."""
    people.dbt("run", *RESOLVED)
    people.sql("drop table if exists bench.identifiers", IDENTIFIERS, "vacuum analyze bench.identifiers")
    ours: list[float] = []
    theirs: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        people.dbt("run", *BETWEEN)
        ours.append(people.window())
        for way, seconds in theirs.items():
            seconds.append(_splink(people, way))
    best = min(theirs.values(), key=statistics.median)
    ratios = [one / other for one, other in zip(best, ours, strict=True)]
    what = f"Splink's round trip over our models, {people.count('bench.identifiers'):,} identifiers"
    ways = ", ".join(f"{way} {statistics.median(seconds):.2f}" for way, seconds in theirs.items())
    models = ", ".join(f"{name} {seconds:.2f}" for name, seconds in people.slowest(5))
    note = f"(Splink {ways} s; ours {statistics.median(ours):.2f} s, of these {models})"
    return at_least("identity_vs_splink", what, ratios, 1.0, note)


def _splink(people: Place, way: str) -> float:
    python = environment("splink-5.0.0", *PACKAGES) / "bin" / "python"
    words: list[str | Path] = [python, "-m", "benchmarks.identity_splink", people.url, way]
    found = subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    return float(json.loads(found.stdout)["total"])

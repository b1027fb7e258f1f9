"""100,000 records that are hard to resolve, over as many ordinary ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.identity_builds import BUILD, Place
from benchmarks.people import new_database
from benchmarks.people_changes import HARD, fill_hard
from benchmarks.results import Result, at_most

if TYPE_CHECKING:
    from benchmarks.bench import Bench

RECORDS = 100_000
PATIENCE = "5min"
"""A model that takes longer has exploded: the measure fails and names it in its log."""
LARGE_GROUPS = ("--vars", f"{{max_records_per_client: 1000000, statement_timeout: {PATIENCE}}}")
"""The gate that would stop these groups is not what is measured."""


def measure(bench: Bench) -> list[Result]:
    """A first build of each case, less one of 20 records; the worst over the ordinary one."""
    place = Place(bench, "hard")
    _build(place, "ordinary", 20)  # dbt reads the project
    start = _build(place, "ordinary", 20)
    seconds = {case: _build(place, case, RECORDS) - start for case in HARD}
    ratios = {case: found / seconds["ordinary"] for case, found in seconds.items() if case != "ordinary"}
    note = ", ".join(f"{case} {ratio:.2f}" for case, ratio in ratios.items())
    what = f"`dbt build` of {RECORDS:,} hard records over ordinary ones, start-up taken off, the worst case"
    return [at_most("hard_cases", what, [max(ratios.values())], 3.0, f"({note}; ordinary {seconds['ordinary']:.1f} s)")]


def _build(place: Place, case: str, rows: int) -> float:
    new_database(place.url)
    fill_hard(place.url, case, rows)
    return place.dbt(*BUILD, *LARGE_GROUPS).wall

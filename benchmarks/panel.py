"""The Sync Center on 800,000 clients and on 8,000: pages, search, memory, and what it costs while nothing happens.

20 people have the home page open with its live part, five more click through all pages at once. What is measured is
the time of a whole answer on this machine, the waiting for a core included.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.csv_file import run_meltano, write_file
from benchmarks.identity_builds import BUILD, Place
from benchmarks.panel_process import PanelProcess, Visitor, clicking
from benchmarks.people import World
from benchmarks.results import Result, at_most

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

SMALL, LARGE = 13_000, 1_300_000
"""So many records make about 8,000 and 800,000 clients."""
WATCHERS, CLICKERS, ROUNDS = 20, 5, 6
SYNC_ROWS = 200_000
SECONDS_TO_INDEX = 300
_ID = r"[0-9a-f-]{36}[^\"]*"
TYPED = ("ana", "maria lo", "gomez", "+52155", "juan@", "cus_", "perez h", "55 12")
"""What people type, a letter at a time."""


def measure(bench: Bench) -> list[Result]:
    """Both sizes, one after the other."""
    small, _, _ = _looked_at(bench, "panel_small", SMALL)
    pages, searches, others = _looked_at(bench, "panel_large", LARGE)
    growth = [_p95(large) / _p95(less) for large, less in zip(pages, small, strict=True)]
    clients = f"{others['clients']:,.0f} clients, {others['conflicts']:,.0f} open conflicts"
    crowd = f"{WATCHERS} people with live pages, {CLICKERS} clicking"
    return [
        at_most("panel_p95_ms", f"p95 of all pages, {clients}, {crowd}", [_p95(found) for found in pages], 100),
        at_most("search_p95_ms", f"p95 of a search as one types, {clients}, {crowd}", [_p95(searches)], 150),
        at_most("panel_growth", "p95 of all pages, a hundred times the clients", growth, 1.5),
        at_most("panel_idle_cpu", f"percent of a core, {WATCHERS} people with live pages", [others["idle"]], 2),
        at_most("panel_mb", "MB of the panel after all of it", [others["mb"]], 150),
        at_most(
            "panel_overhead", f"a sync with {WATCHERS} people watching over one without", [others["overhead"]], 1.03
        ),
    ]


def _looked_at(bench: Bench, name: str, records: int) -> tuple[list[list[float]], list[float], dict[str, float]]:
    place = Place(bench, name)
    place.fill(World(records))
    place.dbt(*BUILD)
    others = {
        "clients": place.count("unified.clients"),
        "conflicts": place.count("unified.merge_conflicts where status = 'open'"),
    }
    with PanelProcess(place.url, str(bench.folder / "panel.log")).running() as panel:
        watchers, clickers = panel.visitors(WATCHERS), panel.visitors(CLICKERS)
        paths = _paths(clickers[0])
        clicking(clickers, paths, 1)  # what is not in memory yet is no matter of the panel
        with panel.watched_by(watchers):
            pages = [clicking(clickers, paths, 2) for _ in range(ROUNDS // 2)]
            searches = clicking(clickers, _searches(), 2)
            others["idle"] = panel.cpu_share(20)
        others["mb"] = panel.memory_mb()
        if records == LARGE:
            others["overhead"] = _overhead(bench, panel, watchers, place)
    return pages, searches, others


def _paths(visitor: Visitor) -> list[str]:
    """Every page, and some of the cases, clients and runs that they list."""
    first = ["/", "/conflicts", "/clients", "/runs", "/import", "/quality", "/settings"]
    cases = visitor.links("/conflicts", f"/conflicts/{_ID}", 4)
    clients = _clients(visitor)
    runs = visitor.links("/runs", f"/runs/{_ID}", 2)
    if not (cases and clients):
        raise RuntimeError("The pages list no cases or no clients")
    return [*first, *cases, *clients, *runs]


def _clients(visitor: Visitor) -> list[str]:
    """Some clients; the panel makes its index for the search in the background, which a page need not wait for."""
    until = time.monotonic() + SECONDS_TO_INDEX
    while time.monotonic() < until:
        if found := visitor.links("/clients?q=ana", f"/clients/{_ID}", 4):
            return found
        time.sleep(1)
    return []


def _searches() -> list[str]:
    from urllib.parse import quote

    return [f"/clients?q={quote(word[:end])}" for word in TYPED for end in range(1, len(word) + 1)]


def _overhead(bench: Bench, panel: PanelProcess, watchers: list[Visitor], place: Place) -> float:
    """Alternately without and with people who watch the same database."""
    file: Path = write_file(bench.folder / "sync.csv", SYNC_ROWS, phones=False)
    there = type(bench)(bench.folder, place.url)
    run_meltano(there, file)
    ratios = []
    for _ in range(3):
        alone = run_meltano(there, file)
        with panel.watched_by(watchers):
            ratios.append(run_meltano(there, file) / alone)
    return statistics.median(ratios)


def _p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]

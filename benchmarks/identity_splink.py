"""Splink on DuckDB: identifiers out of Postgres, equal values joined, the clusters back into it.

Runs in an environment of its own (`identity.py` makes it) and prints the seconds of each phase as JSON. Both ways are
public and documented: `Linker.inference.deterministic_link`, one blocking rule a kind, and clustering edges that were
made by plain SQL, one from the first record of each value to every other, which is linear in the identifiers.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import adbc_driver_postgresql.dbapi as postgres  # type: ignore[import-not-found,unused-ignore]
import duckdb  # type: ignore[import-not-found,unused-ignore]
import pyarrow  # type: ignore[import-not-found,unused-ignore]
from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # type: ignore[import-not-found,unused-ignore]
from splink.clustering import (  # type: ignore[import-not-found,unused-ignore]
    cluster_pairwise_predictions_at_threshold,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CORES = len(os.sched_getaffinity(0))
TABLE = "bench.identifiers"
COLUMNS = {"texts": "kind, value", "numbers": "value_number", "link": "kind, value"}
EDGES = """
create table edges as
select
    firsts.record_number as record_l,
    identifiers.record_number as record_r
from identifiers
inner join (
    select {value}, min(record_number) as record_number from identifiers group by {value} having count(*) > 1
) as firsts using ({value})
where firsts.record_number <> identifiers.record_number
"""
NODES = "create table nodes as select distinct record_number as record from identifiers"


class Splink:
    """One round trip, its phases timed; what is imported and started before is not counted."""

    def __init__(self, url: str, way: str) -> None:
        self.url, self.way = url, way
        self.seconds: dict[str, float] = {}
        self.duckdb = duckdb.connect()
        self.run(f"set threads = {CORES}")

    def run(self, statement: str) -> Any:
        """Run a statement in DuckDB to its end."""
        return self.duckdb.execute(statement).fetchall()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase."""
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 3)

    def round_trip(self) -> int:
        """Read, join, cluster, write; returns the number of clusters."""
        with self.phase("read"):
            self._read()
        clusters = self._linked() if self.way == "link" else self._clustered()
        with self.phase("write"):
            found = self.duckdb.sql(f"select record as record_number, cluster_id from {clusters.physical_name}")
            connection = postgres.connect(self.url)
            with connection.cursor() as cursor:
                cursor.adbc_ingest("splink_clusters", found.to_arrow_table(), mode="replace")
            connection.commit()
        return int(self.run(f"select count(distinct cluster_id) from {clusters.physical_name}")[0][0])

    def _read(self) -> None:
        """A part of the table by each of as many connections as there are cores, as DuckDB's own reader does it."""
        with postgres.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(f"select pg_relation_size('{TABLE}') / current_setting('block_size')::bigint")
            pages = cursor.fetchone()[0]
        parts = [(pages * core // CORES, pages * (core + 1) // CORES) for core in range(CORES)]
        with ThreadPoolExecutor(CORES) as workers:
            self.duckdb.register("incoming", pyarrow.concat_tables(workers.map(self._read_pages, parts)))
        self.run("create table identifiers as select * from incoming")

    def _read_pages(self, pages: tuple[int, int]) -> Any:
        first, last = (f"'({page},0)'::tid" for page in pages)
        with postgres.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(
                f"select record_number, {COLUMNS[self.way]} from {TABLE} where ctid >= {first} and ctid < {last}"
            )
            return cursor.fetch_arrow_table()

    def _clustered(self) -> Any:
        with self.phase("edges"):
            self.run(EDGES.format(value=COLUMNS[self.way]))
            self.run(NODES)
        with self.phase("cluster"):
            tables = (self.duckdb.table(name) for name in ("nodes", "edges"))
            api = DuckDBAPI(self.duckdb)
            return cluster_pairwise_predictions_at_threshold(*tables, db_api=api, node_id_column_name="record")

    def _linked(self) -> Any:
        kinds = [kind for (kind,) in self.run("select distinct kind from identifiers")]
        with self.phase("edges"):
            lists = ", ".join(f"array_agg(value) filter (where kind = '{kind}') as {kind}" for kind in kinds)
            self.run(f"create table records as select record_number as record, {lists} from identifiers group by all")
            settings = SettingsCreator(
                link_type="dedupe_only",
                unique_id_column_name="record",
                comparisons=[],
                blocking_rules_to_generate_predictions=[block_on(kind, arrays_to_explode=[kind]) for kind in kinds],
            )
            linker = Linker(DuckDBAPI(self.duckdb).register(self.duckdb.table("records")), settings)
            pairs = linker.inference.deterministic_link()
        with self.phase("cluster"):
            return linker.clustering.cluster_pairwise_predictions_at_threshold(pairs)


def main() -> None:
    """Arguments: the address of the Postgres, and the way (texts, numbers, link)."""
    logging.disable(logging.WARNING)
    splink = Splink(sys.argv[1], sys.argv[2])
    began = time.monotonic()
    clusters = splink.round_trip()
    print(json.dumps({"total": round(time.monotonic() - began, 3), "clusters": clusters, **splink.seconds}), flush=True)
    os._exit(0)  # a driver complains when it is closed while Splink still holds its tables


if __name__ == "__main__":
    main()

"""dlt reading the same CSV file into the same Postgres; run by the bench in an environment that has dlt."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dlt

if TYPE_CHECKING:
    from collections.abc import Iterator


def rows(path: str) -> Iterator[list[dict[str, str]]]:
    """Pages of rows, as dlt likes them."""
    page: list[dict[str, str]] = []
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            page.append(row)
            if len(page) == 1000:
                yield page
                page = []
    yield page


if __name__ == "__main__":
    file, url = sys.argv[1:]
    pipeline = dlt.pipeline("peer", destination=dlt.destinations.postgres(url), dataset_name="peer_dlt")
    pipeline.run(dlt.resource(rows(file), name="contacts", primary_key="Contact Id", write_disposition="merge"))

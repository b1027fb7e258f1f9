"""The loader against psql COPY of the same rows into the same table with its key."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from tap_core.raw import RAW_SCHEMA

from benchmarks.bench import BIN, Bench
from benchmarks.results import Result, at_most

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 200_000
ROUNDS = 3
TABLE = "staging_bench.contacts"


def measure(bench: Bench) -> list[Result]:
    """Fresh, unchanged and 1 % changed, each round beside a COPY."""
    first, changed = bench.folder / "first.jsonl", bench.folder / "changed.jsonl"
    write_messages(first, ROWS, changed_percent=0)
    write_messages(changed, ROWS, changed_percent=1)
    rows = bench.folder / "rows.copy"
    load(bench, first)
    bench.psql(f"\\copy {TABLE} to '{rows}'")
    ratios: dict[str, list[float]] = {"fresh": [], "unchanged": [], "1pct": []}
    for _ in range(ROUNDS):
        bench.sql(f"truncate {TABLE}")
        copy = bench.psql(f"\\copy {TABLE} from '{rows}'").wall
        bench.sql(f"truncate {TABLE}")
        ratios["fresh"].append(load(bench, first) / copy)
        ratios["unchanged"].append(load(bench, first) / copy)
        ratios["1pct"].append(load(bench, changed) / copy)
        load(bench, first)
    return [
        at_most(f"load_{name}_vs_copy", f"load of {ROWS:,} raw records, {name}, against COPY", found, 2.0)
        for name, found in ratios.items()
    ]


def load(bench: Bench, messages: Path) -> float:
    """Wall seconds of the loader, start-up included."""
    return bench.timed([BIN / "target-postgres"], stdin=messages, MELTANO_EXTRACT__LOAD_SCHEMA="staging_bench").wall


def write_messages(path: Path, rows: int, *, changed_percent: int) -> None:
    """Singer messages of raw records of about 1.2 KB, the same for the same arguments."""
    with path.open("w", encoding="utf-8") as file:
        schema = {"type": "SCHEMA", "stream": "contacts", "schema": RAW_SCHEMA, "key_properties": ["account", "id"]}
        file.write(json.dumps(schema) + "\n")
        for number in range(rows):
            message = {"type": "RECORD", "stream": "contacts", "record": raw_record(number, changed_percent)}
            file.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")
        state = {"bookmarks": {"contacts": {"seen": rows}}, "progress": {"finished": True}}
        file.write(json.dumps({"type": "STATE", "value": state}) + "\n")


def raw_record(number: int, changed_percent: int) -> dict[str, Any]:
    """One contact as a CRM sends it."""
    draw = random.Random(number)
    words = ["alfa", "beta", "gamma", "delta", "ñandú", "épsilon", "zeta"]
    record = {
        "id": f"c{number:08d}",
        "firstName": draw.choice(words),
        "lastName": draw.choice(words),
        "email": f"person{number}@example.com",
        "phone": f"+5255{number:08d}",
        "tags": draw.choices(words, k=6),
        "source": "form" if number % 100 >= changed_percent else "import",
        "customFields": [{"id": f"{draw.getrandbits(80):020x}", "value": draw.choice(words) * 4} for _ in range(10)],
        "note": "x" * draw.randint(100, 300),
        "total": "1.10",
    }
    return {
        "account": "main",
        "id": record["id"],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-05-01T12:00:00Z",
        "record": record,
        "phones": [record["phone"]],
        "origin": {"window": "2026-01"},
    }

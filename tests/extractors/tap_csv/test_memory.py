"""Memory does not grow with the file, with its longest line, with its repeats, or with what a quote swallows."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from tests.extractors.tap_csv.harness import run, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = "id,Description,Email,Name,Created (UTC),Delinquent,Plan,Status,Total Spend,Payment Count,Currency\n"
ROW = 'cus_{0:014d},,person{0}@example.com,"Pérez, Ana {0}",2026-07-10 18:37:41,false,,active,"1,234.56",3,usd\n'
MOST_MEGABYTES = 120
MEASURED = """
import atexit, pathlib, re, resource, sys
from tap_csv.tap import TapCSV

def say():
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # ru_maxrss counts what the parent held when it forked
        kilobytes = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1])
    else:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(kilobytes, file=sys.stderr)

atexit.register(say)
TapCSV.cli()
"""
LONG_LINE_BYTES = 200_000_000


def customers(count: int, same: int = 0) -> Iterator[str]:
    yield HEADER
    for number in range(count):
        yield ROW.format(number % same if same else number)


def filled(path: Path, lines: Iterator[str]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    return path


def megabytes(path: Path, output: Path) -> float:
    """Run the command on a file and return the most memory that it held."""
    with output.open("wb") as stdout:
        environment = {**os.environ, "TAP_CSV_FILES": str(path)}
        command = [sys.executable, "-c", MEASURED, "--config=ENV"]
        result = subprocess.run(command, env=environment, stdout=stdout, stderr=subprocess.PIPE, check=True)
    return int(result.stderr.split()[-1]) / 1024


def test_a_line_of_200_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(b"name,city\nAna,Lima\n")
        for _ in range(LONG_LINE_BYTES // 1_000_000):
            file.write(b"x" * 1_000_000)
        file.write(b"\nLuis,Quito\n")

    most = megabytes(path, tmp_path / "out")

    assert most < MOST_MEGABYTES * 1.5
    messages = [json.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()]
    records = [message["record"] for message in messages if message["type"] == "RECORD"]
    assert [record["record"]["name"] for record in records if "city" in record.get("record", ())] == ["Ana", "Luis"]
    reject = next(record for record in records if "reason" in record)
    assert (reject["raw_length"], reject["origin"]["line"], reject["origin"]["offset"]) == (LONG_LINE_BYTES + 1, 3, 19)
    assert len(reject["raw"]) * 3 // 4 == pytest.approx(64 * 1024, abs=3)


@pytest.mark.parametrize(
    ("small", "large"), [(40_000, 200_000), pytest.param(200_000, 2_000_000, marks=pytest.mark.soak)]
)
def test_a_file_of_any_length(small: int, large: int, tmp_path: Path) -> None:
    before = megabytes(filled(tmp_path / "small.csv", customers(small)), tmp_path / "out")

    after = megabytes(filled(tmp_path / "large.csv", customers(large)), tmp_path / "out")

    assert after < MOST_MEGABYTES
    assert after < before * 1.1


@pytest.mark.parametrize("count", [30_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_a_file_of_nothing_but_repeats(count: int, tmp_path: Path) -> None:
    path = filled(tmp_path / "repeats.csv", customers(count, same=count // 2))

    assert megabytes(path, tmp_path / "out") < MOST_MEGABYTES
    assert (tmp_path / "out").read_bytes().count(b'"stream":"imports","record"') == count // 2


def test_quotes_that_open_and_close_each_other_are_not_read_again_and_again(tmp_path: Path) -> None:
    """Each of these lines begins a row that swallows all that follow."""
    lines, looked_at = 2_000, itertools.count()

    def counted(texts: Iterator[str], size: int) -> Iterator[str]:
        for text in itertools.islice(texts, size):
            next(looked_at)
            yield text

    path = written(tmp_path / "a.csv", "name,city\nAna,Lima\n" + 'x","\n' * lines)
    with mock.patch("tap_csv.rows.islice", counted), mock.patch("tap_csv.rows.SMALLEST_CAP", 50):
        outcome = run(path, max_row_bytes=10_000)

    assert outcome.rows[0] == ("Ana", "Lima")
    assert outcome.file["rows"] == outcome.file["rejected"] + len(outcome.rows)
    assert next(looked_at) < 50 * lines

"""The loader's memory does not grow with its input."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.singer import finished, raw, raw_schema

if TYPE_CHECKING:
    import subprocess

    from support.desk import Desk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the high-water mark from /proc")
MEGABYTE = 2**20
LIMIT_MB = 150


def peak_megabytes(process: subprocess.Popen[bytes]) -> float:
    """Wait for the end; the most memory that the process held, by the kernel's high-water mark."""
    peak = 0.0
    while process.poll() is None:
        with contextlib.suppress(OSError, StopIteration):
            status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            peak = float(next(text for text in status if text.startswith("VmHWM")).split()[1]) / 1024
        time.sleep(0.005)
    return peak


def peak_for(desk: Desk, rows: int, content: dict[str, str], **settings: int) -> float:
    """Peak memory for that many rows of this content."""
    process = desk.start(**settings)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(raw_schema() + b"\n")
    template = raw("########", content) + b"\n"
    for first in range(0, rows, 500):
        numbers = range(first, min(first + 500, rows))
        process.stdin.write(b"".join([template.replace(b"########", b"%08d" % number) for number in numbers]))
    process.stdin.write(finished() + b"\n")
    process.stdin.close()
    peak = peak_megabytes(process)
    process.stdout.close()
    assert process.returncode == 0
    return peak


def test_memory_for_40_mb(desk: Desk) -> None:
    assert peak_for(desk, 32_000, {"text": "x" * 1200}) < LIMIT_MB
    assert desk.run()["rows_new"] == 32_000


def test_memory_for_records_of_megabytes(desk: Desk) -> None:
    """Records just under the limit, and over it: no more than a few of them are held at once."""
    peak = peak_for(desk, 8, {"text": "x" * 4 * MEGABYTE}, max_record_mb=5)
    assert peak < LIMIT_MB
    assert peak_for(desk, 8, {"text": "y" * 6 * MEGABYTE}, max_record_mb=5) < LIMIT_MB
    assert (desk.runs()[0]["rows_new"], desk.runs()[1]["rows_rejected"]) == (8, 8)


@pytest.mark.soak
def test_memory_for_two_million_rows(desk: Desk) -> None:
    small = peak_for(desk, 200_000, {"text": "x" * 1200})
    large = peak_for(desk, 2_000_000, {"text": "z" * 1200})
    assert large < LIMIT_MB
    assert large < small * 1.1

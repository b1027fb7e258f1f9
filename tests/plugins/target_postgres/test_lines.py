"""Lines from a pipe: cut anywhere, empty, without an end, and larger than memory should hold."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from target_postgres.lines import KEPT_BYTES, GiantLine, LineReader

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT = 300_000


def read(pieces: Iterable[bytes]) -> list[bytes | GiantLine]:
    """What the reader makes of pieces that are written to its pipe one after another."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for piece in pieces:
                pipe.write(piece)

    writer = threading.Thread(target=write)
    writer.start()
    reader = LineReader(reading, max_line_bytes=LIMIT, idle_seconds=1)
    found = [line for lines in reader for line in lines]
    writer.join()
    os.close(reading)
    return found


@pytest.mark.parametrize("ending", [b"", b"\n"], ids=["no_line_end", "line_end"])
@pytest.mark.parametrize("seed", range(3))
def test_lines_cut_anywhere_are_whole(seed: int, ending: bytes) -> None:
    dice = random.Random(seed)
    lines = [bytes([97 + n % 26]) * dice.choice([0, 1, 50, 70_000, 299_999, 300_000]) for n in range(20)] + [b"end"]
    text = b"\n".join(lines) + ending
    cuts = sorted(dice.sample(range(len(text)), 40))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(pieces) == lines


@pytest.mark.parametrize("length", [LIMIT + 1, LIMIT + 65_536, 3 * LIMIT])
@pytest.mark.parametrize("ending", [b"", b"\nafter\n"], ids=["last", "in_the_middle"])
def test_a_giant_is_known_by_its_head_hash_and_place(length: int, ending: bytes) -> None:
    giant = random.Random(length).randbytes(length).replace(b"\n", b" ")
    first, found, *after = read([b"before\n" + giant + ending])
    assert first == b"before"
    assert isinstance(found, GiantLine)
    assert (found.head, found.length, found.offset) == (giant[:KEPT_BYTES], length, 7)
    assert found.sha256.digest() == hashlib.sha256(giant).digest()
    assert after == ([b"after"] if ending else [])


def test_giants_after_one_another_take_no_memory() -> None:
    """The first may warm things up; nine more of 8 MB add nothing."""
    piece = b"x" * 2**20
    tracemalloc.start()
    try:
        found = read(part for _ in range(10) for part in (*[piece] * 8, b"\n"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [line.length for line in found if isinstance(line, GiantLine)] == [8 * 2**20] * 10
    assert peak < 6 * 2**20
    offsets = [line.offset for line in found if isinstance(line, GiantLine)]
    assert offsets == [n * (8 * 2**20 + 1) for n in range(10)]


def test_silence_is_told() -> None:
    reading, writing = os.pipe()
    reader = iter(LineReader(reading, max_line_bytes=LIMIT, idle_seconds=0.001))
    assert next(reader) == []
    os.write(writing, b"a\nb")
    assert next(reader) == [b"a"]
    assert next(reader) == []
    os.close(writing)
    assert list(reader) == [[b"b"]]
    os.close(reading)

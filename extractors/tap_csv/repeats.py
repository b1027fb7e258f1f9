"""Rows that a file holds twice: equal ones are sent once, ones with the same id and other content are numbered.

Exact, in constant memory: a Bloom filter finds every row whose key *may* have come before. Those rows are held back in
a temporary database on disk, and the file is read once more at its end (only if there are any) to compare them with the
rows they resemble. The filter's hash does not depend on the process, so a resumed run holds back the same rows.
"""

from __future__ import annotations

import random
import sqlite3
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import adler32, crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_csv.rows import Row

LARGEST_FILTER_BYTES = 32 * 1024 * 1024
SMALLEST_FILTER_BYTES = 64 * 1024
FULL_SIZE_FROM_BYTES = 4 * 1024 * 1024
"""Files from this size on use the largest filter, so that memory does not grow with the file."""
PATTERNS = 4096
BITS_OF_A_PATTERN = 4
MARKS_BYTES = 8 * 1024 * 1024
_TABLE = "create table seen (ordinal integer primary key, key text, content text, line integer, record blob)"
_SETTLE = """
with contents as (
    select key, content, min(ordinal) as ordinal, count(*) as times from seen group by key, content
),

numbered as (
    select key, ordinal, times, row_number() over (partition by key order by ordinal) as twin from contents
)

select numbered.key, numbered.twin, numbered.times, seen.line, seen.record
from numbered
inner join seen on numbered.ordinal = seen.ordinal
order by numbered.ordinal
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """A row whose place among its equals is known now."""

    key: str
    twin: int
    """1 for the first of its key, 2 for the next one with other content."""
    times: int
    """How often the file holds this very row."""
    line: int
    record: bytes | None
    """What was held back; None if the row has been sent already."""


def filter_bytes(file_bytes: int) -> int:
    """Return the size of the filter for a file."""
    if file_bytes >= FULL_SIZE_FROM_BYTES:
        return LARGEST_FILTER_BYTES
    size = SMALLEST_FILTER_BYTES
    while size < file_bytes:
        size *= 2
    return size


def make_filter(size: int) -> Callable[[str], bool]:
    """Return a function that says whether a key may have been asked for before; it never says no wrongly."""
    words = array("Q", bytes(size))
    mask = len(words) - 1
    draw = random.Random(1)  # noqa: S311  # patterns, not secrets
    patterns = [sum(1 << bit for bit in draw.sample(range(64), BITS_OF_A_PATTERN)) for _ in range(PATTERNS)]

    def may_have_come(key: str) -> bool:
        data = key.encode()
        one, two = crc32(data), adler32(data)
        first, second = one & mask, (one * 0x9E3779B1 >> 10 ^ two * 40503) & mask
        pattern, other = patterns[(two ^ one >> 22) & 4095], patterns[(one >> 20 ^ two >> 7) & 4095]
        word = words[first]
        if word & pattern == pattern and words[second] & other == other:
            return True
        words[first] = word | pattern
        words[second] |= other
        return False

    return may_have_come


class Repeats:
    """The rows held back in one file."""

    def __init__(self, file_bytes: int) -> None:
        self.may_have_come = make_filter(filter_bytes(file_bytes))
        self._marks: bytearray | None = None
        self._store: sqlite3.Connection | None = None

    @property
    def holds_any(self) -> bool:
        """Whether the file must be read once more."""
        return self._store is not None

    def hold(self, ordinal: int, key: str, content: str, line: int, record: bytes) -> None:
        """Keep a row until the file has been read to its end."""
        if self._store is None or self._marks is None:
            self._store = sqlite3.connect("", isolation_level=None)
            self._store.execute("pragma journal_mode = off")
            self._store.execute("begin")
            self._store.execute(_TABLE)
            self._marks = bytearray(MARKS_BYTES)
        mark = crc32(key.encode()) & (MARKS_BYTES * 8 - 1)
        self._marks[mark >> 3] |= 1 << (mark & 7)
        self._store.execute("insert into seen values (?, ?, ?, ?, ?)", (ordinal, key, content, line, record))

    def compare(self, rows: Iterable[tuple[int, str, Row]], content_of: Callable[[Row], str]) -> None:
        """Take the rows of the whole file again, with ordinal and key, and keep those that the held ones resemble."""
        marks, store = self._marks, self._store
        if marks is None or store is None:
            return
        for ordinal, key, row in rows:
            mark = crc32(key.encode()) & (MARKS_BYTES * 8 - 1)
            if marks[mark >> 3] >> (mark & 7) & 1:
                values = (ordinal, key, content_of(row))
                store.execute("insert or ignore into seen (ordinal, key, content) values (?, ?, ?)", values)

    def settled(self) -> Iterator[Settled]:
        """Yield each different row among those held back and those they resemble, in the order of the file."""
        if self._store is not None:
            for row in self._store.execute(_SETTLE):
                yield Settled(*row)

    def close(self) -> None:
        """Drop the temporary database."""
        if self._store is not None:
            self._store.close()
            self._store = None

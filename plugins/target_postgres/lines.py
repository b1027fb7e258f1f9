"""Reads lines from the tap: waits no longer than asked, and never keeps a giant line in memory."""

from __future__ import annotations

import hashlib
import os
import select
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 256 * 1024
KEPT_BYTES = 64 * 1024


@dataclass
class GiantLine:
    """A line over the limit: its first 64 KB, and enough to know it again."""

    head: bytes
    length: int = 0
    offset: int | None = None
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)

    def grow(self, piece: bytes) -> None:
        """Add what follows."""
        self.length += len(piece)
        self.sha256.update(piece)


class LineReader:
    """Yields lists of lines as they arrive, an empty list when nothing came for `idle_seconds`."""

    def __init__(self, descriptor: int, *, max_line_bytes: int, idle_seconds: float) -> None:
        self._descriptor = descriptor
        self._max = max_line_bytes
        self._idle = idle_seconds
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._giant: GiantLine | None = None
        self._offset = 0

    def __iter__(self) -> Iterator[list[bytes | GiantLine]]:
        while True:
            ready, _, _ = select.select([self._descriptor], [], [], self._idle)
            if not ready:
                yield []
                continue
            chunk = os.read(self._descriptor, CHUNK_BYTES)
            if not chunk:
                break
            yield self._split(chunk)
        if self._held_bytes:
            yield [self._line()]

    def _split(self, chunk: bytes) -> list[bytes | GiantLine]:
        first, newline, rest = chunk.partition(b"\n")
        self._hold(first)
        if not newline:
            return []
        lines: list[bytes | GiantLine] = [self._line()]
        pieces = rest.split(b"\n")
        last = pieces.pop()
        self._offset += len(rest) - len(last)
        self._hold(last)
        lines += pieces
        return lines

    def _hold(self, piece: bytes) -> None:
        """Keep the beginning of a line whose end has not come yet."""
        self._held_bytes += len(piece)
        if self._giant is not None:
            return self._giant.grow(piece)
        self._held.append(piece)
        if self._held_bytes > self._max:
            self._giant = GiantLine(b"".join(self._held)[:KEPT_BYTES], offset=self._offset)
            for held in self._held:
                self._giant.grow(held)
            self._held = []
        return None

    def _line(self) -> bytes | GiantLine:
        """The line that is complete now."""
        line = self._giant or b"".join(self._held)
        self._offset += self._held_bytes + 1
        self._held, self._held_bytes, self._giant = [], 0, None
        return line

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
    length: int
    offset: int
    sha256: hashlib._Hash = field(repr=False)


class LineReader:
    """Yields lists of lines as they arrive, an empty list when nothing came for `idle_seconds`."""

    def __init__(self, descriptor: int, *, max_line_bytes: int, idle_seconds: float) -> None:
        self._descriptor = descriptor
        self._max = max_line_bytes
        self._idle = idle_seconds
        self._rest = b""
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
        if self._giant is not None:
            yield [self._giant]
        elif self._rest:
            yield [self._rest]

    def _split(self, chunk: bytes) -> list[bytes | GiantLine]:
        lines: list[bytes | GiantLine] = []
        if self._giant is not None:
            end = chunk.find(b"\n")
            self._grow(chunk if end < 0 else chunk[:end])
            if end < 0:
                return lines
            lines.append(self._giant)
            self._offset += self._giant.length + 1
            self._giant = None
            chunk = chunk[end + 1 :]
        pieces = (self._rest + chunk).split(b"\n") if self._rest else chunk.split(b"\n")
        self._rest = pieces.pop()
        lines += pieces
        self._offset += sum(map(len, pieces)) + len(pieces)
        if len(self._rest) > self._max:
            self._giant = GiantLine(self._rest[:KEPT_BYTES], 0, self._offset, hashlib.sha256())
            self._grow(self._rest)
            self._rest = b""
        return lines

    def _grow(self, piece: bytes) -> None:
        if self._giant is not None:
            self._giant.length += len(piece)
            self._giant.sha256.update(piece)

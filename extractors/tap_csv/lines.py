"""Physical lines as bytes, whatever ends them, in blocks; a line over the limit is never held in memory."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tap_core.raw import KEPT_REJECT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK_BYTES = 256 * 1024
WIDE = {"utf-16-le": 2, "utf-16-be": 2}
"""Encodings whose line ends cannot be found in single bytes, with the width of a character."""


class Readable(Protocol):
    """What lines are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


@dataclass(slots=True)
class GiantLine:
    """A line over the limit: its first 64 KB, and enough to know it again."""

    head: bytes
    length: int
    sha256: str
    ended: bool


@dataclass(slots=True)
class Block:
    """Consecutive lines; `giant_follows` asks the reader to use them up before it asks for the next block."""

    lines: list[bytes]
    giant_follows: bool = False
    giant: GiantLine | None = None


def split_lines(data: bytes, encoding: str) -> list[bytes]:
    r"""Split after `\n`, `\r\n` and `\r`, and nowhere else."""
    width = WIDE.get(encoding)
    if width is None:
        return data.splitlines(keepends=True)
    whole = len(data) - len(data) % width
    text = data[:whole].decode(encoding, "surrogatepass")
    lines = [line.encode(encoding, "surrogatepass") for line in io.StringIO(text, newline="")]
    if whole < len(data):
        unfinished = lines.pop() if lines and not ends_line(lines[-1], encoding) else b""
        lines.append(unfinished + data[whole:])
    return lines


def ends_line(line: bytes, encoding: str) -> bool:
    """Whether the line is complete: it ends in a line end of any sort."""
    return line.endswith((_encoded("\n", encoding), _encoded("\r", encoding)))


def _encoded(character: str, encoding: str) -> bytes:
    return character.encode(encoding if encoding in WIDE else "ascii")


class LineSplitter:
    """Yields the lines of a stream, at most `size` bytes of it, starting where the stream stands."""

    def __init__(self, stream: Readable, encoding: str, *, size: int, max_bytes: int) -> None:
        self._stream = stream
        self._encoding = encoding
        self._left = size
        self._max = max_bytes
        self._newline = _encoded("\n", encoding)
        self._width = len(self._newline)
        self.on_giant: Callable[[bytes], None] = lambda _piece: None
        """Is given all bytes of a giant line, piece by piece."""

    def __iter__(self) -> Iterator[Block]:
        pieces: list[bytes] = []
        held = 0
        while chunk := self._read(CHUNK_BYTES):
            pieces.append(chunk)
            held += len(chunk)
            if held <= self._max and b"\n" not in chunk and b"\r" not in chunk:
                continue
            lines = split_lines(b"".join(pieces), self._encoding)
            rest = b"" if lines[-1].endswith(self._newline) else lines.pop()
            if held > self._max:
                yield from self._without_giants(lines)
            else:
                yield Block(lines)
            if len(rest) > self._max:
                yield Block([], giant_follows=True)
                giant, rest = self._giant(rest)
                yield Block([], giant=giant)
            pieces, held = [rest], len(rest)
        if held:
            yield from self._without_giants([b"".join(pieces)])

    def _read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left))
        if missing := -len(data) % self._width:
            data += self._stream.read(min(missing, self._left - len(data)))
        self._left -= len(data)
        return data

    def _without_giants(self, lines: list[bytes]) -> Iterator[Block]:
        """Yield blocks that set whole lines over the limit apart."""
        start = 0
        for number, line in enumerate(lines):
            if len(line) > self._max:
                yield Block(lines[start:number], giant_follows=True)
                self.on_giant(line)
                yield Block([], giant=_giant_of(line, ends_line(line, self._encoding)))
                start = number + 1
        yield Block(lines[start:])

    def _giant(self, start: bytes) -> tuple[GiantLine, bytes]:
        """Read on to the end of the line, and return it with what follows it."""
        digest, length, head = hashlib.sha256(), 0, start[:KEPT_REJECT_BYTES]
        piece, rest, ended = self._until_line_end(start)
        while piece:
            digest.update(piece)
            self.on_giant(piece)
            length += len(piece)
            if ended:
                break
            piece, rest, ended = self._until_line_end(self._read(CHUNK_BYTES))
        return GiantLine(head, length, digest.hexdigest(), ended), rest

    def _until_line_end(self, chunk: bytes) -> tuple[bytes, bytes, bool]:
        if b"\n" not in chunk and b"\r" not in chunk:
            return chunk, b"", False
        first = split_lines(chunk, self._encoding)[0]
        if not ends_line(first, self._encoding):
            return chunk, b"", False
        if len(first) == len(chunk) and not first.endswith(self._newline):
            following = self._read(self._width)
            return (first + following, b"", True) if following == self._newline else (first, following, True)
        return first, chunk[len(first) :], True


def _giant_of(line: bytes, ended: bool) -> GiantLine:
    return GiantLine(line[:KEPT_REJECT_BYTES], len(line), hashlib.sha256(line).hexdigest(), ended)

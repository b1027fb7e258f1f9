"""The lines in hand: decoded, counted, hashed as they are used, and looked over for what is no text."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from tap_csv.encodings import UNREADABLE
from tap_csv.lines import ends_line

if TYPE_CHECKING:
    from tap_csv.encodings import TextDecoder
    from tap_csv.lines import Block, GiantLine, LineSplitter

NUL_REASON = "holds a NUL character, which is no text: export the file again"
UNREADABLE_REASON = "is not valid {encoding}: set `encoding` to what the file is written in"
_SUSPECT = (
    (b"#", (b"#N", b"#REF", b"#VAL", b"#DIV", b"#\xa1", b"#\xc2\xa1")),
    (b"V", (b"VERDAD",)),
    (b"F", (b"FALSO",)),
    (b"+", (b"E+",)),
    (b"\x83", (b"\xc3\x83",)),
    (b"\xe2", (b"\xc3\xa2\xe2\x82\xac",)),
)
"""Traces of spreadsheets and of mojibake, each behind a single byte of it that is found much faster."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point in a file: nothing before it can change unless the file is rewritten."""

    offset: int
    line: int
    """Lines before the point."""
    digest: str
    """Of all bytes before it."""


def digest_text(digest: hashlib._Hash) -> str:
    """Return a digest as bookmarks hold it."""
    return digest.hexdigest()[:32]


class LineBuffer:
    """Lines of a file from its first data row on; `at` is the index of the first one not used yet."""

    def __init__(self, splitter: LineSplitter, decoder: TextDecoder, *, head: bytes, first_line: int) -> None:
        self.decoder = decoder
        self.lines: list[bytes] = []
        self.texts: list[str] = []
        self.at = 0
        self.line = first_line
        self.offset = len(head)
        self.giant_follows = self.at_end_of_file = False
        self.tainted: dict[int, str] = {}
        """Line number to the reason why no row may contain that line."""
        self._suspect_until = 0
        self._ends: list[int] | None = None
        self._digest = hashlib.sha256(head)
        splitter.on_giant = self._digest.update
        self._blocks = iter(splitter)

    @property
    def place(self) -> Place:
        """The point up to which all is used."""
        return self.place_at(self.at)

    @property
    def suspect(self) -> bool:
        """Whether the next lines may be damaged by Excel or a wrong encoding: worth a look at each cell."""
        return self.line < self._suspect_until

    @property
    def is_closed(self) -> bool:
        """Whether no more lines can be added to those in hand."""
        return self.giant_follows or self.at_end_of_file

    @property
    def lacks_line_end(self) -> bool:
        """Whether the lines in hand end in the middle of a line: that is where the file ends."""
        return not ends_line(self.lines[-1], self.decoder.encoding)

    def place_at(self, index: int) -> Place:
        """Return the point before a line in hand."""
        digest = self._digest.copy()
        data = b"".join(self.lines[self.at : index])
        digest.update(data)
        return Place(self.offset + len(data), self.line + index - self.at - 1, digest_text(digest))

    def size(self, start: int, end: int) -> int:
        """Bytes of some lines in hand."""
        ends = self._line_ends
        return ends[end] - ends[start]

    def over(self, start: int, size: int) -> int:
        """Return the index after the line with which more than `size` bytes from `start` on are reached."""
        ends = self._line_ends
        return bisect_right(ends, ends[start] + size)

    @property
    def _line_ends(self) -> list[int]:
        """Where each line in hand ends; made when it is asked for, since good files never ask."""
        if self._ends is None:
            self._ends = list(accumulate(map(len, self.lines), initial=0))
        return self._ends

    def fill(self, count: int) -> bool:
        """Have `count` unused lines in hand if there are as many; false if nothing at all is left."""
        while len(self.lines) - self.at < count and not self.is_closed:
            block = next(self._blocks, None)
            if block is None:
                self.at_end_of_file = True
            else:
                self._add(block)
        return self.at < len(self.lines) or self.giant_follows

    def use(self, end: int) -> None:
        """Move on to the line at index `end`."""
        used = b"".join(self.lines[self.at : end])
        self._digest.update(used)
        self.offset += len(used)
        self.line += end - self.at
        self.at = end
        if self.tainted:
            self.tainted = {number: reason for number, reason in self.tainted.items() if number >= self.line}

    def use_giant(self) -> GiantLine:
        """Read past the giant line that follows."""
        giant = next(self._blocks).giant
        if giant is None:
            raise AssertionError("a giant line was announced and did not come")
        self.giant_follows = False
        self.offset += giant.length
        self.line += 1
        return giant

    def _add(self, block: Block) -> None:
        self.giant_follows = block.giant_follows
        if not block.lines:
            return
        del self.lines[: self.at], self.texts[: self.at]
        self._ends = None
        self.at = 0
        first = self.line + len(self.lines)
        texts = self.decoder.decode(block.lines, first)
        self.lines += block.lines
        self.texts += texts
        self._look_over(b"".join(block.lines), texts, first)

    def _look_over(self, data: bytes, texts: list[str], first: int) -> None:
        if self.decoder.fixed:
            reason = UNREADABLE_REASON.format(encoding=self.decoder.encoding)
            self.tainted |= {number: reason for number, text in enumerate(texts, first) if text[0] == UNREADABLE}
            data = "".join(texts).encode("utf-8", "replace")
        if b"\0" in data:
            self.tainted |= {number: NUL_REASON for number, text in enumerate(texts, first) if "\0" in text}
        if any(trace in data for byte, traces in _SUSPECT if byte in data for trace in traces):
            self._suspect_until = first + len(texts)

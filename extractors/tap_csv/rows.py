"""Rows with their line numbers and exact byte offsets. A bad row costs its first line, never the rest of the file."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from tap_core.raw import KEPT_REJECT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_csv.buffer import LineBuffer, Place

Row = list[str]
SMALLEST_CAP = 4096
NO_CONTENT = " \t\x1a"
"""What a line may hold and still be blank; 1A ends the files of old DOS programs."""
UNCLOSED = "opens a quote that is not closed"
TOO_LONG = "does not end within {limit:,} bytes (`max_row_bytes`); perhaps a quote is not closed"
UNDOUBLED = "has text after a closing quote: a quote inside a quoted field must be doubled"
WRONG_COUNT = "has {fields}, the header has {columns}"
GIANT = "is a line of {length:,} bytes, more than `max_row_bytes` ({limit:,})"


@dataclass(frozen=True, slots=True)
class Shape:
    """How fields become a row."""

    delimiter: str
    columns: int
    fewest: int
    """Less than `columns` where the header ends in empty names, as in files with trailing delimiters."""
    trailing: bool = False
    """Rows of this file end in delimiters more than the header has; a single such row would be a shifted one."""
    skip_space: bool = False


@dataclass(slots=True)
class BadRow:
    """Lines that are no row, with the reason."""

    line: int
    offset: int
    reason: str
    head: bytes
    length: int
    sha256: str
    is_clean: bool = False
    """Its bytes hold no denied column."""


@dataclass(slots=True)
class RowPage:
    """Some consecutive rows."""

    rows: list[tuple[int, Row]]
    """Line number of the row's first line, and its fields: as many as the header has."""
    bad: list[BadRow]
    lines: list[bytes]
    first_line: int
    offset: int
    suspect: bool = False

    def raw(self, line: int, before: int | None) -> tuple[int, bytes]:
        """Return where a line begins, and the bytes from there to line `before` (None: the end of the page)."""
        start = line - self.first_line
        end = None if before is None else before - self.first_line
        return self.offset + sum(map(len, self.lines[:start])), b"".join(self.lines[start:end])


class RowReader:
    """Reads a file's rows a page at a time."""

    def __init__(self, lines: LineBuffer, shape: Shape, *, page_rows: int, max_row_bytes: int) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), max_row_bytes))
        self.lines = lines
        self.shape = shape
        self.unsettled: Place | None = None
        """Where the last row begins if it may be unfinished: no line end after it, or a quote still open."""
        self._page_rows = page_rows
        self._cap = Cap(max_row_bytes)

    def pages(self) -> Iterator[RowPage]:
        """Yield all rows."""
        while self.lines.fill(1):
            yield self._page() if self.lines.at < len(self.lines.lines) else self._giant_page()

    def _page(self) -> RowPage:
        lines, window = self.lines, self._page_rows
        while True:
            lines.fill(window)
            parser = RowParser(lines, self.shape, self._cap, min(lines.at + window, len(lines.lines)))
            parser.run()
            if parser.at > lines.at:
                break
            window *= 2
        self._note_unsettled(parser)
        used = lines.lines[lines.at : parser.at]
        page = RowPage(parser.rows, parser.bad, used, lines.line, lines.offset, lines.suspect)
        lines.use(parser.at)
        return page

    def _giant_page(self) -> RowPage:
        lines, before = self.lines, self.lines.place
        giant = lines.use_giant()
        if not giant.ended:
            self.unsettled = self.unsettled or before
        reason = GIANT.format(length=giant.length, limit=self._cap.limit)
        bad = BadRow(before.line + 1, before.offset, reason, giant.head, giant.length, giant.sha256)
        return RowPage([], [bad], [], bad.line, bad.offset)

    def _note_unsettled(self, parser: RowParser) -> None:
        if self.unsettled is None:
            ends = [parser.open_at] if parser.open_at is not None else []
            if parser.at == len(self.lines.lines) and self.lines.lacks_line_end:
                ends.append(parser.last_start)
            if ends:
                self.unsettled = self.lines.place_at(min(ends))


@dataclass
class Cap:
    """The most bytes a row of several lines may have.

    Lines that a failed row has covered are read again. The more they are, the less the rows among them may cover, so
    that no file makes this endless.
    """

    limit: int
    _now: int = 0
    _spent: int = 0
    _failed_until: int = 0

    def at(self, line: int) -> int:
        """Return the cap for a row that starts in `line`."""
        if line >= self._failed_until:
            self._now, self._spent = self.limit, 0
        return self._now

    def is_lowered(self, line: int) -> bool:
        """Whether a row that starts in `line` begins among lines that a failed row has covered."""
        return line < self._failed_until

    def failed(self, line: int, end: int, size: int) -> None:
        """Note that a row which starts in `line` failed before line `end`."""
        cap = self.at(line)
        self._failed_until = max(self._failed_until, end)
        self._spent += size
        if self._spent >= cap:
            self._now, self._spent = min(self.limit, max(SMALLEST_CAP, cap // 2)), 0


class RowParser:
    """Reads the lines in hand up to index `stop`; `at` ends as the index of the first line not used."""

    def __init__(self, lines: LineBuffer, shape: Shape, cap: Cap, stop: int) -> None:
        self.rows: list[tuple[int, Row]] = []
        self.bad: list[BadRow] = []
        self.at = self.last_start = lines.at
        self.open_at: int | None = None
        """Index of the first line of a row that failed because the file ends: it may be still being written."""
        self._lines = lines
        self._shape = shape
        self._cap = cap
        self._stop = stop
        self._is_last = stop == len(lines.lines) and lines.is_closed
        self._to_line = lines.line - lines.at
        self._known_at, self._known_offset = lines.at, lines.offset

    def run(self) -> None:
        """Read rows until the lines end, or a row needs more lines than there are."""
        while self.at < self._stop and self._read_rows():
            pass

    def _read_rows(self) -> bool:
        """Read rows until one fails; false if more lines are needed."""
        start = at = self.at
        stop = self._stop_for(start)
        texts = iter(self._lines.texts)
        texts.__setstate__(start)  # type: ignore[attr-defined]  # goes to an index without copying
        shape, tainted, to_line, rows = self._shape, self._lines.tainted, self._to_line, self.rows
        columns = shape.columns
        parser = csv.reader(
            islice(texts, stop - start),
            delimiter=shape.delimiter,
            skipinitialspace=shape.skip_space,
            strict=True,
        )
        try:
            for row in parser:
                end = start + parser.line_num
                if len(row) == columns and end - at == 1 and not tainted:
                    rows.append((at + to_line, row))
                else:
                    self.at = at
                    if not self._take(row, end):
                        return True
                self.last_start, at = at, end
        except csv.Error as error:
            self.at = at
            return self._failed(start + parser.line_num, str(error), stop)
        self.at = at
        return True

    def _stop_for(self, start: int) -> int:
        """Look no farther than one row may reach where lines are read again."""
        line = start + self._to_line
        if not self._cap.is_lowered(line):
            return self._stop
        return min(self._stop, self._lines.over(start, self._cap.at(line)))

    def _take(self, row: Row, end: int) -> bool:
        """Judge a row that is not simply right; false if reading must begin anew after its first line."""
        shape, several_lines = self._shape, end - self.at > 1
        if several_lines and self._is_too_long(end):
            return False
        if reason := self._taint(end):
            self._reject(self.at, end, reason)
            return True
        if not any(field.strip(NO_CONTENT) for field in row):
            return True
        if shape.fewest <= len(row) < shape.columns:
            row += [""] * (shape.columns - len(row))
        elif len(row) > shape.columns and shape.trailing and not any(row[shape.columns :]):
            del row[shape.columns :]
        if len(row) == shape.columns:
            self.rows.append((self.at + self._to_line, row))
            return True
        reason = WRONG_COUNT.format(fields="1 field" if len(row) == 1 else f"{len(row)} fields", columns=shape.columns)
        if several_lines:
            self._reject_first_line(end, f"{reason} (perhaps a quote that opens in this line is not closed)")
            return False
        self._reject(self.at, end, reason)
        return True

    def _failed(self, end: int, error: str, stop: int) -> bool:
        """Deal with what the csv module refuses; false if more lines are needed."""
        if error != "unexpected end of data":
            if end - self.at == 1 or not self._is_too_long(end):
                self._reject_first_line(end, UNDOUBLED)
            return True
        if self._is_too_long(stop) or stop < self._stop:
            return True
        if not self._is_last:
            return False
        if self.open_at is None and self._lines.at_end_of_file:
            self.open_at = self.at
        self._reject_first_line(self._stop, UNCLOSED)
        return True

    def _is_too_long(self, end: int) -> bool:
        """Refuse a row over the cap, in the same way wherever the lines in hand happen to end."""
        cap = self._cap.at(self.at + self._to_line)
        over = self._lines.over(self.at, cap)
        if over > end:
            return False
        self._reject_first_line(over, TOO_LONG.format(limit=cap))
        return True

    def _reject_first_line(self, end: int, reason: str) -> None:
        """Refuse the first line of a row that failed before `end`, and go on with the second."""
        at = self.at
        if self.open_at is None and end == len(self._lines.lines) and self._lines.lacks_line_end:
            self.open_at = at
        if end - at > 1:
            self._cap.failed(at + self._to_line, end + self._to_line, self._lines.size(at, end))
        self._reject(at, at + 1, reason)
        self.last_start, self.at = at, at + 1

    def _taint(self, end: int) -> str | None:
        tainted = self._lines.tainted
        numbers = range(self.at + self._to_line, end + self._to_line) if tainted else ()
        return next((tainted[number] for number in numbers if number in tainted), None)

    def _reject(self, start: int, end: int, reason: str) -> None:
        data = b"".join(self._lines.lines[start:end])
        self._known_offset += self._lines.size(self._known_at, start)
        self._known_at = start
        line, digest = start + self._to_line, hashlib.sha256(data).hexdigest()
        self.bad.append(BadRow(line, self._known_offset, reason, data[:KEPT_REJECT_BYTES], len(data), digest))

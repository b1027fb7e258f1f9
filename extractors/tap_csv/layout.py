"""What a file looks like, found in its first megabyte: encoding, delimiter, where the header is and the rows begin."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_csv.bookmarks import ReadAs
from tap_csv.encodings import find_decoder
from tap_csv.errors import UnreadableError
from tap_csv.foreign import foreign
from tap_csv.headers import unique_names
from tap_csv.lines import WIDE, ends_line, split_lines
from tap_csv.rows import NO_CONTENT, Shape

if TYPE_CHECKING:
    from tap_csv.encodings import TextDecoder
    from tap_csv.options import Options

SAMPLE_BYTES = 1024 * 1024
SAMPLE_ROWS = 200
HEADER_WITHIN_ROWS = 50
SHARE_OF_A_HEADER = 0.5
SHARE_OF_A_SURE_HEADER = 0.9
ROWS_THAT_PROVE_A_HEADER = 5
SHARE_OF_A_TABLE = 0.8
LINES_OF_A_SAMPLE_ROW = 500
DELIMITERS = (",", ";", "\t", "|")
_SEP = re.compile(r'"?sep=([^"\r\n])"?[\s,;]*', re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[a-z]{2,}", re.IGNORECASE)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_VALUE = re.compile(r"[-+$€]?\d[\d.,:/ -]*")


@dataclass
class Layout:
    """How a file is written, and which columns it has."""

    decoder: TextDecoder
    shape: Shape
    header_line: int
    names: list[str]
    """Names of the columns: the headers as they are, made unique."""
    head: bytes
    """All bytes before the first data row."""
    first_line: int
    """Line number of the first data row."""
    share: float
    """Of the sampled rows that have as many fields as the header."""
    sample: list[list[str]]
    """The first rows."""
    problems: list[str] = field(default_factory=list)

    @property
    def read_as(self) -> ReadAs:
        """What to remember for the time when the file has grown."""
        shape = self.shape
        return ReadAs(self.encoding, shape.delimiter, self.header_line, shape.trailing, shape.skip_space)

    @property
    def is_table(self) -> bool:
        """Whether this is more than lines of text."""
        return self.shape.columns > 1 and self.share >= SHARE_OF_A_TABLE

    @property
    def encoding(self) -> str:
        """Name of the encoding."""
        return self.decoder.encoding


@dataclass(slots=True)
class _SampleRow:
    start: int
    end: int
    fields: list[str]

    @property
    def width(self) -> int:
        return len(self.fields)

    @property
    def filled(self) -> int:
        return sum(bool(field.strip()) for field in self.fields)

    @property
    def named(self) -> int:
        """The width without empty fields at the end."""
        return max((number for number, value in enumerate(self.fields, 1) if value.strip()), default=self.width)

    @property
    def looks_like_data(self) -> bool:
        values = [value.strip() for value in self.fields if value.strip()]
        return any(map(_EMAIL.fullmatch, values)) or sum(map(bool, map(_VALUE.fullmatch, values))) * 2 >= len(values)

    def fits(self, header: _SampleRow) -> bool:
        """Whether this row could stand under that header."""
        return self.width >= header.named and not any(self.fields[header.width :])


@dataclass(slots=True)
class _Guess:
    delimiter: str
    skip_space: bool
    header: int
    """Index of the header among the sample rows."""
    rows: list[_SampleRow]
    share: float
    """Of the sample rows that fit the header."""
    trailing: bool
    """Most rows end in delimiters more than the header has."""

    @property
    def rank(self) -> tuple[float, int, int, bool]:
        """Fewer odd rows, then an earlier header, then more columns; the plain way of reading if all is equal."""
        return (round(self.share, 1), -self.header, self.rows[self.header].width, not self.skip_space)


def find_layout(sample: bytes, options: Options, *, complete: bool, before: ReadAs | None = None) -> Layout | None:
    """Return how to read the file that begins with `sample` (or is it, if `complete`); None if there is no text in it.

    Raises:
        UnreadableError: it is no CSV.
    """
    decoder = find_decoder(sample, options.encoding, before.encoding if before else None)
    if what := foreign(sample, wide=decoder.encoding in WIDE):
        raise UnreadableError(what)
    body = sample[len(decoder.mark) :]
    lines = split_lines(body, decoder.encoding)
    if not complete and len(lines) > 1 and not ends_line(lines[-1], decoder.encoding):
        lines.pop()
    texts = decoder.decode(lines, 1)
    decoder.odd_lines = decoder.first_odd_line = 0
    if not any(text.strip(NO_CONTENT + "\r\n") for text in texts):
        if complete:
            return None
        raise UnreadableError("There is no header in the first megabyte of the file. Remove what stands before it.")
    guess = _as_before(texts, before) if before else _best_guess(texts, options.delimiter)
    header = guess.rows[guess.header]
    if not complete and header.end == len(lines):
        raise UnreadableError("The header does not end within the first megabyte of the file. Is this a CSV?")
    if any(_NO_TEXT.search(name) for name in header.fields):
        raise UnreadableError(
            f"The header (line {header.start + 1}) is no text in {decoder.encoding}. Set `encoding` to what the file "
            "is written in, or export it again."
        )
    head = decoder.mark + b"".join(lines[: header.end])
    return Layout(
        decoder=decoder,
        shape=_shape(guess),
        header_line=header.start + 1,
        names=unique_names(header.fields),
        head=head,
        first_line=header.end + 1,
        share=guess.share,
        sample=[row.fields for row in guess.rows[guess.header + 1 :] if row.width == header.width],
        problems=_problems(guess),
    )


def _shape(guess: _Guess) -> Shape:
    header = guess.rows[guess.header]
    return Shape(guess.delimiter, header.width, header.named, guess.trailing, guess.skip_space)


def _as_before(texts: list[str], before: ReadAs) -> _Guess:
    skip = before.header_line - 1
    rows = _sample_rows(texts, skip, before.delimiter, skip_space=before.skip_space)
    return _Guess(before.delimiter, before.skip_space, 0, rows, share=1.0, trailing=before.trailing)


def _best_guess(texts: list[str], delimiter: str | None) -> _Guess:
    skip = 0
    if found := _SEP.fullmatch(texts[0]):
        skip, delimiter = 1, delimiter or found[1]
    ways = [(way, False) for way in (delimiter or DELIMITERS)]
    if any(re.search(r'[,;\t|] +"', text) for text in texts[:SAMPLE_ROWS]):
        ways += [(way, True) for way, _ in ways]
    guesses = [_guess(texts, skip, way, skip_space=skip_space) for way, skip_space in ways]
    tables = [guess for guess in guesses if guess.rows[guess.header].width > 1]
    if tables:
        return max(tables, key=lambda guess: guess.rank)
    unused = [way for way in DELIMITERS if not any(way in text for text in texts)]
    return _guess(texts, skip, delimiter or (unused or DELIMITERS)[0], skip_space=False)


def _guess(texts: list[str], skip: int, delimiter: str, *, skip_space: bool) -> _Guess:
    rows = _sample_rows(texts, skip, delimiter, skip_space=skip_space)
    unfinished = len(rows) > 1 and rows[-1].end == len(texts) and not texts[-1].endswith(("\n", "\r"))
    whole = rows[:-1] if unfinished else rows
    header = _find_header(whole)
    fitting = [row for row in whole if row.fits(rows[header])]
    longer = sum(row.width > rows[header].width for row in fitting)
    trailing = longer > 0 and longer * 2 >= len(fitting) - 1
    return _Guess(delimiter, skip_space, header, rows, len(fitting) / len(whole), trailing)


def _find_header(rows: list[_SampleRow]) -> int:
    """Return the index of the header: the first row that names most columns and has no wider rows below it.

    Where most rows below do not fit it, another row that nearly all rows below fit is the header.
    """
    candidates = range(min(len(rows), HEADER_WITHIN_ROWS))
    header = _first_header(rows, candidates)
    if header is None:
        return next((number for number in candidates if rows[number].width > 1), 0)
    if _share_that_fits(rows, header) >= SHARE_OF_A_HEADER:
        return header
    others = [number for number in candidates if number > header and rows[number].filled == rows[number].width > 1]
    proved = [number for number in others if len(rows) - number > ROWS_THAT_PROVE_A_HEADER]
    return next((number for number in proved if _share_that_fits(rows, number) >= SHARE_OF_A_SURE_HEADER), header)


def _first_header(rows: list[_SampleRow], candidates: range) -> int | None:
    first = None
    for number in candidates:
        row, below = rows[number], rows[number + 1 :]
        if sum(any(other.fields[row.width :]) for other in below) * 2 > len(below):
            continue
        if row.filled == row.width or _names_enough(row, below):
            return first if first is not None and row.looks_like_data else number
        first = number if first is None else first
    return first


def _share_that_fits(rows: list[_SampleRow], header: int) -> float:
    below = rows[header + 1 :]
    return sum(row.fits(rows[header]) for row in below) / len(below) if below else 1.0


def _names_enough(row: _SampleRow, below: list[_SampleRow]) -> bool:
    """Tell a header with empty names from a title that a spreadsheet has filled up with delimiters."""
    if row.looks_like_data or row.filled * 2 < row.width:
        return False
    return row.filled * 2 > row.width or (bool(below) and below[0].looks_like_data)


def _sample_rows(texts: list[str], skip: int, delimiter: str, *, skip_space: bool) -> list[_SampleRow]:
    """Return the first rows that are not blank; a row with a quoting error counts with its first line."""
    rows: list[_SampleRow] = []
    at = skip
    while at < len(texts) and len(rows) < SAMPLE_ROWS:
        lines = texts[at : at + LINES_OF_A_SAMPLE_ROW]
        parser = csv.reader(lines, delimiter=delimiter, skipinitialspace=skip_space, strict=True)
        try:
            fields = next(parser)
        except csv.Error:
            fields, end = texts[at].rstrip("\r\n").split(delimiter), at + 1
        else:
            end = at + parser.line_num
        if any(field.strip(NO_CONTENT) for field in fields):
            rows.append(_SampleRow(at, end, fields))
        at = end
    return rows or [_SampleRow(skip, skip + 1, [""])]


def _problems(guess: _Guess) -> list[str]:
    header = guess.rows[guess.header]
    if not header.looks_like_data:
        return []
    return [f"The header (line {header.start + 1}) looks like data: if the file has none, put one above the first row."]

"""What the first megabyte of a file shows, before anything is loaded: read here, shown by the command and the panel."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tap_core.phones import PhoneReader

from tap_csv.columns import find_columns
from tap_csv.errors import UnreadableError
from tap_csv.keys import LostDigitsError, key_of
from tap_csv.layout import SAMPLE_BYTES, find_layout
from tap_csv.options import DELIMITER_NAMES
from tap_csv.reading import Limits, row_reader, take_sample
from tap_csv.records import phones_reader
from tap_csv.report import Report

if TYPE_CHECKING:
    from tap_csv.columns import Columns
    from tap_csv.layout import Layout
    from tap_csv.rows import BadRow, Row
    from tap_csv.sources import Source

SAMPLES = 3
SAMPLE_WIDTH = 28
SHOWN_ROWS = 3
SHOWN_BAD = 5
MASK = "(denied)"
DELIMITER_NAME = {character: name for name, character in DELIMITER_NAMES.items() if name.isalpha()}


class InspectedColumn(NamedTuple):
    """One column: its header, the field that it means, how its values are written, and some of them."""

    name: str
    field: str
    form: str
    values: list[str]


@dataclass
class Inspection:
    """How a file would be read."""

    report: Report
    layout: Layout
    columns: Columns
    default_region: str | None = None
    rows: list[tuple[int, Row]] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    whole: bool = True
    """Whether all of the file was read for it."""

    @property
    def source(self) -> Source:
        """The file."""
        return self.report.source

    @property
    def delimiter(self) -> str:
        """What separates the fields, in a word."""
        return DELIMITER_NAME.get(self.layout.shape.delimiter, self.layout.shape.delimiter)

    @property
    def total(self) -> int:
        """Rows that were looked at."""
        return len(self.rows) + len(self.bad)

    @property
    def to_reject(self) -> int:
        """Of them those that would be rejected."""
        return len(self.bad) + self._lost_ids

    def inspected_columns(self) -> list[InspectedColumn]:
        """What each column means, with samples of its values."""
        formats = self.report.formats()
        found = []
        for index, name in enumerate(self.layout.names):
            values = dict.fromkeys(row[index] for _, row in self.rows if row[index].strip())
            shown = [self.shown(index, value) for value in list(values)[:SAMPLES]]
            form = ", ".join(str(part) for part in formats.get(name, {}).values() if part)
            found.append(InspectedColumn(name, self.columns.mapping.get(name, ""), form, list(dict.fromkeys(shown))))
        return found

    def shown(self, index: int, value: str) -> str:
        """A value as it may be shown: short, in one line, masked if its column is denied."""
        if index in self.columns.denied:
            return MASK
        line = " ".join(value.split())
        return line if len(line) <= SAMPLE_WIDTH else f"{line[: SAMPLE_WIDTH - 1]}\u2026"

    def problems(self) -> list[str]:
        """All that a person should know before the file is loaded."""
        problems = self.report.problems() + self._phone_problems()
        problems += [f"Line {bad.line} {bad.reason}." for bad in self.bad[:SHOWN_BAD]]
        if len(self.bad) > SHOWN_BAD:
            problems.append(f"So have {len(self.bad) - SHOWN_BAD} lines more.")
        if lost := self._lost_ids:
            rows = "1 row has an id" if lost == 1 else f"{lost} rows have ids"
            problems.append(f"{rows} in E-notation (1.23457E+15).")
        return problems

    def _phone_problems(self) -> list[str]:
        phones_of = phones_reader(self.columns, PhoneReader(self.default_region))
        if phones_of is None:
            return []
        found = [numbers for _, row in self.rows if (numbers := phones_of(row)) is not None]
        bad = sum(not numbers for numbers in found)
        advice = "Set `default_region` (for instance MX) if they are national numbers."
        return [f"{bad} of {len(found)} phone cells hold no valid number. {advice}"] if bad else []

    @property
    def _lost_ids(self) -> int:
        key_of_row, lost = key_of(self.columns), 0
        for _, row in self.rows:
            try:
                key_of_row(row)
            except LostDigitsError:
                lost += 1
        return lost


def inspect(source: Source, default_region: str | None) -> Inspection:
    """Look at the first megabyte.

    Raises:
        UnreadableError: the file is no CSV, or an empty one.
        OSError: it cannot be read.
    """
    if source.refusal is not None:
        raise source.refusal
    with source.open() as stream:
        data = take_sample(stream)
    whole = len(data) < SAMPLE_BYTES
    layout = find_layout(data, source.options, complete=whole)
    if layout is None:
        raise UnreadableError("The file is empty.")
    columns = find_columns(layout, source.options)
    report = Report(source)
    report.describe(layout, columns)
    found = Inspection(report, layout, columns, default_region, whole=whole)
    _read(found, data)
    return found


def _read(found: Inspection, data: bytes) -> None:
    layout = found.layout
    rest = io.BytesIO(data[len(layout.head) :])
    reader = row_reader(layout, layout.decoder, rest, size=len(data) - len(layout.head), limits=Limits())
    for page in reader.pages():
        found.report.look(page)
        found.rows += page.rows
        found.bad += page.bad
    if not found.whole and reader.unsettled is not None:
        last = reader.unsettled.line
        found.rows = [(line, row) for line, row in found.rows if line <= last]
        found.bad = [bad for bad in found.bad if bad.line <= last]

"""Shows, before anything is loaded, how a file would be read: `tap-csv --inspect FILE`."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tap_core.phones import PhoneReader

from tap_csv.columns import find_columns
from tap_csv.errors import UnreadableError
from tap_csv.fields import FIELDS
from tap_csv.keys import LostDigitsError, key_of
from tap_csv.layout import SAMPLE_BYTES, find_layout
from tap_csv.options import DELIMITER_NAMES
from tap_csv.reading import Limits, row_reader, take_sample
from tap_csv.records import phones_reader
from tap_csv.report import Report
from tap_csv.sources import reason_of

if TYPE_CHECKING:
    from tap_csv.columns import Columns
    from tap_csv.layout import Layout
    from tap_csv.rows import BadRow, Row
    from tap_csv.sources import Source

SAMPLES = 3
SAMPLE_WIDTH = 28
SHOWN_ROWS = 3
SHOWN_BAD = 5
WIDTH_IN_A_PIPE = 140
MASK = "(denied)"
DELIMITER_NAME = {character: name for name, character in DELIMITER_NAMES.items() if name.isalpha()}
CHANGE = """
To change what a column means, say it in `files` of tap-csv (meltano.yml), before the first load:
    files:
      - path: {path}
        kind: {kind}
        mapping: {mapping}
or at any time, without a new import:
    stage-first csv map {kind} "{header}" {field}
A field of null means that the column is not used. Whatever the mapping says, every column is kept in `record`.
Fields: {fields}; or a kind of identifier that identity_rules.csv lists.
"""


@dataclass
class Sample:
    """What the first megabyte of a file shows."""

    report: Report
    layout: Layout
    columns: Columns
    rows: list[tuple[int, Row]] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    whole: bool = True


def inspect_sources(sources: list[Source], default_region: str | None) -> bool:
    """Print what each file would become; false if one of them cannot be read."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_PIPE, highlight=False, soft_wrap=True)
    good = True
    for source in sources:
        try:
            _print(console, _sample(source), PhoneReader(default_region))
        except (UnreadableError, OSError) as error:
            good = False
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            console.print(f"[bold]{escape(source.path)}[/bold]: {escape(reason)}")
    return good


def _sample(source: Source) -> Sample:
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
    sample = Sample(report, layout, columns, whole=whole)
    rest = io.BytesIO(data[len(layout.head) :])
    reader = row_reader(layout, layout.decoder, rest, size=len(data) - len(layout.head), limits=Limits())
    for page in reader.pages():
        report.look(page)
        sample.rows += page.rows
        sample.bad += page.bad
    if not whole and reader.unsettled is not None:
        last = reader.unsettled.line
        sample.rows = [(line, row) for line, row in sample.rows if line <= last]
        sample.bad = [bad for bad in sample.bad if bad.line <= last]
    return sample


def _print(console: Console, sample: Sample, phones: PhoneReader) -> None:
    source, layout, columns = sample.report.source, sample.layout, sample.columns
    delimiter = DELIMITER_NAME.get(layout.shape.delimiter, layout.shape.delimiter)
    console.print(f"\n[bold]{escape(source.path)}[/bold], {source.size:,} bytes")
    console.print(f"Kind:     [bold]{columns.kind.name}[/bold], by {escape(columns.recognised.why)}")
    console.print(f"Own id:   {escape(columns.own_id_rule)}")
    console.print(
        f"Written:  {layout.encoding}, {delimiter}; header in line {layout.header_line}, {len(layout.names)} columns"
    )
    console.print(_columns_table(sample))
    for line, row in sample.rows[:SHOWN_ROWS]:
        cells = (f"{name}={_shown(sample, index, row[index])}" for index, name in enumerate(layout.names) if row[index])
        console.print(f"Line {line}: {escape(', '.join(cells))}")
    _print_problems(console, sample, phones)
    _print_change(console, sample)


def _columns_table(sample: Sample) -> Table:
    table = Table("Column", "Field", "Format", "Values")
    formats = sample.report.formats()
    for index, name in enumerate(sample.layout.names):
        values = dict.fromkeys(row[index] for _, row in sample.rows if row[index].strip())
        shown = [_shown(sample, index, value) for value in list(values)[:SAMPLES]]
        form = ", ".join(str(part) for part in formats.get(name, {}).values() if part)
        shown = list(dict.fromkeys(shown))
        table.add_row(escape(name), sample.columns.mapping.get(name, ""), form, escape(" | ".join(shown)))
    return table


def _shown(sample: Sample, index: int, value: str) -> str:
    if index in sample.columns.denied:
        return MASK
    line = " ".join(value.split())
    return line if len(line) <= SAMPLE_WIDTH else f"{line[: SAMPLE_WIDTH - 1]}\u2026"


def _print_problems(console: Console, sample: Sample, phones: PhoneReader) -> None:
    seen = "the whole file" if sample.whole else "the first megabyte"
    lost = _count_lost_ids(sample)
    problems = sample.report.problems() + _phone_problems(sample, phones)
    problems += [f"Line {bad.line} {bad.reason}." for bad in sample.bad[:SHOWN_BAD]]
    if len(sample.bad) > SHOWN_BAD:
        problems.append(f"So have {len(sample.bad) - SHOWN_BAD} lines more.")
    if lost:
        rows = "1 row has an id" if lost == 1 else f"{lost} rows have ids"
        problems.append(f"{rows} in E-notation (1.23457E+15).")
    total = len(sample.rows) + len(sample.bad)
    console.print(f"\nIn {seen}: {total:,} rows, {len(sample.bad) + lost:,} to reject.")
    for problem in problems:
        console.print(f"[yellow]![/yellow] {escape(problem)}")


def _phone_problems(sample: Sample, phones: PhoneReader) -> list[str]:
    phones_of = phones_reader(sample.columns, phones)
    if phones_of is None:
        return []
    found = [numbers for _, row in sample.rows if (numbers := phones_of(row)) is not None]
    bad = sum(not numbers for numbers in found)
    advice = "Set `default_region` (for instance MX) if they are national numbers."
    return [f"{bad} of {len(found)} phone cells hold no valid number. {advice}"] if bad else []


def _count_lost_ids(sample: Sample) -> int:
    key_of_row, lost = key_of(sample.columns), 0
    for _, row in sample.rows:
        try:
            key_of_row(row)
        except LostDigitsError:
            lost += 1
    return lost


def _print_change(console: Console, sample: Sample) -> None:
    names, mapping = sample.layout.names, sample.columns.mapping
    header = next((name for name in names if name not in mapping), names[0])
    text = CHANGE.format(
        path=sample.report.source.path,
        kind=sample.columns.kind.name,
        mapping=json.dumps({header: "note"}, ensure_ascii=False),
        header=header,
        field="note",
        fields=", ".join(sorted(FIELDS)),
    )
    console.print(escape(text))

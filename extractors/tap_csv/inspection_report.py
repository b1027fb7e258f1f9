"""`tap-csv --inspect FILE`: what an inspection has found, printed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tap_csv.errors import UnreadableError
from tap_csv.fields import FIELDS
from tap_csv.inspection import SHOWN_ROWS, inspect
from tap_csv.sources import reason_of

if TYPE_CHECKING:
    from tap_csv.inspection import Inspection
    from tap_csv.sources import Source

WIDTH_IN_A_PIPE = 140
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


def inspect_sources(sources: list[Source], default_region: str | None) -> bool:
    """Print what each file would become; false if one of them cannot be read."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_PIPE, highlight=False, soft_wrap=True)
    good = True
    for source in sources:
        try:
            _print(console, inspect(source, default_region))
        except (UnreadableError, OSError) as error:
            good = False
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            console.print(f"[bold]{escape(source.path)}[/bold]: {escape(reason)}")
    return good


def _print(console: Console, found: Inspection) -> None:
    source, layout, columns = found.source, found.layout, found.columns
    console.print(f"\n[bold]{escape(source.path)}[/bold], {source.size:,} bytes")
    console.print(f"Kind:     [bold]{columns.kind.name}[/bold], by {escape(columns.recognised.why)}")
    console.print(f"Own id:   {escape(columns.own_id_rule)}")
    console.print(
        f"Written:  {layout.encoding}, {found.delimiter}; header in line {layout.header_line}, "
        f"{len(layout.names)} columns"
    )
    console.print(_columns_table(found))
    for line, row in found.rows[:SHOWN_ROWS]:
        cells = (f"{name}={found.shown(index, row[index])}" for index, name in enumerate(layout.names) if row[index])
        console.print(f"Line {line}: {escape(', '.join(cells))}")
    _print_problems(console, found)
    _print_change(console, found)


def _columns_table(found: Inspection) -> Table:
    table = Table("Column", "Field", "Format", "Values")
    for column in found.inspected_columns():
        table.add_row(escape(column.name), column.field, column.form, escape(" | ".join(column.values)))
    return table


def _print_problems(console: Console, found: Inspection) -> None:
    seen = "the whole file" if found.whole else "the first megabyte"
    console.print(f"\nIn {seen}: {found.total:,} rows, {found.to_reject:,} to reject.")
    for problem in found.problems():
        console.print(f"[yellow]![/yellow] {escape(problem)}")


def _print_change(console: Console, found: Inspection) -> None:
    names, mapping = found.layout.names, found.columns.mapping
    header = next((name for name in names if name not in mapping), names[0])
    text = CHANGE.format(
        path=found.source.path,
        kind=found.columns.kind.name,
        mapping=json.dumps({header: "note"}, ensure_ascii=False),
        header=header,
        field="note",
        fields=", ".join(sorted(FIELDS)),
    )
    console.print(escape(text))

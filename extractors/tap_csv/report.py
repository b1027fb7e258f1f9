"""What is said about one version of a file: its row of the stream `files`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_core.raw import RawRecord, RecordMessage

from tap_csv.damage import Damage
from tap_csv.formats import evidence_of, format_problems, formats_of
from tap_csv.records import FILES

if TYPE_CHECKING:
    from tap_csv.columns import Columns
    from tap_csv.formats import Evidence
    from tap_csv.layout import Layout
    from tap_csv.rows import RowPage
    from tap_csv.sources import Source


@dataclass
class Counts:
    """What was found in the whole file, the part read by earlier runs included."""

    accepted: int = 0
    rejected: int = 0
    repeated: int = 0

    @property
    def rows(self) -> int:
        """All rows."""
        return self.accepted + self.rejected


@dataclass
class Report:
    """Grows while the file is read."""

    source: Source
    counts: Counts = field(default_factory=Counts)
    file_id: str = ""
    complete: bool = False
    layout: Layout | None = None
    columns: Columns | None = None
    evidence: list[Evidence] = field(default_factory=list)
    damage: Damage | None = None
    notes: list[str] = field(default_factory=list)

    def add(self, problem: str) -> None:
        """Note something that concerns the file as a whole."""
        self.notes.append(problem)

    def describe(self, layout: Layout, columns: Columns) -> None:
        """Take what the start of the file shows."""
        self.layout, self.columns = layout, columns
        self.evidence, self.damage = evidence_of(columns, self.source.options), Damage(columns)

    def look(self, page: RowPage) -> None:
        """Take in what a page's values say about formats and damage."""
        for column in self.evidence:
            column.look(page.rows)
        if page.suspect and self.damage is not None:
            self.damage.look(page.rows)

    def problems(self) -> list[str]:
        """Return all that is to be said, most general first."""
        problems = list(self.notes)
        if self.layout is not None and self.columns is not None:
            problems += self.layout.problems + self.columns.problems + self._encoding_problems(self.layout)
        if self.damage is not None:
            problems += self.damage.problems()
        return problems + format_problems(self.evidence)

    def formats(self) -> dict[str, dict[str, Any]]:
        """Return how amounts and dates are written, per header."""
        return formats_of(self.evidence, self.columns, self.source.options) if self.columns else {}

    @staticmethod
    def _encoding_problems(layout: Layout) -> list[str]:
        decoder = layout.decoder
        if not decoder.odd_lines:
            return []
        lines = "1 line is" if decoder.odd_lines == 1 else f"{decoder.odd_lines} lines are"
        read_as = "Windows-1252" if decoder.encoding.startswith("utf-8") else "UTF-8"
        return [f"{lines} not {decoder.encoding} (first: line {decoder.first_odd_line}) and read as {read_as}."]

    def record(self) -> dict[str, Any]:
        """Return the content of the row."""
        layout, columns = self.layout, self.columns
        return {
            "path": self.source.path,
            "bytes": self.source.size,
            "kind": columns.kind.name if columns else None,
            "kind_detected_by": columns.recognised.why if columns else None,
            "own_id": columns.own_id_rule if columns else None,
            "encoding": layout.encoding if layout else None,
            "delimiter": layout.shape.delimiter if layout else None,
            "header_line": layout.header_line if layout else None,
            "headers": layout.names if layout else [],
            "mapping": columns.mapping if columns else {},
            "formats": self.formats(),
            "full_export": self.source.options.full_export,
            "problems": self.problems(),
            "rows": self.counts.rows,
            "rejected": self.counts.rejected,
            "repeated": self.counts.repeated,
            "complete": self.complete,
        }

    def message(self) -> RecordMessage:
        """Return the row as it stands now."""
        return RecordMessage(FILES, RawRecord(self.source.options.account, self.file_id, self.record()))

    def summary(self) -> str:
        """Return one line for the log."""
        parts = [f"{self.counts.rows:,} rows"]
        parts += [f"{self.counts.rejected:,} rejected"] if self.counts.rejected else []
        parts += [f"{self.counts.repeated:,} repeated"] if self.counts.repeated else []
        kind = f" ({self.columns.kind.name})" if self.columns else ""
        return " ".join([f"{', '.join(parts)}{kind}.", *self.problems()])

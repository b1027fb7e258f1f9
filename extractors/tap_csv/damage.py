"""What spreadsheets and wrong encodings leave behind in cells: counted, said, and never repaired by guessing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_csv.keys import is_e_notation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_csv.columns import Columns
    from tap_csv.rows import Row

ERROR_CELLS = frozenset(
    {
        "#N/A",
        "#N/D",
        "#REF!",
        "#\u00a1REF!",
        "#VALUE!",
        "#\u00a1VALOR!",
        "#VALOR!",
        "#DIV/0!",
        "#\u00a1DIV/0!",
        "#NAME?",
    }
)
TRANSLATED = frozenset({"VERDADERO", "FALSO", "VERDADEIRO"})
_MOJIBAKE = re.compile("\u00c3[\u0080-\u00bf\u2018-\u203a\u0152-\u0178\u0192\u02c6\u02dc\u20ac\u2122]|\u00e2\u20ac")
SENTENCES = {
    "e_notation": "{cells} in column {column} lost digits in a spreadsheet (5.25512E+11), first in line {line}: "
    "export the file again and load it without opening it in Excel.",
    "error": "{cells} in column {column} hold a spreadsheet's error (#N/D), first in line {line}.",
    "translated": "{cells} in column {column} hold a word that Excel translated (VERDADERO), first in line {line}.",
    "mojibake": "{cells} in column {column} hold letters broken by a wrong encoding (\u00c3\u00a9 for \u00e9), first "
    "in line {line}: export the file again as UTF-8.",
}


@dataclass
class _Finding:
    line: int
    cells: int = 0


@dataclass
class Damage:
    """What was found in one file."""

    columns: Columns
    found: dict[tuple[str, int], _Finding] = field(default_factory=dict)

    def look(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Look at each cell; worth its time only for rows of a suspect page."""
        own_id = [index for index, _ in self.columns.own_id]
        numbers = {index for index in self.columns.identifiers + self.columns.of("phone") if index not in own_id}
        for line, row in rows:
            if not _may_hold_damage("\n".join(row)):
                continue
            for index, value in enumerate(row):
                if what := _damage(value, is_number=index in numbers):
                    self.found.setdefault((what, index), _Finding(line)).cells += 1

    def problems(self) -> list[str]:
        """Say it, one sentence per column and sort of damage."""
        return [
            SENTENCES[what].format(
                cells="1 cell" if finding.cells == 1 else f"{finding.cells} cells",
                column=self.columns.names[index],
                line=finding.line,
            )
            for (what, index), finding in self.found.items()
        ]


def _may_hold_damage(text: str) -> bool:
    """Whether a row holds a trace of any damage; written out, since it is asked of every row of a suspect page."""
    return (
        "E+" in text
        or "e+" in text
        or "#" in text
        or "\u00c3" in text
        or "\u00e2\u20ac" in text
        or "FALSO" in text
        or "VERDAD" in text
    )


def _damage(value: str, *, is_number: bool) -> str | None:
    if value in ERROR_CELLS:
        return "error"
    if value in TRANSLATED:
        return "translated"
    if is_number and is_e_notation(value):
        return "e_notation"
    return "mojibake" if not value.isascii() and _MOJIBAKE.search(value) else None

"""What an export is (columns, each a function of a line) and how it becomes a file of any length."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sandbox.people import Person, World

Line = TypeVar("Line")


def blank(_line: object) -> str:
    """Fill a column that these people never fill."""
    return ""


def same(text: str) -> Callable[[object], str]:
    """Fill a column with one text in all rows."""
    return lambda _line: text


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the file is written."""

    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\n"
    quote_all: bool = False

    def open(self, path: Path) -> TextIO:
        """Open for writing; letters that the encoding lacks become `?`, as Excel does."""
        return path.open("w", encoding=self.encoding, errors="replace", newline="")

    def writer(self, file: TextIO) -> Any:
        """Make a CSV writer."""
        return csv.writer(
            file,
            delimiter=self.delimiter,
            lineterminator=self.line_end,
            quoting=csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL,
        )


@dataclass(frozen=True, slots=True)
class Export(Generic[Line]):
    """One kind of file: whose lines it holds, and header by header what stands in them."""

    name: str
    kind: str
    """What tap-csv calls this kind of file; begins the key of each row."""
    source: str
    """Where in the world its people come from."""
    lines: Callable[[World, Person], Iterator[Line]]
    columns: tuple[tuple[str, Callable[[Line], str]], ...]
    own_id: Callable[[Line], str]
    dialect: Dialect = Dialect()
    phone_columns: tuple[str, ...] = ()
    identifies: Callable[[Line], bool] = lambda _line: True
    """Whether a line says who somebody is: a bank withdrawal or an outgoing payment does not."""

    def without_phones(self) -> Export[Line]:
        """Leave out the columns that hold a phone."""
        columns = tuple(column for column in self.columns if column[0] not in self.phone_columns)
        return replace(self, columns=columns)

    @property
    def headers(self) -> list[str]:
        """The first line of the file."""
        return [header for header, _ in self.columns]

    def rows(self, world: World, indexes: Iterable[int]) -> Iterator[tuple[Person, Line, list[str]]]:
        """Yield, person by person, each line and what the file holds for it."""
        values = [value for _, value in self.columns]
        for person in world.seen_in(self.source, indexes):
            for line in self.lines(world, person):
                yield person, line, [value(line) for value in values]

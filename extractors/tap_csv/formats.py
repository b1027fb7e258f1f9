"""How amounts and dates are written, decided for each column over the whole file and never for a single cell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_csv.headers import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_csv.columns import Columns
    from tap_csv.options import Options
    from tap_csv.rows import Row

REMEMBERED = 10_000
"""How many shapes of a column are remembered as judged already."""
_SHAPES = bytes.maketrans(b"123456789", b"9" * 9)
_NUMBER = re.compile(r"[-+(]?[^\d.,]{0,4}?[-+(]?\s?(\d[\d.,' \u00a0\u202f]*|[.,]\d+)\)?-?\s?[^\d.,]{0,4}")
_GROUPS = re.compile(r"[' \u00a0\u202f]")
_ISO = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)")
_TWO_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})(?!\d)")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})[-/.](\d{1,2})(?!\d)")
DAY_AND_MONTH = 5
"""How many characters hold day and month, whichever comes first."""
HIGHEST_MONTH = 12


def amount_evidence(text: str) -> str | None:
    """Say what one amount proves: `point`, `comma`, `ambiguous`, or nothing."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    number = _GROUPS.sub("", found[1])
    points, commas = number.count("."), number.count(",")
    if points and commas:
        last, other = (".", ",") if number.rfind(".") > number.rfind(",") else (",", ".")
        whole = number.rpartition(last)[0]
        return _mark(last) if number.count(last) == 1 and _is_grouped(whole, other) else None
    if not points and not commas:
        return None
    mark = "." if points else ","
    if points + commas > 1:
        return _mark("," if mark == "." else ".") if _is_grouped(number, mark) else None
    whole, _, rest = number.partition(mark)
    could_be_group = len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return "ambiguous" if could_be_group else _mark(mark)


def _mark(decimal: str) -> str:
    return "point" if decimal == "." else "comma"


def _is_grouped(whole: str, mark: str) -> bool:
    return re.fullmatch(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{2,3}})*", whole) is not None


def date_evidence(text: str) -> str | None:
    """Say what one date proves: `iso`, `dmy`, `mdy`, `ambiguous`, `other` (not understood), or nothing."""
    if not text.strip():
        return None
    if _ISO.match(text.strip()):
        return "iso"
    found = _TWO_FIRST.match(text.strip())
    return "other" if found is None else _order(int(found[1]), int(found[2]))


def _order(first: int, second: int) -> str | None:
    if first > HIGHEST_MONTH:
        return "other" if second > HIGHEST_MONTH else "dmy"
    if second > HIGHEST_MONTH:
        return "mdy"
    return None if first == second else "ambiguous"


@dataclass
class Evidence:
    """What the values of one column have proved so far."""

    index: int
    name: str
    is_date: bool
    said: str | None = None
    """What the user or the vendor says."""
    seen: set[str] = field(default_factory=set)
    _judged: set[bytes] = field(default_factory=set)

    def look(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Take in the values of some rows; only shapes (`99.99`) not met before are judged."""
        index = self.index
        values = [row[index] for _, row in rows]
        shapes = set("\n".join(values).encode().translate(_SHAPES).split(b"\n")) - self._judged
        if not shapes:
            return
        if not self.is_date:
            self._remember(shapes)
            self.seen.update(filter(None, (amount_evidence(shape.decode()) for shape in shapes)))
        else:
            self._look_at_dates(values, shapes)

    def _look_at_dates(self, values: list[str], shapes: set[bytes]) -> None:
        """Judge dates; where day and month could be either, each date counts and not only its shape."""
        orders = {shape for shape in shapes if _TWO_FIRST.match(shape.decode().strip())}
        self._remember(shapes - orders)
        self.seen.update(filter(None, (date_evidence(shape.decode()) for shape in shapes - orders)))
        if orders:
            starts = {value.strip()[:DAY_AND_MONTH] for value in values}
            days = filter(None, map(_DAY_AND_MONTH.match, starts))
            self.seen.update(filter(None, (_order(int(day[1]), int(day[2])) for day in days)))

    def _remember(self, judged: set[bytes]) -> None:
        if len(self._judged) > REMEMBERED:
            self._judged.clear()
        self._judged |= judged

    @property
    def verdict(self) -> str:
        """The format of the column."""
        proved = self.seen - {"ambiguous", "other"}
        if len(proved) > 1:
            return "mixed"
        if self.said:
            return self.said if proved <= {self.said} else "mixed"
        if proved:
            return proved.pop()
        if "ambiguous" in self.seen:
            return "ambiguous"
        return "other" if "other" in self.seen else "iso" if self.is_date else "point"


def evidence_of(columns: Columns, options: Options) -> list[Evidence]:
    """Return an empty record of evidence for each column of amounts or dates."""
    found = []
    for index in columns.amounts + columns.dates:
        name, is_date = columns.names[index], index in columns.dates
        said = options.formats.get(normalise(name)) or (None if is_date else columns.kind.amounts)
        found.append(Evidence(index, name, is_date, said))
    return found


def formats_of(evidence: list[Evidence], columns: Columns, options: Options) -> dict[str, dict[str, Any]]:
    """Return what `files.formats` says: per header the way in which amounts or dates are written."""
    zone = columns.kind.time_zone
    formats: dict[str, dict[str, Any]] = {}
    for column in evidence:
        if column.is_date:
            utc = "UTC" if normalise(column.name).endswith(" utc") else zone
            formats[column.name] = {"date": column.verdict, "time_zone": utc or options.time_zone}
        else:
            formats[column.name] = {"amount": column.verdict}
    return formats


def format_problems(evidence: list[Evidence]) -> list[str]:
    """Say which columns cannot be read for sure, and what to do."""
    problems = []
    for column in evidence:
        what = "dates" if column.is_date else "amounts"
        example = "`dmy` or `mdy`" if column.is_date else "`point` or `comma`"
        if column.verdict == "ambiguous":
            problems.append(f"The {what} of {column.name} can be read in two ways; say {example} for it in `formats`.")
        elif column.verdict == "mixed":
            problems.append(
                f"The {what} of {column.name} are written in two ways: the file was edited or put together from two."
            )
        elif column.verdict == "other":
            problems.append(f"The {what} of {column.name} are in a form that is not read.")
    return problems

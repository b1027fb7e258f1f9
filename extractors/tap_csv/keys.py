"""What a row is known by: its own id, or a hash of its content."""

from __future__ import annotations

import hashlib
import re
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_csv.columns import Columns
    from tap_csv.rows import Row

LOST_DIGITS = (
    "the id ({header}) has lost its digits in a spreadsheet (1.23457E+15): "
    "export the file again and load it without opening it in Excel"
)
_E_NOTATION = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d+")
_NUMBERED = re.compile(r":\d+\Z")
_NOT_A_DIGIT = re.compile(r"\D+")
_MINUS = ("-", "(", "\u2212")


class LostDigitsError(Exception):
    """The row's own id is in E-notation: which row this is cannot be known."""


def is_e_notation(value: str) -> bool:
    """Whether a spreadsheet has turned a long number into `1.23457E+15`."""
    return _E_NOTATION.fullmatch(value.strip().removeprefix("'")) is not None


def content_hash(columns: Columns) -> Callable[[Row], str]:
    """Return the function that hashes the content of a row, in whatever order the columns stand.

    Values are joined by NUL, which no row contains; the header is part of it; denied columns are not.
    """
    order = sorted(columns.kept, key=columns.names.__getitem__)
    names = "\0".join(columns.names[index] for index in order)
    start = hashlib.blake2b(names.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    values = itemgetter(*order) if len(order) > 1 else lambda row: tuple(row[index] for index in order)
    blake2b = hashlib.blake2b

    def hashed(row: Row) -> str:
        return blake2b(start + "\0".join(values(row)).encode(), digest_size=16).hexdigest()

    return hashed


def key_of(columns: Columns) -> Callable[[Row], str | None]:
    """Return the function that gives a row's key; None: there is nothing in the row.

    Raises (the function):
        LostDigitsError: the own id is in E-notation.
    """
    by_content = content_hash(columns)

    def keyed_by_content(row: Row) -> str | None:
        return by_content(row) if any(map(str.strip, row)) else None

    if not columns.own_id:
        return keyed_by_content
    index, _ = columns.own_id[0]
    with_others = _several(columns) if len(columns.own_id) > 1 else None

    def keyed(row: Row) -> str | None:
        own = row[index]  # type: ignore[index]  # the first part is always present
        if own[:1] == "'":
            own = own[1:]
        if "E+" in own or "e+" in own:
            if is_e_notation(own):
                raise LostDigitsError
        elif not own or own.isspace():
            return keyed_by_content(row)
        own = own.strip()
        if with_others is not None:
            return with_others(own, row)
        return _apart(own) if ":" in own else own

    return keyed


def _apart(own: str) -> str:
    """Keep `A:2` apart from the second `A`, which is called that too."""
    return f"{own}:1" if _NUMBERED.search(own) else own


def _several(columns: Columns) -> Callable[[str, Row], str]:
    """All parts always, empty ones too, so that the number of a twin is never taken for one."""
    others = columns.own_id[1:]

    def joined(own: str, row: Row) -> str:
        parts = [own]
        for index, part in others:
            value = row[index].strip() if index is not None else ""
            parts.append(_digits(value) if part.as_digits else value)
        return ":".join(parts)

    return joined


def _digits(amount: str) -> str:
    digits = _NOT_A_DIGIT.sub("", amount).lstrip("0")
    return f"-{digits}" if digits and amount.startswith(_MINUS) else digits or "0" if amount else ""

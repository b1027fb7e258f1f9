"""Takes JSON as people write it and says in a sentence what is wrong with it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CaseError(ValueError):
    """A case cannot be read; the message says where and why."""


@contextmanager
def told_where(place: str) -> Iterator[None]:
    """Put the place before what is wrong there."""
    try:
        yield
    except json.JSONDecodeError as error:
        raise CaseError(f"{place}: this is no JSON ({error.msg}, column {error.colno}).") from None
    except CaseError as error:
        raise CaseError(f"{place}: {error}") from None


def text_of(path: Path) -> str:
    """What a file of the folder says."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(
            f"cannot be read ({error}). A folder of cases holds rules.json and worlds.jsonl in UTF-8."
        ) from None


def json_object(text: str, what: str) -> dict[str, Any]:
    """The JSON object that a text is."""
    return as_object(json.loads(text, parse_constant=_no_number), what)


def as_object(written: Any, what: str) -> dict[str, Any]:
    """A JSON object, or a sentence."""
    if not isinstance(written, dict):
        raise CaseError(f"{what} must be a JSON object.")
    return written


def as_list(written: Any, what: str) -> list[Any]:
    """A list; nothing is an empty one, and a word alone is a list of one."""
    if isinstance(written, str):
        return [written]
    if written is not None and not isinstance(written, list):
        raise CaseError(f"{what} must be a list.")
    return written or []


def as_text(written: Any, what: str, *, may_be_empty: bool = False) -> str:
    """Text that Postgres can store."""
    if not isinstance(written, str) or not (written or may_be_empty):
        raise CaseError(f"{what} must be text, and it is {json.dumps(written)}.")
    if _UNSTORABLE.search(written):
        raise CaseError(f"{what} holds a character that Postgres cannot store: {json.dumps(written)}.")
    return written


def as_tuples(written: Any, what: str, parts: tuple[str, ...]) -> frozenset[tuple[Any, ...]]:
    """A list of lists of text, each with these parts."""
    found = set()
    for entry in as_list(written, what):
        if not isinstance(entry, list) or len(entry) != len(parts):
            raise CaseError(f"{what} holds {json.dumps(entry)}: write [{', '.join(parts)}].")
        found.add(tuple(as_text(text, f"a {part} in {what}") for part, text in zip(parts, entry, strict=True)))
    return frozenset(found)


def as_limit(written: Any, what: str) -> int | None:
    """A whole number, or none."""
    if written is None or (isinstance(written, int) and not isinstance(written, bool) and written >= 0):
        return written
    raise CaseError(f"{what} is {json.dumps(written)}: write a whole number, or null for no limit.")


def as_moment(written: Any) -> Fraction:
    """An ISO time or a number, only to be put in order; none is the earliest."""
    if written is None:
        return Fraction(-(2**80))
    if isinstance(written, int | float) and not isinstance(written, bool):
        return Fraction(written)
    try:
        time = datetime.fromisoformat(written)
    except (TypeError, ValueError):
        raise CaseError(f"`first_loaded` is {json.dumps(written)}: write an ISO time or a number.") from None
    passed = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    return Fraction(passed.days * 86_400 + passed.seconds) + Fraction(passed.microseconds, 1_000_000)


def _no_number(written: str) -> NoReturn:
    raise CaseError(f"{written} is no number of JSON.")

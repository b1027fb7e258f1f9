"""The search's filters: compiled to one question about a fact, with the bounds of the dates that an index can use."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sandbox.server.ghl import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

LONGEST_VALUE = 75
_DATE_OPERATORS = ("range", "exists", "not_exists")
_LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "gte": lambda found, limit: found >= limit,
    "gt": lambda found, limit: found > limit,
    "lte": lambda found, limit: found <= limit,
    "lt": lambda found, limit: found < limit,
}


class Fields(Protocol):
    """What can be filtered and sorted by in a stream."""

    dates: Mapping[str, str]
    """Date fields, and the attribute of a fact that holds each."""
    indexed: Mapping[str, str]
    """Date fields by which an index is sorted, and the attribute of the index."""
    sortable: Collection[str]

    def knows(self, field: str) -> bool:
        """Say whether there is such a field."""

    def value(self, fact: Any, field: str) -> Any:
        """Give what stands in a field."""

    def text(self, fact: Any) -> str:
        """Give what the free text is looked for in, in lower case."""


class Span(NamedTuple):
    """Milliseconds from the first up to and with the last."""

    first: float = -math.inf
    last: float = math.inf

    def cut(self, limits: Mapping[str, int]) -> Span:
        """Keep what lies within other limits too."""
        first = max(self.first, limits.get("gte", self.first), limits.get("gt", -math.inf) + 1)
        last = min(self.last, limits.get("lte", self.last), limits.get("lt", math.inf) - 1)
        return Span(first, last)


def moment(given: Any) -> int:
    """Read a moment: an ISO text or milliseconds since 1970."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return int(given)
    try:
        text = str(given)
        if text.lstrip("-").isdigit():
            return int(text)
        read = datetime.fromisoformat(text)
    except ValueError:
        raise errors.bad_request(f"Invalid date value {given!r} in range filter") from None
    since = (read if read.tzinfo else read.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def compiled(filters: Any, fields: Fields, group: str = "AND") -> Callable[[Any], bool]:
    """Make one question of a list of filters, all or any of which must hold."""
    if not isinstance(filters, list):
        raise errors.unprocessable("filters must be an array")
    parts = [_one(given, fields) for given in filters]
    if group not in ("AND", "OR"):
        raise errors.bad_request(f"Invalid group {group}")
    every = all if group == "AND" else any
    return lambda fact: every(part(fact) for part in parts)


def split(filters: list[Any], field: str) -> tuple[Span, list[Any]]:
    """Take the ranges of a date field out of the top level, which an index answers, and give the others."""
    span, rest = Span(), []
    for given in filters:
        if isinstance(given, dict) and given.get("field") == field and given.get("operator") == "range":
            span = span.cut(_limits(given.get("value"), dates=True))
        else:
            rest.append(given)
    return span, rest


def _one(given: Any, fields: Fields) -> Callable[[Any], bool]:
    if not isinstance(given, dict):
        raise errors.bad_request("Invalid filter")
    if "group" in given:
        return compiled(given.get("filters", []), fields, given["group"])
    field, operator = given.get("field"), given.get("operator")
    if not isinstance(field, str) or not (field in fields.dates or fields.knows(field)):
        raise errors.bad_request(f"Invalid field {field}")
    if operator not in _OPERATORS or (field in fields.dates and operator not in _DATE_OPERATORS):
        raise errors.bad_request(f"Invalid operator {operator} for field {field}")
    wanted = _wanted(given, dates=field in fields.dates)
    if attribute := fields.dates.get(field):
        return lambda fact: _OPERATORS[operator](getattr(fact, attribute), wanted)
    return lambda fact: _OPERATORS[operator](fields.value(fact, field), wanted)


def _wanted(given: dict[str, Any], *, dates: bool) -> Any:
    value = given.get("value")
    if given["operator"] == "range":
        return _limits(value, dates=dates)
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        raise errors.unprocessable(f"value must be shorter than or equal to {LONGEST_VALUE} characters")
    return value


def _limits(value: Any, *, dates: bool) -> dict[str, Any]:
    if not isinstance(value, dict) or not value or set(value) - set(_LIMITS):
        raise errors.bad_request("Invalid value for range operator")
    return {name: moment(limit) if dates else limit for name, limit in value.items()}


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_equal(found, one) for one in wanted)
    if isinstance(found, list):
        return any(_folded(one) == _folded(wanted) for one in found)
    return bool(_folded(found) == _folded(wanted))


def _contains(found: Any, wanted: Any) -> bool:
    parts = found if isinstance(found, list) else [found]
    return any(isinstance(part, str) and str(wanted).lower() in part.lower() for part in parts)


def _within(found: Any, limits: Mapping[str, Any]) -> bool:
    return found is not None and all(_LIMITS[name](found, limit) for name, limit in limits.items())


def _exists(found: Any, _wanted: Any) -> bool:
    return found not in (None, "", [], {})


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "not_eq": lambda found, wanted: not _equal(found, wanted),
    "contains": _contains,
    "not_contains": lambda found, wanted: not _contains(found, wanted),
    "exists": _exists,
    "not_exists": lambda found, wanted: not _exists(found, wanted),
    "range": _within,
}

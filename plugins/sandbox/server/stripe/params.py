"""Query parameters as Stripe reads them: what a list may be asked for, and what is a 400."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.server.stripe.errors import bad_parameter
from sandbox.server.stripe.index import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOREVER = 1 << 62
EVER = Span(0, _FOREVER)
"""No bounds."""
_MOST = 100
_USUAL = 10
_ARRAY = re.compile(r"\[\d*\]$")
_BOUNDS = {
    "created": lambda at: Span(at, at + 1),
    "created[gt]": lambda at: Span(at + 1, _FOREVER),
    "created[gte]": lambda at: Span(at, _FOREVER),
    "created[lt]": lambda at: Span(0, at),
    "created[lte]": lambda at: Span(0, at + 1),
}
_PAGING = ("limit", "starting_after", "ending_before", "expand", *_BOUNDS)


@dataclass(slots=True)
class Wish:
    """A list request that makes sense."""

    limit: int = _USUAL
    span: Span = EVER
    starting_after: str | None = None
    ending_before: str | None = None
    expand: list[str] = field(default_factory=list)
    filters: dict[str, list[str]] = field(default_factory=dict)

    @property
    def cursor(self) -> tuple[str, str] | None:
        """The parameter and the id that paging goes on from."""
        if self.starting_after is not None:
            return "starting_after", self.starting_after
        return ("ending_before", self.ending_before) if self.ending_before is not None else None


def read_wish(query: Sequence[tuple[str, str]], filters: Sequence[str]) -> Wish:
    """Read the parameters of a list that can be filtered by some."""
    wish = Wish()
    for raw, value in query:
        name = _ARRAY.sub("", raw)
        if not value:
            raise _empty(name)
        if name == "expand":
            wish.expand.append(value)
        elif name in _BOUNDS:
            wish.span = _narrowed(wish.span, _BOUNDS[name](_integer(value, name)))
        elif name == "limit":
            wish.limit = _limit(value)
        elif name in ("starting_after", "ending_before"):
            setattr(wish, name, value)
        elif name in filters:
            wish.filters.setdefault(name, []).append(value)
        else:
            raise bad_parameter(f"Received unknown parameter: {raw}", raw, "parameter_unknown")
    if wish.starting_after is not None and wish.ending_before is not None:
        message = "You may only specify one of these parameters: ending_before, starting_after."
        raise bad_parameter(message, "ending_before")
    return wish


def read_expand(query: Sequence[tuple[str, str]]) -> list[str]:
    """Read the parameters of a single object, which can only be expanded."""
    names = [_ARRAY.sub("", raw) for raw, _ in query]
    for name in names:
        if name != "expand":
            raise bad_parameter(f"Received unknown parameter: {name}", name, "parameter_unknown")
    return [value for _, value in query]


def _empty(name: str) -> Exception:
    return bad_parameter(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value.",
        name,
        "parameter_invalid_empty",
    )


def _integer(value: str, name: str) -> int:
    if not re.fullmatch(r"-?\d+", value):
        raise bad_parameter(f"Invalid integer: {value}", name, "parameter_invalid_integer")
    return int(value)


def _limit(value: str) -> int:
    limit = _integer(value, "limit")
    if limit > _MOST:
        raise bad_parameter("This value must be less than or equal to 100.", "limit", "parameter_invalid_integer")
    if limit < 1:
        raise bad_parameter("This value must be greater than or equal to 1.", "limit", "parameter_invalid_integer")
    return limit


def _narrowed(one: Span, other: Span) -> Span:
    return Span(max(one.first, other.first), min(one.end, other.end))

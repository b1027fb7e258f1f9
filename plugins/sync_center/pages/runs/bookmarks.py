"""Two bookmarks beside each other: what of them differs, in the order in which a person reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINES = 200
MOST_TEXT = 20_000


class Line(NamedTuple):
    """One value of a bookmark before and after; None: it is not there."""

    place: str
    before: str | None
    after: str | None

    @property
    def differs(self) -> bool:
        """Whether the run changed it."""
        return self.before != self.after


class Difference(NamedTuple):
    """What a run did to a bookmark."""

    changed: list[Line]
    same: list[Line]
    left_out: int
    """Values that are not shown, since they are too many."""


def difference(before: Any, after: Any) -> Difference:
    """The values of both, those that differ first."""
    was, now = dict(_values(before)), dict(_values(after))
    lines = [Line(place, was.get(place), now.get(place)) for place in {**was, **now}]
    changed = [line for line in lines if line.differs]
    same = [line for line in lines if not line.differs]
    shown = changed[:MOST_LINES], same[: max(0, MOST_LINES - len(changed))]
    return Difference(*shown, len(lines) - len(shown[0]) - len(shown[1]))


def readable(value: Any) -> str:
    """A bookmark as text, cut where nobody would read on."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n…"


def _values(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _values(part, f"{place} / {name}" if place else str(name))
    elif isinstance(value, list) and value and any(isinstance(part, (dict, list)) for part in value):
        for number, part in enumerate(value, start=1):
            yield from _values(part, f"{place} / {number}" if place else str(number))
    elif place or value not in (None, {}, []):
        yield place, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""The objects of one stream in the order in which Stripe lists them."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Key = tuple[int, str]


class Span(NamedTuple):
    """Seconds from the first up to, and without, the last."""

    first: int
    end: int


@dataclass(slots=True)
class Index:
    """Keys sorted by creation, the fact behind each, and what was deleted when."""

    keys: list[Key] = field(default_factory=list)
    facts: dict[str, tuple[int, Any]] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)

    def load(self, rows: Iterable[tuple[int, str, Any]]) -> None:
        """Add many at once."""
        for created, identity, fact in rows:
            self.keys.append((created, identity))
            self.facts[identity] = (created, fact)
        self.keys.sort()

    def add(self, created: int, identity: str, fact: Any) -> None:
        """Add one that has just come."""
        insort(self.keys, (created, identity))
        self.facts[identity] = (created, fact)

    def delete(self, identity: str, at: int) -> None:
        """Take one out of the list; that it was here is remembered."""
        created, _ = self.facts.pop(identity)
        self.keys.pop(bisect_left(self.keys, (created, identity)))
        self.deleted[identity] = at

    def fact(self, identity: str) -> Any:
        """Give the fact behind an id that exists."""
        return self.facts[identity][1]

    def older(self, span: Span, after: str | None) -> Iterator[str]:
        """Yield ids from new to old, beginning behind `after`."""
        begin, end = self._bounds(span)
        if after is not None:
            end = min(end, bisect_left(self.keys, (self.facts[after][0], after)))
        for place in range(end - 1, begin - 1, -1):
            yield self.keys[place][1]

    def newer(self, span: Span, before: str) -> Iterator[str]:
        """Yield ids from old to new, beginning with the next one that is newer than `before`."""
        begin, end = self._bounds(span)
        begin = max(begin, bisect_left(self.keys, (self.facts[before][0], before)) + 1)
        for place in range(begin, end):
            yield self.keys[place][1]

    def _bounds(self, span: Span) -> tuple[int, int]:
        return bisect_left(self.keys, (span.first, "")), bisect_left(self.keys, (span.end, ""))

"""The objects of one stream, as they are and as the search shows them: it follows a few seconds behind."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.server.ghl.facts import Fact

Key = tuple[int, str]
Kind = TypeVar("Kind", bound="Fact")


class Index(Generic[Kind]):
    """`facts` is the truth; `shown` and the sorted keys are what was published of it."""

    def __init__(self) -> None:
        self.facts: dict[str, Kind] = {}
        self.ids: list[str] = []
        """Every id that ever was, so that a choice among them depends on nothing that was asked."""
        self.deleted: dict[str, int] = {}
        self.shown: dict[str, Kind] = {}
        self.added: list[Key] = []
        self.updated: list[Key] = []
        self.version = 0
        self._waiting: deque[tuple[int, str, Kind | None]] = deque()

    def load(self, facts: Iterable[Kind]) -> None:
        """Add many at once, published."""
        for fact in facts:
            self.facts[fact.id] = fact
            self.added.append((fact.added, fact.id))
            self.updated.append((fact.updated, fact.id))
        self.ids = list(self.facts)
        self.shown = dict(self.facts)
        self.added.sort()
        self.updated.sort()

    def put(self, fact: Kind, at: int) -> None:
        """Add, change or restore one; the search learns of it later."""
        if fact.id not in self.facts and fact.id not in self.deleted:
            self.ids.append(fact.id)
        self.facts[fact.id] = fact
        self.deleted.pop(fact.id, None)
        self._waiting.append((at, fact.id, fact))

    def remove(self, identity: str, at: int) -> None:
        """Delete one; that it was here is remembered."""
        del self.facts[identity]
        self.deleted[identity] = at // 1000
        self._waiting.append((at, identity, None))

    def publish(self, until: int) -> None:
        """Show everything that happened until then (milliseconds)."""
        while self._waiting and self._waiting[0][0] <= until:
            _, identity, fact = self._waiting.popleft()
            self._show(identity, fact)
            self.version += 1

    def _show(self, identity: str, fact: Kind | None) -> None:
        old = self.shown.pop(identity, None)
        if old is not None:
            del self.added[bisect_left(self.added, (old.added, identity))]
            del self.updated[bisect_left(self.updated, (old.updated, identity))]
        if fact is not None:
            self.shown[identity] = fact
            insort(self.added, (fact.added, identity))
            insort(self.updated, (fact.updated, identity))

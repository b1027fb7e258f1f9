"""How much of what is known has been asked for; ManyChat cannot list, so that is all that anybody can say."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DAY = 86_400_000
_NOBODY_KNOWS = "ManyChat cannot list, so nobody can say that this is all"


class Coverage:
    """Counts of seeds by what is known of them: never, found, missing, failed."""

    def __init__(self, counts: Mapping[str, int], due: int = 0, stalest: int | None = None) -> None:
        self.due = due
        self.stalest = stalest
        """When the seed was asked that nobody asked since, in milliseconds."""
        self.cut = 0
        """Values of custom fields that more subscribers may have than ManyChat shows."""
        self._counts = Counter(counts)
        self._elsewhere: set[str] = set()
        self._lock = threading.Lock()

    def move(self, was: str, now: str) -> None:
        """Count an answer."""
        with self._lock:
            self._counts[was] -= 1
            self._counts[now] += 1

    def count(self, outcome: str) -> int:
        """How many seeds there are of which this is known."""
        return self._counts[outcome]

    def found_elsewhere(self, identities: Iterable[str]) -> None:
        """Count ids that an e-mail, a phone or a field brought and nobody knew."""
        with self._lock:
            self._elsewhere.update(identities)

    def is_known_here(self, identity: str) -> None:
        """An id that was found elsewhere stands in this queue too: it counts once."""
        with self._lock:
            self._elsewhere.discard(identity)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self._counts.values()) + len(self._elsewhere)

    def subscribers(self) -> str:
        """The sentence about ids."""
        found = self._counts["found"] + len(self._elsewhere)
        failed = f"; {self._counts['failed']:,} not answered" if self._counts["failed"] else ""
        cut = f"; {self.cut:,} field values are cut at 100" if self.cut else ""
        missing = f"{self._counts['missing']:,} not found{failed}{cut}"
        return f"{found:,} of {self.total:,} known subscribers read; {missing}; {_NOBODY_KNOWS}"

    def contacts(self) -> str:
        """The sentence about e-mails and phones."""
        tried = self.total - self._counts["never"]
        return f"{tried:,} of {self.total:,} e-mails and phones tried; {self._counts['found']:,} led to a subscriber"

    def age(self, now: int) -> str:
        """How long ago the stalest was asked."""
        return "asked in this run" if self.stalest is None else f"asked {max(0, now - self.stalest) // _DAY} days ago"

"""How much one sender may ask for: a bucket that fills again, in the memory of this panel."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

_MOST_SENDERS = 10_000


@dataclass
class Limit:
    """`burst` at once, then `per_second`."""

    per_second: float
    burst: float
    _left: dict[object, tuple[float, float]] = field(default_factory=dict)

    def allows(self, sender: object) -> bool:
        """Whether the sender has something left."""
        return self._now(sender) >= 1

    def take(self, sender: object) -> bool:
        """Take one; False if nothing is left."""
        left = self._now(sender)
        if len(self._left) >= _MOST_SENDERS:
            self._left.clear()
        self._left[sender] = (max(left - 1, 0), time.monotonic())
        return left >= 1

    def _now(self, sender: object) -> float:
        left, at = self._left.get(sender, (self.burst, 0.0))
        return min(self.burst, left + (time.monotonic() - at) * self.per_second)

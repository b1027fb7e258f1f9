"""What is kept of a subscriber: the rest follows from the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Subscriber:
    """One id of a page; `copy` 1 is a second channel of a person, until somebody merges the two."""

    id: str
    index: int
    copy: int
    created: int
    changes: dict[str, Any] = field(default_factory=dict)
    """Members of the object that are not as the world says, and field values by the fields' ids."""
    valued_at: dict[int, int] = field(default_factory=dict)
    """When a custom field got its value, where that was after the subscription."""

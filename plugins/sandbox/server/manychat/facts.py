"""What is kept of a page and of a subscriber: the rest follows from the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.appearances import Appearance

if TYPE_CHECKING:
    from sandbox.people import World


@dataclass(slots=True)
class Page:
    """What all subscribers of a page share; `buckets` is how many values the bucket field has."""

    id: str
    world: World
    buckets: int

    def seen(self, subscriber: Subscriber) -> Appearance:
        """Give the person as ManyChat knows them; nobody is seen there twice from the start."""
        person = self.world.person(subscriber.index)
        return Appearance(self.world, person, person.life.by_source["manychat"][0], subscriber.copy)


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

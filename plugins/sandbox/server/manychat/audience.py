"""The subscribers of one page: who they are, how they are found, and who is no more."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sandbox.appearances import appearances
from sandbox.server.manychat import render
from sandbox.server.manychat.definitions import SEARCHABLE
from sandbox.server.manychat.facts import Page, Subscriber

if TYPE_CHECKING:
    from sandbox.appearances import Appearance
    from sandbox.people import World
    from sandbox.server.vendor import Clock

Index = dict[str, dict[str, None]]


class Audience:
    """All that a page knows; small facts, and objects written from them when somebody asks."""

    def __init__(self, world: World, clock: Clock, page_id: str) -> None:
        self.page = Page(page_id, world, max(1, world.people // 200))
        self.clock = clock
        self.next_person = world.people
        self.subscribers: dict[str, Subscriber] = {}
        self.deleted: dict[str, int] = {}
        self.seconds: dict[str, str] = {}
        """Ids of second channels of people who have two, by their first."""
        self._contacts: dict[str, Index] = {"email": defaultdict(dict), "phone": defaultdict(dict)}
        self._searches: dict[str, dict[str, list[str]]] = {}
        for person in world.seen_in("manychat", range(world.people)):
            for seen in appearances(world, person, "manychat"):
                self.add(Subscriber(seen.id, person.index, seen.copy, seen.created), seen)

    def add(self, subscriber: Subscriber, seen: Appearance | None = None) -> None:
        """Take in a subscriber."""
        self.subscribers[subscriber.id] = subscriber
        self._enter(subscriber, seen)

    def remove(self, identity: str, at: int) -> None:
        """Forget a subscriber; that there was one is remembered."""
        self._leave(self.subscribers[identity])
        del self.subscribers[identity]
        self.deleted[identity] = at

    def change(self, subscriber: Subscriber, **values: Any) -> None:
        """Write other values over what follows from the world."""
        self._leave(subscriber)
        subscriber.changes.update(values)
        self._enter(subscriber)

    def pull(self, identity: str) -> dict[str, Any]:
        """Write the object that getInfo answers with."""
        return render.pull(self.page, self.subscribers[identity])

    def push(self, identity: str) -> dict[str, Any]:
        """Write the "Full Contact Data" that an External Request carries."""
        return render.push(self.page, self.subscribers[identity])

    def with_contact(self, kind: str, value: str) -> list[str]:
        """Give ids whose system e-mail or phone is this one, oldest first."""
        return list(self._contacts[kind].get(value.lower(), ()))

    def with_name(self, name: str) -> list[str]:
        """Give ids of that full name."""
        if "name" not in self._searches:
            found: dict[str, list[str]] = defaultdict(list)
            for identity, subscriber in self.subscribers.items():
                found[self.page.seen(subscriber).full_name].append(identity)
            self._searches["name"] = found
        return self._searches["name"].get(name, [])

    def with_field(self, field_id: int, value: str) -> list[str]:
        """Give ids whose custom field has this value, that which got it last first."""
        key = f"field {field_id}"
        if key not in self._searches:
            self._searches[key] = self._by_value(field_id)
        return self._searches[key].get(value, [])

    def _by_value(self, field_id: int) -> dict[str, list[str]]:
        found: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for identity, subscriber in self.subscribers.items():
            value = render.field_value(self.page, subscriber, self.page.seen(subscriber), SEARCHABLE[field_id])
            if value is not None:
                found[str(value)].append((subscriber.valued_at.get(field_id, subscriber.created), identity))
        return {value: [identity for _, identity in sorted(ids, reverse=True)] for value, ids in found.items()}

    def _enter(self, subscriber: Subscriber, seen: Appearance | None = None) -> None:
        for kind, value in self._contact(subscriber, seen):
            self._contacts[kind][value][subscriber.id] = None
        self._searches.clear()

    def _leave(self, subscriber: Subscriber) -> None:
        for kind, value in self._contact(subscriber, None):
            self._contacts[kind][value].pop(subscriber.id, None)

    def _contact(self, subscriber: Subscriber, seen: Appearance | None) -> list[tuple[str, str]]:
        contact = render.contact(subscriber, seen or self.page.seen(subscriber))
        return [(kind, value.lower()) for kind in ("email", "phone") if (value := contact[kind])]

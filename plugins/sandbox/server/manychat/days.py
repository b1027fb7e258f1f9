"""A day of a page: newcomers, chats, tags, fields, other contact data, second channels, merges and deletions.

Nothing tells that a subscriber changed: no time of it, no list, no event.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sandbox.appearances import Appearance, appearances
from sandbox.server.manychat import definitions, render
from sandbox.server.manychat.facts import Subscriber

if TYPE_CHECKING:
    from sandbox.server.manychat.audience import Audience


class Day:
    """One day of a page; what happens follows from the world's seed and the day."""

    def __init__(self, audience: Audience, end: int) -> None:
        self.audience = audience
        self.begin = audience.clock.now
        self.end = end
        self.drawn = random.Random(f"manychat:{audience.page.id}:{audience.page.world.seed}:{end}")
        self._ids = list(audience.subscribers)

    def at(self) -> int:
        """Choose a moment of the day."""
        return self.drawn.randrange(self.begin + 600, self.end - 600)

    def pick(self) -> Subscriber | None:
        """Choose one of those who were there this morning."""
        found = self.drawn.choice(self._ids) if self._ids else ""
        return self.audience.subscribers.get(found)


def live_through(audience: Audience, day_end: int) -> None:
    """Let everything happen that happens until then."""
    day = Day(audience, day_end)
    busy = 1 + len(audience.subscribers) // 500
    for deed, times in ((_newcomer, 2), (_chat, 3), (_tags, 3), (_field, 3), (_contact, 2)):
        for _ in range(times * busy):
            deed(day)
    for rare in (_second_channel, _merge, _deletion):
        rare(day)


def _newcomer(day: Day) -> None:
    audience = day.audience
    while True:
        person = audience.page.world.person(audience.next_person)
        audience.next_person += 1
        for seen in appearances(audience.page.world, person, "manychat"):
            audience.add(Subscriber(seen.id, person.index, seen.copy, day.at()))
            return


def _chat(day: Day) -> None:
    if chosen := day.pick():
        now = render.local(day.at())
        day.audience.change(chosen, last_interaction=now, last_seen=now, last_input_text=f"¿Hay lugar el {now[8:10]}?")


def _tags(day: Day) -> None:
    """Add a tag or take one away; no time of the subscriber moves."""
    if chosen := day.pick():
        tags: list[str] = list(chosen.changes.get("tags", render.tags_of(day.audience.page.seen(chosen))))
        tag = day.drawn.choice(tuple(definitions.TAGS))
        day.audience.change(chosen, tags=[one for one in tags if one != tag] if tag in tags else [*tags, tag])


def _field(day: Day) -> None:
    if chosen := day.pick():
        field = day.drawn.choice((definitions.PRODUCT, definitions.POINTS))
        number = day.drawn.randrange(500)
        value = number if field is definitions.POINTS else f"Taller {number}"
        chosen.valued_at[field.id] = day.at()
        day.audience.change(chosen, **{str(field.id): value})


def _contact(day: Day) -> None:
    """Give a system e-mail or phone to somebody, or another than before."""
    if chosen := day.pick():
        number = day.drawn.randrange(10**7)
        new = {"email": f"nuevo.{number}@correo.example"} if number % 2 else {"phone": f"+5255{10_000_000 + number}"}
        day.audience.change(chosen, **new)


def _second_channel(day: Day) -> None:
    """Somebody from WhatsApp writes by Instagram too, which is another id."""
    chosen = day.pick()
    if chosen is None or chosen.copy:
        return
    seen = day.audience.page.seen(chosen)
    other = Appearance(day.audience.page.world, seen.person, seen.sighting, 1)
    known = other.id in day.audience.subscribers or other.id in day.audience.deleted
    if render.channel(seen) == "whatsapp" and not known:
        day.audience.add(Subscriber(other.id, chosen.index, 1, day.at()))
        day.audience.seconds[chosen.id] = other.id


def _merge(day: Day) -> None:
    """Somebody merges two channels of one person: the losing id disappears, and nothing tells."""
    if not day.audience.seconds or day.drawn.random() < 0.5:
        return
    first = next(iter(day.audience.seconds))
    merge(day.audience, first, day.audience.seconds.pop(first), day.at())


def merge(audience: Audience, winner: str, loser: str, at: int) -> None:
    """Bring the Instagram account of one id to the other, and end the first."""
    if winner in audience.subscribers and loser in audience.subscribers:
        lost = audience.pull(loser)
        audience.change(audience.subscribers[winner], ig_id=lost["ig_id"], ig_username=lost["ig_username"])
        audience.remove(loser, at)


def _deletion(day: Day) -> None:
    if chosen := day.pick():
        day.audience.remove(chosen.id, day.at())

"""A day in the life of a location: newcomers, corrections, tags, deletions, restores, merges, deals and money."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.appearances import appearances
from sandbox.cases import PLAIN
from sandbox.phones import e164
from sandbox.server.ghl import contacts, deals
from sandbox.server.ghl.facts import DAY, SECOND, Contact
from sandbox.server.ghl.money_days import MONEY
from sandbox.server.ghl.setup import TAGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.server.ghl.books import Books
    from sandbox.server.ghl.index import Index

Kind = TypeVar("Kind")
_TRIES = 200
_RESTORABLE = 60 * DAY * SECOND
_EACH = 500
"""For every so many contacts, what happens more than once a day happens once more."""


class Day:
    """One day of a location; what happens follows from the seed and the day, in the order of its hours."""

    def __init__(self, books: Books, end: int, *, tags_move: bool) -> None:
        self.books = books
        self.begin = books.clock.now
        self.end = end
        self.number = end // DAY
        self.tags_move = tags_move
        self.drawn = random.Random(f"{books.location}:{books.world.seed}:{end}")

    def pick(self, index: Index[Any], fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """Choose an object that fits, or nothing where it is hard to find."""
        for _ in range(_TRIES if index.ids else 0):
            fact = index.facts.get(self.drawn.choice(index.ids))
            if fact is not None and fits(fact):
                return fact
        return None

    def contact(self, fits: Callable[[Contact], bool] = lambda _: True) -> Contact | None:
        """Choose a contact."""
        found: Contact | None = self.pick(self.books.contacts, fits)
        return found

    def change(self, contact: Contact, at: int, *, moves: bool = True, **changes: Any) -> Contact:
        """Change a contact by hand."""
        updated = at if moves else contact.updated
        changed = contact._replace(updated=updated, changes={**contact.changes, **changes})
        self.books.contacts.put(changed, at)
        return changed


def live_through(books: Books, day_end: int, *, tags_move: bool) -> None:
    """Let everything happen that happens until then; the last change falls in the last seconds of the day."""
    day = Day(books, day_end, tags_move=tags_move)
    busy = 1 + len(books.contacts.facts) // _EACH
    deeds = [deed for deed, times in (*_OFTEN, *MONEY) for _ in range(times * busy)]
    deeds += [_doubled, _merge, _new_tag, _restore]
    moments = [(day.drawn.randrange(day.begin + 60, day_end - 120), place) for place in range(len(deeds))]
    for second, place in sorted(moments):
        deeds[place](day, second * SECOND + day.drawn.randrange(SECOND))
    _correction(day, (day_end - 2) * SECOND + day.drawn.randrange(SECOND))


def _newcomer(day: Day, at: int) -> None:
    books, before = day.books, None
    while before is None:
        person = books.world.person(books.next_person)
        books.next_person += 1
        for seen in appearances(books.world, person, "ghl"):
            contact = Contact(seen.id, at, at, person.index, seen.copy)
            books.contacts.put(contact, at)
            if deal := deals.first(seen, contact):
                books.opportunities.put(deal, at)
            if before:
                books.doubles.append((before, contact.id))
            before = contact.id


def _correction(day: Day, at: int) -> None:
    """Change what people change: a name, an address, an e-mail, consent; of plain people the phone too."""
    contact = day.contact()
    if contact is None:
        return
    shown, drawn = day.books.contact(contact), day.drawn
    changes: list[dict[str, Any]] = [
        {"lastName": f"{shown['lastName']} {drawn.choice(('Jr.', 'II', 'de Sol'))}".strip()},
        {"address": f"Av. Nueva {drawn.randrange(900)}", "city": "Querétaro"},
        contacts.consent(not shown["dnd"], drawn.randrange(1000)),
        {"email": f"new.{drawn.randrange(10**6)}.{(shown['email'] or 'x@correo.example').strip().lower()}"},
    ]
    person = day.books.world.person(contact.person)
    if person.case is PLAIN and contact.copy == 0 and (phone := person.phone("second")):
        changes.append({"phone": e164(phone)})
    day.change(contact, at, **drawn.choice(changes))


def _tags(day: Day, at: int) -> None:
    """Give a contact a tag, or take one from it."""
    contact = day.contact()
    if contact is None:
        return
    tags = list(day.books.contact(contact)["tags"])
    names = [tag["name"] for tag in day.books.setup.streams["tags"].values() if tag["name"] not in tags]
    if tags and day.drawn.random() < 0.4:
        tags.remove(day.drawn.choice(tags))
    else:
        tags.append(day.drawn.choice(names or list(TAGS)))
    day.change(contact, at, moves=day.tags_move, tags=tags)


def _new_tag(day: Day, _at: int) -> None:
    """Make a new tag every week, and say another course of the month."""
    if day.number % 7:
        return
    day.books.setup.add_tag(f"reto-{day.number}")
    day.books.setup.set_first_value(f"Reto {day.number}")


def _second_email(day: Day, at: int) -> None:
    contact = day.contact(lambda one: one.copy == 0 and day.books.world.case(one.person) is PLAIN)
    if contact is None:
        return
    second = day.books.world.person(contact.person).email("second")
    emails = day.books.contact(contact)["additionalEmails"]
    if second not in _texts(emails, "email"):
        day.change(contact, at, additionalEmails=[*emails, {"email": second}])


def _lost_email(day: Day, at: int) -> None:
    """An upsert drops the further e-mails of a contact."""
    contact = day.contact(lambda one: bool(day.books.contact(one)["additionalEmails"]))
    if contact:
        day.change(contact, at, additionalEmails=[])


def _deletion(day: Day, at: int) -> None:
    contact = day.contact()
    if contact is None:
        return
    books = day.books
    lost = [books.opportunities.facts[one["id"]] for one in books.contact(contact)["opportunities"]]
    for deal in lost:
        books.opportunities.remove(deal.id, at)
    books.contacts.remove(contact.id, at)
    books.removed.append((at, contact, lost))


def _restore(day: Day, at: int) -> None:
    """Every third day somebody brings back what was deleted in the last two months."""
    books = day.books
    books.removed = [one for one in books.removed if one[0] > at - _RESTORABLE]
    if day.number % 3 or not books.removed:
        return
    _, contact, lost = books.removed.pop(day.drawn.randrange(len(books.removed)))
    books.contacts.put(contact._replace(updated=at), at)
    for deal in lost:
        books.opportunities.put(deal._replace(updated=at), at)


def _doubled(day: Day, at: int) -> None:
    """Somebody comes a second time, with another e-mail, and pays."""
    books = day.books

    def fits(one: Contact) -> bool:
        return one.copy == 0 and books.world.case(one.person) is PLAIN and books.copies.get(one.person, 1) < 4

    first = day.contact(fits)
    if first is None:
        return
    copy = books.copies.get(first.person, 1)
    books.copies[first.person] = copy + 1
    second = Contact(books.appearance(first.person, copy).id, at, at, first.person, copy)
    books.contacts.put(second, at)
    if deal := deals.first(books.appearance(second.person, copy), second):
        books.opportunities.put(deal, at)
    books.pay(second, at)
    books.doubles.append((first.id, second.id))


def _merge(day: Day, at: int) -> None:
    """Two contacts of one person become one; which of them survives is chance."""
    books = day.books
    books.doubles = [pair for pair in books.doubles if all(one in books.contacts.facts for one in pair)]
    if not books.doubles:
        return
    pair = list(books.doubles.pop(day.drawn.randrange(len(books.doubles))))
    day.drawn.shuffle(pair)
    merge(day, books.contacts.facts[pair[0]], books.contacts.facts[pair[1]], at)


def merge(day: Day, master: Contact, lost: Contact, at: int) -> None:
    """Let the master take over e-mails, phones, tags, deals and payments; the other is deleted for good."""
    books = day.books
    kept, gone = books.contact(master), books.contact(lost)
    moved = [books.opportunities.facts[one["id"]] for one in gone["opportunities"]]
    day.change(
        master,
        at,
        additionalEmails=_united(kept, gone, "email", "additionalEmails"),
        additionalPhones=_united(kept, gone, "phone", "additionalPhones"),
        tags=list(dict.fromkeys([*kept["tags"], *gone["tags"]])),
        opportunities=[*kept["opportunities"], *gone["opportunities"]],
    )
    books.contacts.remove(lost.id, at)
    for deal in moved:
        changed = deal._replace(contact=master.id, person=master.person, copy=master.copy, updated=at)
        books.opportunities.put(changed, at)
    books.rewrite_money(lost.id, master.id, at)


def _texts(entries: list[Any], key: str) -> list[str]:
    found = (one.get(key) if isinstance(one, dict) else one for one in entries)
    return [text.strip() for text in found if text and text.strip()]


def _united(kept: dict[str, Any], gone: dict[str, Any], key: str, more: str) -> list[dict[str, str]]:
    texts = [*_texts(kept[more], key), *_texts([gone[key]], key), *_texts(gone[more], key)]
    own = (kept[key] or "").strip().lower()
    unique = dict.fromkeys(text for text in texts if text.lower() != own)
    return [{key: text} for text in unique]


_OFTEN: tuple[tuple[Callable[[Day, int], None], int], ...] = (
    (_newcomer, 2),
    (_correction, 3),
    (_tags, 2),
    (_second_email, 1),
    (_lost_email, 1),
    (_deletion, 1),
)

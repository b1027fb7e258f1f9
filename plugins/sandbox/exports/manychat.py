"""ManyChat's subscriber lists: Messenger's with commas, WhatsApp's with semicolons and a byte order mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.appearances import TAGS, Appearance, appearances
from sandbox.draws import spread
from sandbox.exports.export import Dialect, Export

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.people import Person, World

_TAGS = spread((("", 40), ("bienvenida", 25), ("bienvenida, carrito", 20), ("curso;2026", 5), ("opt-in", 10)))


def _channel(*, phone_only: bool) -> Callable[[World, Person], Iterator[Appearance]]:
    def subscribers(world: World, person: Person) -> Iterator[Appearance]:
        seen = appearances(world, person, "manychat")
        return (subscriber for subscriber in seen if (not subscriber.sighting.email) is phone_only)

    return subscribers


def _list(name: str, dialect: Dialect, *, phone_only: bool) -> Export[Appearance]:
    return Export(
        name=name,
        kind="manychat_subscribers",
        source="manychat",
        lines=_channel(phone_only=phone_only),
        own_id=lambda subscriber: subscriber.id,
        dialect=dialect,
        phone_columns=("Phone",),
        columns=(
            ("Subscriber ID", lambda subscriber: subscriber.id),
            ("Phone", lambda subscriber: subscriber.phone),
            ("First Name", lambda subscriber: subscriber.given),
            ("Last Name", lambda subscriber: subscriber.family),
            ("Email", lambda subscriber: subscriber.email),
            ("Tags", lambda subscriber: _TAGS[subscriber.numbers[TAGS] % 100]),
        ),
    )


SUBSCRIBERS = _list("manychat", Dialect(), phone_only=False)
WHATSAPP = _list("manychat_whatsapp", Dialect(delimiter=";", encoding="utf-8-sig", line_end="\r\n"), phone_only=True)

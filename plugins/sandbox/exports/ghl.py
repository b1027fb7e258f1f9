"""GoHighLevel's contact export: the default columns and four more that this business shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.appearances import ACTIVITY, CHOICE, DETAIL, TAGS, Appearance, appearances
from sandbox.draws import chance, spread
from sandbox.exports.export import Export
from sandbox.exports.formats import iso, shifted, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.people import Person, World

_LOS_ANGELES = -7
_TAGS = spread(
    (
        ("", 30),
        ("cliente", 20),
        ("cliente, curso-2026", 15),
        ("lead, instagram", 15),
        ("Lead", 10),
        ("vip, cliente, méxico", 10),
    )
)
_SHOPS = spread((("", 90), ("Tienda Ñandú, S.A. de C.V.", 4), ("Estudio Río", 3), ('Café "El Sol"', 3)))
_OPPORTUNITIES = spread((("", 85), ("Membresía - open", 10), ("Curso - won", 5)))


def _contacts(world: World, person: Person) -> Iterator[Appearance]:
    return appearances(world, person, "ghl")


def _created(contact: Appearance) -> str:
    return f"{iso(shifted(contact.created, _LOS_ANGELES), 'T')}-07:00"


def _last_activity(contact: Appearance) -> str:
    created = contact.created
    seconds = created + ((contact.now - created) * contact.numbers[ACTIVITY] >> 16)
    return spoken(shifted(seconds, _LOS_ANGELES))


CONTACTS: Export[Appearance] = Export(
    name="ghl_contacts",
    kind="ghl_contacts",
    source="ghl",
    lines=_contacts,
    own_id=lambda contact: contact.id,
    phone_columns=("Phone",),
    columns=(
        ("Contact Id", lambda contact: contact.id),
        ("First Name", lambda contact: contact.given),
        ("Last Name", lambda contact: contact.family),
        ("Phone", lambda contact: contact.phone),
        ("Email", lambda contact: contact.email),
        ("Created", _created),
        ("Last Activity", _last_activity),
        ("Tags", lambda contact: _TAGS[contact.numbers[TAGS] % 100]),
        ("Country", lambda contact: contact.person.country.code),
        ("Opportunities", lambda contact: _OPPORTUNITIES[contact.numbers[DETAIL] % 100]),
        ("Business Name", lambda contact: _SHOPS[contact.numbers[CHOICE] % 100]),
        ("DND", lambda contact: "true" if chance(contact.numbers[DETAIL], 4) else "false"),
        ("Stripe Customer ID", lambda contact: contact.linked_id("stripe")),
        ("ManyChat ID", lambda contact: contact.linked_id("manychat")),
    ),
)

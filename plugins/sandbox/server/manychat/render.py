"""Writes subscribers as ManyChat does: one form when asked, another when it pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.appearances import ACTIVITY, CHOICE, DETAIL, NOTE, PRODUCTS, TAGS, appearances
from sandbox.exports.formats import iso, shifted
from sandbox.exports.manychat import SUBSCRIBERS
from sandbox.server.manychat import definitions
from sandbox.server.manychat.definitions import CUSTOM_FIELDS, Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.appearances import Appearance
    from sandbox.server.manychat.facts import Page, Subscriber

OFFSET_HOURS = -6
"""The page stands in Mexico City, and so do all its times."""
PAGE_TIMEZONE = "America/Mexico_City"
_DAY = 86_400
_FIRST_IG_ID = 17_841_400_000_000_000
_LOCALES = {"es": ("es_LA", "Spanish"), "pt": ("pt_BR", "Portuguese"), "en": ("en_US", "English")}
_TAG_NAMES = dict(SUBSCRIBERS.columns)["Tags"]
_LINK_OF_THE_CRM = {"ghl": "manychat", "stripe": "stripe"}
"""A chat holds the CRM's id where the CRM holds the chat's, and a Stripe id where the CRM holds it too."""
_NO_CONTACT: dict[str, str | None] = {"email": None, "phone": None, "whatsapp_phone": None}


def local(seconds: int) -> str:
    """Write a time with the page's offset."""
    return f"{iso(shifted(seconds, OFFSET_HOURS), 'T')}{OFFSET_HOURS:+03d}:00"


def channel(seen: Appearance) -> str:
    """Where the person writes from; a second channel is always Instagram."""
    if seen.copy:
        return "instagram"
    if not seen.sighting.email:
        return "whatsapp"
    return "instagram" if seen.numbers[CHOICE] % 5 < 2 else "messenger"


def contact(subscriber: Subscriber, seen: Appearance) -> dict[str, str | None]:
    """Give e-mail, phone and WhatsApp number: those who write by WhatsApp often have no system phone."""
    known = dict(_NO_CONTACT)
    if not seen.copy:
        digits = seen.phone.lstrip("+")
        known["email"] = seen.email.strip() or None
        if channel(seen) == "whatsapp":
            known["whatsapp_phone"] = digits or None
        if digits and (channel(seen) != "whatsapp" or seen.numbers[DETAIL] % 10 < 4):
            known["phone"] = f"+{digits}"
    return {kind: subscriber.changes.get(kind, value) for kind, value in known.items()}


def pull(page: Page, subscriber: Subscriber) -> dict[str, Any]:
    """Write the answer to getInfo and its like."""
    seen = page.seen(subscriber)
    values = ((field, field_value(page, subscriber, seen, field)) for field in CUSTOM_FIELDS)
    fields = [{**field._asdict(), "value": value} for field, value in values]
    tags = subscriber.changes.get("tags", tags_of(seen))
    return {
        **_common(page, subscriber, seen),
        "page_id": page.id,
        "user_refs": _user_refs(subscriber, seen),
        **_channels(subscriber, seen),
        "custom_fields": fields,
        "tags": [{"id": definitions.TAGS[tag], "name": tag} for tag in tags],
    }


def push(page: Page, subscriber: Subscriber) -> dict[str, Any]:
    """Write what an External Request sends: numbers as ids, fields by name (an empty list if there are none)."""
    seen = page.seen(subscriber)
    values = {field.name: field_value(page, subscriber, seen, field) for field in CUSTOM_FIELDS}
    return {
        **_common(page, subscriber, seen),
        **_channels(subscriber, seen),
        "id": int(subscriber.id),
        "key": f"user:{subscriber.id}",
        "page_id": int(page.id),
        "status": "active",
        "last_growth_tool": None,
        "custom_fields": {field: value for field, value in values.items() if value is not None} or [],
    }


def tags_of(seen: Appearance) -> list[str]:
    """Give the tags as the CSV export has them."""
    return [] if seen.copy else [tag for tag in _TAG_NAMES(seen).split(", ") if tag]


def field_value(page: Page, subscriber: Subscriber, seen: Appearance, field: Field) -> Any:
    """Give the value of a custom field, None where it has none."""
    if str(field.id) in subscriber.changes:
        return subscriber.changes[str(field.id)]
    if seen.copy:
        return None
    return _VALUES[field](page, seen)


def _common(page: Page, subscriber: Subscriber, seen: Appearance) -> dict[str, Any]:
    locale, language = _LOCALES[seen.person.language]
    active = min(subscriber.created + seen.numbers[ACTIVITY] * 60, max(page.world.now, subscriber.created))
    written = {
        "id": subscriber.id,
        "first_name": seen.given,
        "last_name": seen.family,
        "name": seen.full_name,
        "gender": ("male", "female", None)[seen.numbers[NOTE] % 3],
        "profile_pic": f"https://manybot-thumbnails.example/{subscriber.id}.jpg",
        "locale": locale,
        "language": language,
        "timezone": f"UTC{OFFSET_HOURS:+03d}",
        "live_chat_url": f"https://app.manychat.example/fb{page.id}/chat/{subscriber.id}",
        "last_input_text": ("Hola", "Quiero información 🙏", "precio?", None)[seen.numbers[NOTE] % 4],
        "subscribed": local(subscriber.created),
        "last_interaction": local(active),
        "last_seen": local(active),
        "is_followup_enabled": True,
    }
    return {key: subscriber.changes.get(key, value) for key, value in written.items()}


def _channels(subscriber: Subscriber, seen: Appearance) -> dict[str, Any]:
    on_instagram = channel(seen) == "instagram"
    known = contact(subscriber, seen)
    written = {
        "optin_phone": known["phone"] is not None,
        "phone": known["phone"],
        "optin_email": known["email"] is not None and seen.numbers[DETAIL] % 4 > 0,
        "email": known["email"],
        "ig_username": f"{seen.person.given.slug}.{seen.person.index}" if on_instagram else None,
        "ig_id": _FIRST_IG_ID + seen.serial * 7 + 1 if on_instagram else None,
        "whatsapp_phone": known["whatsapp_phone"],
        "optin_whatsapp": known["whatsapp_phone"] is not None,
    }
    newer = {"phone_country_code": None, "tt_username": None} if seen.numbers[DETAIL] % 2 else {}
    return {**{key: subscriber.changes.get(key, value) for key, value in written.items()}, **newer}


def _user_refs(subscriber: Subscriber, seen: Appearance) -> list[dict[str, str]]:
    if channel(seen) != "messenger":
        return []
    return [{"user_ref": f"ref_{seen.serial}", "opted_in": local(subscriber.created)}]


def _other_id(page: Page, seen: Appearance, source: str) -> str | None:
    """Give the person's id elsewhere where the world's records link the two."""
    if linked := seen.linked_id(source):
        return linked
    in_crm = next(iter(seen.person.life.by_source["ghl"]), None)
    if in_crm is None or in_crm.link != _LINK_OF_THE_CRM[source] or seen.person.case.name != "plain":
        return None
    return next((other.id for other in appearances(page.world, seen.person, source)), None)


def _points(seen: Appearance) -> float | int:
    """Half points are written with their decimal, whole ones without."""
    drawn = seen.numbers[TAGS] % 80
    return drawn / 2 if drawn % 2 else drawn // 2


_VALUES: dict[Field, Callable[[Page, Appearance], Any]] = {
    definitions.STRIPE_ID: lambda page, seen: _other_id(page, seen, "stripe"),
    definitions.GHL_ID: lambda page, seen: _other_id(page, seen, "ghl"),
    definitions.PRODUCT: lambda _page, seen: PRODUCTS[seen.numbers[NOTE] % 6][0] if seen.serial % 8 else None,
    definitions.POINTS: lambda _page, seen: _points(seen) if seen.serial % 16 else None,
    definitions.BOUGHT: lambda _page, seen: local(seen.created)[:10] if seen.serial % 12 else None,
    definitions.APPOINTMENT: lambda _page, seen: local(seen.created + _DAY) if seen.serial % 5 == 0 else None,
    definitions.AGREES: lambda _page, seen: bool(seen.numbers[DETAIL] % 2),
    definitions.BUCKET: lambda page, seen: seen.numbers[CHOICE] % page.buckets + 1,
}

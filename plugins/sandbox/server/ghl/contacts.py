"""A contact as the search writes it, and as every other address does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.appearances import ACTIVITY, TAGS
from sandbox.cases import PLAIN
from sandbox.draws import chance
from sandbox.exports.ghl import CONTACTS
from sandbox.phones import e164
from sandbox.server.ghl.facts import DAY, SECOND, date, iso, new_id, uuid
from sandbox.server.ghl.setup import INTERESTS, field_id, pipeline_id, stage_id, user_id

if TYPE_CHECKING:
    from sandbox.appearances import Appearance
    from sandbox.server.ghl.facts import Contact, Opportunity

Object = dict[str, Any]
_EXPORT = dict(CONTACTS.columns)
CHANNELS = ("Call", "Email", "SMS", "WhatsApp", "GMB", "FB")
# What each of an appearance's numbers decides; appearances has the lower ones.
ASSIGNED, MORE, FIELDS, BIRTH, THOUSANDTHS, SOURCE, CONSENT, PAID, INVOICED = range(22, 31)
_SOURCES = ("website", "Instagram", "Formulario de acuarela", None)
_EARLIEST_BIRTH = -20 * 365 * DAY
_BIRTHS = 55 * 365


def exported(seen: Appearance, column: str) -> str:
    """Give what the contact export shows in a column."""
    return _EXPORT[column](seen)


def email_of(seen: Appearance) -> str | None:
    """Give the e-mail as typed, or nothing."""
    return seen.email or None


def changed_at(seen: Appearance, added: int) -> int:
    """Give the moment of the last change until the world's present: the last activity of the export."""
    second = seen.created + ((seen.now - seen.created) * seen.numbers[ACTIVITY] >> 16)
    return max(added, second * SECOND + seen.numbers[TAGS] % SECOND)


def first_opportunity(seen: Appearance) -> tuple[str, str] | None:
    """Give name and status of the deal that the export shows, if any."""
    name, _, status = exported(seen, "Opportunities").partition(" - ")
    return (name, status) if name else None


def more_emails(seen: Appearance) -> list[Any]:
    """Give the further e-mails in one of the shapes that occur: texts, objects, blanks."""
    email = _more(seen, seen.person.email("second"), 0)
    return _shaped(email, "email", seen.numbers[MORE] // 100) if email else _blank(seen)


def more_phones(seen: Appearance) -> list[Any]:
    """Give the further phones, in the same shapes."""
    phone = seen.person.phone("second")
    found = _more(seen, e164(phone) if phone else "", 8)
    return _shaped(found, "phone", seen.numbers[MORE] // 100) if found else _blank(seen)


def _more(seen: Appearance, found: str, first: int) -> str:
    """Only plain people have more than one, so that no hard case becomes an easy one."""
    fits = seen.person.case is PLAIN and seen.copy == 0 and first <= seen.numbers[MORE] % 100 < first + 12
    return found if fits else ""


def _shaped(text: str, key: str, drawn: int) -> list[Any]:
    shapes: tuple[list[Any], ...] = ([text], [{key: text}], ["", text], [{key: text}, {key: ""}, None], [f" {text} "])
    return shapes[drawn % len(shapes)]


def _blank(seen: Appearance) -> list[Any]:
    return [""] if seen.numbers[MORE] % 100 == 99 else []


def _custom_fields(seen: Appearance, location: str) -> list[Object]:
    drawn = seen.numbers[FIELDS]
    found: list[tuple[str, Any]] = []
    for key, source in (("stripe_customer_id", "stripe"), ("manychat_id", "manychat")):
        if linked := seen.linked_id(source):
            found.append((key, linked))
    if chance(drawn, 15):
        found.append(("puntos", drawn // 100))
    if chance(drawn, 8):
        found.append(("intereses", list(INTERESTS[: 1 + drawn % 3])))
    if chance(drawn, 3):
        found.append(("comprobante", _file(seen)))
    if drawn % 100 == 99:
        found.append(("notas", 'Prefiere "acuarela"\nlos sábados; pago\u00a0en efectivo'))
    return [{"id": field_id(location, key), "value": value} for key, value in found]


def _file(seen: Appearance) -> Object:
    name = f"pago-{seen.serial}.pdf"
    meta = {"fieldname": "comprobante", "originalname": name, "mimetype": "application/pdf", "size": 48_213}
    return {uuid(seen.id): {"meta": meta, "url": f"https://files.example/{seen.id}/{name}", "documentId": seen.id}}


def consent(dnd: bool, drawn: int) -> Object:
    """Give `dnd` with its channels: now and then it is on while every channel is inactive, or none is known."""
    channels = CHANNELS if dnd else CHANNELS[drawn % 3 : drawn % 3 + 1]
    status = "active" if dnd and drawn % 3 else "inactive"
    if not dnd and drawn % 10:
        channels = ()
    settings = {channel: {"status": status, "message": "", "code": ""} for channel in channels}
    if not dnd and drawn % 100 == 10:
        settings["SMS"] = {"status": "permanent", "message": "STOP", "code": "21610"}
    inbound = {"all": {"status": "active", "message": ""}} if dnd and drawn % 4 == 0 else {}
    return {"dnd": dnd, "dndSettings": settings, "inboundDndSettings": inbound}


def summary(location: str, deal: Opportunity) -> Object:
    """Write a deal as a contact shows it."""
    pipeline, stage = stage_of(deal.name, deal.status)
    return {
        "pipelineId": pipeline_id(location, pipeline),
        "id": deal.id,
        "monetaryValue": value_of(deal.id),
        "pipelineStageId": stage_id(location, pipeline, stage),
        "status": deal.status,
    }


def stage_of(name: str, status: str) -> tuple[int, int]:
    """Give pipeline and stage of a deal."""
    pipeline = 1 if name == "Membresía" else 0
    return pipeline, {"open": 1, "won": 2, "lost": 0, "abandoned": 0}[status]


def value_of(identity: str) -> float:
    """Give what a deal is worth."""
    return sum(identity.encode()) % 90 * 10 + 9.5


def _origin(seen: Appearance) -> Object:
    if seen.numbers[SOURCE] % 5 == 4:
        return {"sessionSource": "CRM UI", "medium": "manual"}
    return {
        "sessionSource": "Social media",
        "medium": "form",
        "mediumId": new_id("form"),
        "url": "https://estudio-acuarela.example/curso",
        "utmSource": "ig",
    }


def found(seen: Appearance, contact: Contact, location: str, deal: Object | None) -> Object:
    """Write a contact as the search does, without `searchAfter`: that depends on the sort."""
    person, numbers = seen.person, seen.numbers
    assigned, source = numbers[ASSIGNED], _SOURCES[numbers[SOURCE] % len(_SOURCES)]
    born = chance(numbers[BIRTH], 30)
    written = {
        "id": contact.id,
        "firstName": seen.given,
        "lastName": seen.family,
        "email": email_of(seen),
        "phone": seen.phone or None,
        "additionalEmails": more_emails(seen),
        "additionalPhones": more_phones(seen),
        "type": "customer" if numbers[TAGS] % 100 >= 70 else "lead",
        "locationId": location,
        "assignedTo": user_id(location, assigned) if chance(assigned // 8, 40) else None,
        "tags": [tag for tag in exported(seen, "Tags").split(", ") if tag],
        "customFields": _custom_fields(seen, location),
        **consent(exported(seen, "DND") == "true", numbers[CONSENT]),
        "country": person.country.code,
        "city": person.place.city,
        "state": person.place.state,
        "postalCode": person.place.postal_code,
        "website": None,
        "address": f"Calle {1 + assigned % 400}" if chance(assigned // 100, 50) else None,
        "businessName": None,
        "companyName": exported(seen, "Business Name") or None,
        "dateOfBirth": (_EARLIEST_BIRTH + numbers[BIRTH] * 7919 % _BIRTHS * DAY) * SECOND if born else None,
        "timezone": None,
        "source": source,
        "followers": [],
        "validEmail": None,
        "phoneLabel": None,
        "businessId": None,
        "opportunities": [deal] if deal else [],
        "attributionSource": _origin(seen),
        "lastAttributionSource": {},
        **contact.changes,
        "dateAdded": iso(contact.added),
        "dateUpdated": iso(contact.updated),
    }
    first, last = written["firstName"] or "", written["lastName"] or ""
    written["firstNameLowerCase"], written["lastNameLowerCase"] = first.lower(), last.lower()
    written["contactName"] = f"{first} {last}".strip().lower()
    return written


def single(written: Object, seen: Appearance) -> Object:
    """Bring a contact from the search's shape into that of every other address."""
    shown = dict(written)
    shown["address1"] = shown.pop("address")
    if shown["dateOfBirth"] is not None:
        shown["dateOfBirth"] = date(shown["dateOfBirth"])
    for only_in_search in ("contactName", "businessName", "opportunities", "validEmail", "phoneLabel"):
        del shown[only_in_search]
    name, email = written["contactName"], written["email"]
    origin = {"source": "FORM", "channel": "OAUTH", "sourceId": new_id("form"), "timestamp": written["dateAdded"]}
    return {
        **shown,
        "fullNameLowerCase": name,
        "emailLowerCase": email.lower() if email else None,
        "lastActivity": iso(changed_at(seen, 0)),
        "createdBy": origin,
        "visitorId": None,
    }

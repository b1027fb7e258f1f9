"""The plain lists: what a location has set up, the old list of contacts, payments and invoices by offset."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from sandbox.server.ghl import contacts, errors
from sandbox.server.ghl.facts import DAY, SECOND

if TYPE_CHECKING:
    from sandbox.server.ghl.books import Books
    from sandbox.server.ghl.facts import Contact
    from sandbox.server.wire import Request

Object = dict[str, Any]
_MOST_CONTACTS = 100
_FIRST_DAY = date(1970, 1, 1)


class Asked(NamedTuple):
    """A request that was let in: what was given in its path, query and body."""

    books: Books
    stream: str
    given: dict[str, Any]
    trace: str
    page_cap: int


def read_given(request: Request, parts: dict[str, str]) -> dict[str, Any]:
    """Gather what stands in the path, the query and the body."""
    if request.method == "GET":
        return {**dict(request.query), **parts}
    try:
        body = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        raise errors.bad_request("Unexpected token in JSON") from None
    if not isinstance(body, dict):
        raise errors.bad_request("Bad Request")
    return {**body, **parts}


def _all(asked: Asked) -> list[Object]:
    return list(asked.books.setup.streams[asked.stream].values())


def location(asked: Asked) -> Object:
    """Give the location itself."""
    return {"location": _all(asked)[0]}


def custom_fields(asked: Asked) -> Object:
    """Give the custom fields of contacts; those of deals have to be asked for."""
    model = asked.given.get("model", "contact")
    if model not in ("contact", "opportunity", "all"):
        raise errors.unprocessable("model must be one of the following values: contact, opportunity, all")
    return {"customFields": [one for one in _all(asked) if model in ("all", one["model"])]}


def custom_values(asked: Asked) -> Object:
    """Give the custom values."""
    return {"customValues": _all(asked)}


def tags(asked: Asked) -> Object:
    """Give the tags."""
    return {"tags": _all(asked)}


def users(asked: Asked) -> Object:
    """Give the users."""
    return {"users": _all(asked)}


def pipelines(asked: Asked) -> Object:
    """Give the pipelines."""
    return {"pipelines": _all(asked)}


def _single(books: Books, fact: Contact) -> Object:
    return contacts.single(books.contact(fact), books.appearance(fact.person, fact.copy))


def contact(asked: Asked) -> Object:
    """Give one contact as it is, whatever the search shows."""
    fact = asked.books.contacts.facts.get(asked.given["id"])
    if fact is None:
        raise errors.bad_request(f"Contact with id {asked.given['id']} not found")
    return {"contact": _single(asked.books, fact)}


def duplicate(asked: Asked) -> Object:
    """Give the contact that has an e-mail or a phone, or null."""
    books, given = asked.books, asked.given
    wanted = {value.strip().lower() for value in (given.get("email"), given.get("number")) if value}
    for fact in books.contacts.facts.values():
        seen = books.contact(fact) if fact.changes else None
        shown = (
            (seen["email"], seen["phone"])
            if seen
            else (books.appearance(fact.person, fact.copy).email, books.appearance(fact.person, fact.copy).phone)
        )
        if wanted & {value.strip().lower() for value in shown if value}:
            return {"contact": _single(books, fact)}
    return {"contact": None}


def old_contacts(asked: Asked) -> Object:
    """Answer the deprecated list: newest first, behind `startAfter` and `startAfterId`."""
    books, index = asked.books, asked.books.contacts
    limit = _number(asked, "limit", 20)
    if limit > _MOST_CONTACTS:
        raise errors.unprocessable(f"limit must not be greater than {_MOST_CONTACTS}")
    end = len(index.added)
    if "startAfter" in asked.given:
        end = bisect_left(index.added, (_number(asked, "startAfter", 0), asked.given.get("startAfterId", "")))
    keys = index.added[max(0, end - limit) : end][::-1]
    meta: Object = {
        "total": len(index.added),
        "nextPageUrl": None,
        "currentPage": 1,
        "nextPage": None,
        "prevPage": None,
    }
    if keys and end > limit:
        moment, identity = keys[-1]
        query = {"locationId": books.location, "limit": limit, "startAfter": moment, "startAfterId": identity}
        url = f"https://services.leadconnectorhq.com/contacts/?{urlencode(query)}"
        meta |= {"startAfter": moment, "startAfterId": identity, "nextPageUrl": url, "nextPage": 2}
    return {"contacts": [_single(books, index.shown[key[1]]) for key in keys], "count": len(index.added), "meta": meta}


def payments(asked: Asked) -> Object:
    """Give transactions or subscriptions, newest first, from an offset on."""
    found, total = _by_offset(asked, _number(asked, "limit", 10), _number(asked, "offset", 0))
    return {"data": found, "totalCount": total}


def invoices(asked: Asked) -> Object:
    """Give invoices, newest first; limit and offset must be given."""
    for name in ("limit", "offset"):
        if name not in asked.given:
            raise errors.unprocessable(f"{name} must be a number string")
    found, total = _by_offset(asked, _number(asked, "limit", 10), _number(asked, "offset", 0))
    return {"invoices": found, "total": total}


def _by_offset(asked: Asked, limit: int, offset: int) -> tuple[list[Object], int]:
    """Take a page out of the days that are asked for; both ends belong to it, in UTC."""
    if asked.given.get("altType") != "location":
        raise errors.unprocessable("altType must be one of the following values: location")
    index = asked.books.indexes[asked.stream]
    first = bisect_left(index.added, (_day(asked, "startAt"), "")) if "startAt" in asked.given else 0
    last = _day(asked, "endAt") + DAY * SECOND if "endAt" in asked.given else None
    end = len(index.added) if last is None else bisect_left(index.added, (last, ""))
    keys = index.added[first : max(first, end)][::-1]
    if wanted := asked.given.get("contactId"):
        keys = [key for key in keys if index.facts[key[1]].contact == wanted]
    page = keys[offset : offset + min(limit, asked.page_cap)]
    return [asked.books.render(asked.stream, index.facts[identity]) for _, identity in page], len(keys)


def _day(asked: Asked, name: str) -> int:
    try:
        return (date.fromisoformat(asked.given[name]) - _FIRST_DAY).days * DAY * SECOND
    except ValueError:
        raise errors.unprocessable(f"{name} must be in the format YYYY-MM-DD") from None


def _number(asked: Asked, name: str, default: int) -> int:
    try:
        number = int(asked.given.get(name, default))
    except ValueError:
        raise errors.unprocessable(f"{name} must be a number") from None
    if number < 0:
        raise errors.unprocessable(f"{name} must not be less than 0")
    return number

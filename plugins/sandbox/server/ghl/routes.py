"""The addresses that read: which stream each needs the scope of, which location it asks for, and its answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sandbox.server.ghl import errors, lists

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.server.ghl.lists import Asked
    from sandbox.server.wire import Request

Object = dict[str, Any]


class Route(NamedTuple):
    """`location` names where the location stands: in the body, the query or the path; nowhere, it is the token's."""

    method: str
    path: re.Pattern[str]
    stream: str
    location: str
    find: Callable[[Asked], Object | bytes]


def search_contacts(asked: Asked) -> bytes:
    """Answer `POST /contacts/search`: kept texts, each with its cursor behind it."""
    books, index = asked.books, asked.books.contacts
    found = books.search("contacts").page(asked.given, "pageLimit", "dateAdded")
    texts = (
        b'%b,"searchAfter":%b}' % (books.written(index.shown[cursor[-1]]), msgspec.json.encode(cursor))
        for cursor in found.cursors
    )
    return b'{"contacts":[%b],"total":%d,"traceId":"%b"}' % (b",".join(texts), found.total, asked.trace.encode())


def search_opportunities(asked: Asked) -> Object:
    """Answer `POST /opportunities/search`."""
    books, index = asked.books, asked.books.opportunities
    found = books.search("opportunities").page(asked.given, "limit", "date_added")
    shown = [
        {**books.render("opportunities", index.shown[cursor[-1]]), "searchAfter": cursor} for cursor in found.cursors
    ]
    return {"opportunities": shown, "total": found.total, "aggregations": {}}


ROUTES = tuple(
    Route(method, re.compile(path), stream, location, find)
    for method, path, stream, location, find in (
        ("POST", "/contacts/search/?", "contacts", "locationId", search_contacts),
        ("GET", "/contacts/search/duplicate", "contacts", "locationId", lists.duplicate),
        ("GET", "/contacts/?", "contacts", "locationId", lists.old_contacts),
        ("GET", r"/contacts/(?P<id>\w+)", "contacts", "", lists.contact),
        ("GET", r"/locations/(?P<location>\w+)", "location", "location", lists.location),
        ("GET", r"/locations/(?P<location>\w+)/customFields", "custom_fields", "location", lists.custom_fields),
        ("GET", r"/locations/(?P<location>\w+)/customValues", "custom_values", "location", lists.custom_values),
        ("GET", r"/locations/(?P<location>\w+)/tags", "tags", "location", lists.tags),
        ("GET", "/users/?", "users", "locationId", lists.users),
        ("POST", "/opportunities/search", "opportunities", "locationId", search_opportunities),
        ("GET", "/opportunities/pipelines", "pipelines", "locationId", lists.pipelines),
        ("GET", "/payments/transactions/?", "payment_transactions", "altId", lists.payments),
        ("GET", "/payments/subscriptions/?", "payment_subscriptions", "altId", lists.payments),
        ("GET", "/invoices/?", "invoices", "altId", lists.invoices),
    )
)


def route(request: Request) -> tuple[Route, dict[str, str]]:
    """Find the address, and the parts of its path."""
    for one in ROUTES:
        if one.method == request.method and (found := one.path.fullmatch(request.path)):
            return one, found.groupdict()
    raise errors.no_route(request.method, request.path)

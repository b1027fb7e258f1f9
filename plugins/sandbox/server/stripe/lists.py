"""The list protocol: newest first, by cursor, with filters and expansions; nested lists end after ten."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.server.stripe.errors import bad_parameter, missing
from sandbox.server.stripe.events import RETENTION, event_matches, shown_event
from sandbox.server.stripe.facts import Refund
from sandbox.server.stripe.index import Index, Span
from sandbox.server.stripe.render import render, whole_list
from sandbox.server.stripe.versions import in_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.server.stripe.books import Books
    from sandbox.server.stripe.params import Wish

Object = dict[str, Any]
_NESTED_LIMIT = 10
_NESTED = {"invoices": "lines", "subscriptions": "items", "credit_notes": "lines"}
_ENDED = ("canceled", "incomplete_expired")
_MOST_TYPES = 20

FILTERS: dict[str, tuple[str, ...]] = {
    "customers": ("email",),
    "charges": ("customer", "payment_intent"),
    "payment_intents": ("customer",),
    "invoices": ("customer", "status", "subscription", "collection_method"),
    "subscriptions": ("customer", "status", "collection_method"),
    "refunds": ("charge", "payment_intent"),
    "disputes": ("charge", "payment_intent"),
    "balance_transactions": ("type", "source", "payout", "currency"),
    "payouts": ("status",),
    "credit_notes": ("customer", "invoice"),
    "checkout_sessions": ("customer", "status", "payment_intent"),
    "invoice_payments": ("invoice", "status", "payment[type]", "payment[payment_intent]"),
    "products": ("active",),
    "prices": ("active", "product", "currency", "type"),
    "events": ("type", "types", "delivery_success"),
}
"""What each list can be filtered by, next to `created`."""
_EXPANDABLE: dict[str, dict[str, str]] = {
    "charges": {
        "customer": "customers",
        "balance_transaction": "balance_transactions",
        "payment_intent": "payment_intents",
    },
    "payment_intents": {"customer": "customers", "latest_charge": "charges"},
    "invoices": {"customer": "customers"},
    "subscriptions": {"customer": "customers"},
    "refunds": {
        "charge": "charges",
        "payment_intent": "payment_intents",
        "balance_transaction": "balance_transactions",
    },
    "disputes": {"charge": "charges", "payment_intent": "payment_intents"},
    "payouts": {"balance_transaction": "balance_transactions"},
    "checkout_sessions": {"customer": "customers", "payment_intent": "payment_intents"},
    "prices": {"product": "products"},
}


def page(books: Books, stream: str, url: str, wish: Wish, version: str) -> Object:
    """Answer a list request."""
    shows = _chosen(books, stream, wish)
    index = books.streams[stream]
    _check_cursor(index, stream, wish)
    span = _kept(books, wish.span) if stream == "events" else wish.span
    if wish.ending_before is not None:
        candidates = index.newer(span, wish.ending_before)
    else:
        candidates = index.older(span, wish.starting_after)
    found = list(islice(filter(shows, candidates), wish.limit + 1))
    has_more, found = len(found) > wish.limit, found[: wish.limit]
    if wish.ending_before is not None:
        found.reverse()
    fields = [_list_field(path) for path in wish.expand]
    data = [shown(books, stream, identity, version, fields) for identity in found]
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def shown(books: Books, stream: str, identity: str, version: str, expand: list[str]) -> Object:
    """Write an object as a request sees it."""
    if stream == "events":
        return shown_event(books, books.streams["events"].fact(identity))
    written = in_version(render(books, stream, identity), stream, version, invoice_of(books, stream, identity))
    for field in expand:
        _expand(books, stream, written, field)
    nested = written.get(_NESTED.get(stream, ""))
    return {**written, _NESTED[stream]: _cut(nested)} if nested else written


def invoice_of(books: Books, stream: str, identity: str) -> str:
    """Give the invoice that older versions name in charges and payment intents."""
    return books.streams[stream].fact(identity).invoice if stream in ("charges", "payment_intents") else ""


def nested_page(items: list[Object], url: str, wish: Wish) -> Object:
    """Answer a nested list's own address."""
    ids = [item["id"] for item in items]
    start, end = 0, len(items)
    if wish.cursor:
        param, identity = wish.cursor
        if identity not in ids:
            raise missing("object", identity, param, 400)
        place = ids.index(identity)
        start, end = (place + 1, end) if param == "starting_after" else (max(0, place - wish.limit), place)
        if param == "ending_before":
            return {**whole_list(url, items[start:end]), "has_more": start > 0}
    return {**whole_list(url, items[start : start + wish.limit]), "has_more": end - start > wish.limit}


def refunds_of(books: Books, charge: str) -> list[Object]:
    """Write all refunds of a charge, the newest first."""
    refunds: list[Refund] = books.streams["charges"].fact(charge).refunds
    return [render(books, "refunds", refund.id) for refund in reversed(refunds)]


def _cut(nested: Object) -> Object:
    data = nested["data"]
    return {**nested, "data": data[:_NESTED_LIMIT], "has_more": len(data) > _NESTED_LIMIT}


def _check_cursor(index: Index, stream: str, wish: Wish) -> None:
    if wish.cursor and wish.cursor[1] not in index.facts:
        raise missing(KINDS[stream], wish.cursor[1], wish.cursor[0], 400)


def _kept(books: Books, span: Span) -> Span:
    return Span(max(span.first, books.clock.now - RETENTION), span.end)


def _chosen(books: Books, stream: str, wish: Wish) -> Callable[[str], bool]:
    filters = dict(wish.filters)
    if stream == "events":
        types = filters.get("types", []) + filters.get("type", [])
        if len(filters.get("types", [])) > _MOST_TYPES:
            raise bad_parameter("You may only specify up to 20 event types.", "types")
        facts = books.streams["events"]
        return lambda identity: not types or event_matches(facts.fact(identity), types)
    if stream == "subscriptions":
        return _of_status(books, filters)
    return _with_values(books, stream, filters)


def _of_status(books: Books, filters: dict[str, list[str]]) -> Callable[[str], bool]:
    """The trap: without `status` the cancelled ones are hidden."""
    status = filters.pop("status", ["current"])[-1]
    others = _with_values(books, "subscriptions", filters)
    facts = books.streams["subscriptions"]
    if status not in ("current", "all", "ended", "active", "past_due", "trialing", "unpaid", "incomplete", *_ENDED):
        raise bad_parameter(f"Invalid status: {status}", "status")

    def shows(identity: str) -> bool:
        now = facts.fact(identity).status
        fits = {"all": True, "current": now not in _ENDED, "ended": now in _ENDED}.get(status, now == status)
        return fits and others(identity)

    return shows


def _with_values(books: Books, stream: str, filters: dict[str, list[str]]) -> Callable[[str], bool]:
    if not filters:
        return lambda _identity: True
    return lambda identity: all(_value(books, stream, identity, name) == values[-1] for name, values in filters.items())


def _value(books: Books, stream: str, identity: str, name: str) -> str | None:
    if name == "payout":
        payout: str = books.streams[stream].fact(identity).payout
        return payout
    value: Any = render(books, stream, identity)
    if stream == "invoices" and name == "subscription":
        value, name = (value["parent"] or {}).get("subscription_details") or {}, "subscription"
    for part in name.rstrip("]").split("["):
        value = value.get(part)
    return str(value).lower() if isinstance(value, bool) else value


def _list_field(path: str) -> str:
    head, _, field = path.partition(".")
    if head != "data" or not field:
        message = f"This property cannot be expanded ({path}). You may want to try expanding 'data.{path}' instead."
        raise bad_parameter(message, "expand")
    return field


def _expand(books: Books, stream: str, written: Object, field: str) -> None:
    if (stream, field) == ("charges", "refunds"):
        written["refunds"] = _cut(whole_list(f"/v1/charges/{written['id']}/refunds", refunds_of(books, written["id"])))
    elif (stream, field) == ("invoices", "payments"):
        paid = [render(books, "invoice_payments", one) for one in _payments_of(books, written["id"])]
        written["payments"] = whole_list(f"/v1/invoice_payments?invoice={written['id']}", paid)
    elif field in _EXPANDABLE.get(stream, {}):
        target = _EXPANDABLE[stream][field]
        if written[field]:
            written[field] = stub_or_object(books, target, written[field])
    else:
        raise bad_parameter(f"This property cannot be expanded ({field}).", "expand")


def stub_or_object(books: Books, stream: str, identity: str) -> Object:
    """Write an object, or what is left of a customer that was deleted."""
    if identity in books.streams[stream].deleted:
        return {"id": identity, "object": KINDS[stream], "deleted": True}
    return render(books, stream, identity)


def _payments_of(books: Books, invoice: str) -> Iterator[str]:
    index = books.streams["invoice_payments"]
    return (identity for _, identity in index.keys if index.fact(identity).sale.invoice == invoice)


KINDS = {
    "customers": "customer",
    "charges": "charge",
    "payment_intents": "payment_intent",
    "invoices": "invoice",
    "subscriptions": "subscription",
    "refunds": "refund",
    "disputes": "dispute",
    "balance_transactions": "balance_transaction",
    "payouts": "payout",
    "credit_notes": "credit_note",
    "checkout_sessions": "checkout.session",
    "invoice_payments": "invoice_payment",
    "products": "product",
    "prices": "price",
    "events": "event",
}
"""What an object of each stream calls itself."""

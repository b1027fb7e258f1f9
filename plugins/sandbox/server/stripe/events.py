"""Events: kept for thirty days, newest first, written in the API version of the account and not of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.server.stripe.facts import DAY, Event, Sale, new_id
from sandbox.server.stripe.render import RENDER
from sandbox.server.stripe.shapes import shape
from sandbox.server.stripe.versions import OLD_VERSION, in_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.server.stripe.books import Books

Object = dict[str, Any]
RETENTION = 30 * DAY

_CREATED: dict[str, str] = {
    "customers": "customer.created",
    "subscriptions": "customer.subscription.created",
    "refunds": "refund.created",
    "disputes": "charge.dispute.created",
    "payouts": "payout.created",
    "credit_notes": "credit_note.created",
    "invoice_payments": "invoice_payment.paid",
}


def event_matches(event: Event, types: Sequence[str]) -> bool:
    """Say whether an event is of one of the types; `charge.*` means all that begin so."""
    return any(event.type == one or (one.endswith("*") and event.type.startswith(one[:-1])) for one in types)


def first_events(books: Books) -> Iterator[Event]:
    """Yield what was told about everything that came in the last thirty days."""
    for stream in RENDER:
        index = books.streams[stream]
        for created, identity in index.keys:
            if created >= books.clock.now - RETENTION:
                fact = index.fact(identity)
                yield from (event(kind, stream, identity, created) for kind in _kinds(stream, fact))
    for refund in map(books.streams["refunds"].fact, books.streams["refunds"].facts):
        if refund.at >= books.clock.now - RETENTION:
            yield event("charge.refunded", "charges", refund.sale.id, refund.at, refund.id)


def event(kind: str, stream: str, object_id: str, created: int, about: str = "") -> Event:
    """Make an event whose object is as it began."""
    return Event(new_id("evt_", f"{kind}:{object_id}:{created}:{about}"), created, kind, stream, object_id)


def _kinds(stream: str, fact: Any) -> tuple[str, ...]:
    if stream == "charges":
        return ("charge.succeeded",) if fact.paid else ("charge.failed",)
    if stream == "payment_intents":
        return ("payment_intent.created", f"payment_intent.{'succeeded' if fact.paid else 'payment_failed'}")
    if stream == "invoices":
        return ("invoice.created", "invoice.paid") if isinstance(fact, Sale) else ("invoice.created",)
    if stream == "checkout_sessions":
        return ("checkout.session.completed",) if hasattr(fact, "sale") else ()
    return (_CREATED[stream],) if stream in _CREATED else ()


def shown_event(books: Books, told: Event) -> Object:
    """Write an event."""
    return {
        **shape("events"),
        "id": told.id,
        "api_version": OLD_VERSION,
        "created": told.created,
        "data": _data(books, told),
        "livemode": books.live,
        "request": {"id": new_id("req_", told.id)[:18], "idempotency_key": None},
        "type": told.type,
    }


def _data(books: Books, told: Event) -> Object:
    data: Object = {"object": told.snapshot or _as_it_began(books, told)}
    return {**data, "previous_attributes": told.previous} if told.previous else data


def _as_it_began(books: Books, told: Event) -> Object:
    facts = books.streams[told.stream].facts
    if told.object_id not in facts:
        return {"id": told.object_id}
    fact = facts[told.object_id][1]
    return in_version(RENDER[told.stream](books, fact), told.stream, OLD_VERSION, getattr(fact, "invoice", ""))

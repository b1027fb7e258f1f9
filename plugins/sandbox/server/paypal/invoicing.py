"""Invoices: a list newest first, a search by dates, and the whole invoice at its own address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.server.paypal import times
from sandbox.server.paypal.errors import bad_parameter, missing
from sandbox.server.paypal.listing import Sizes, link, page
from sandbox.server.paypal.render import money
from sandbox.server.paypal.times import zulu
from sandbox.server.vendor import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.server.paypal.books import Books
    from sandbox.server.paypal.facts import Invoice
    from sandbox.server.paypal.query import Query

Object = dict[str, Any]
_MOST_STATUSES = 5
_SIZES = Sizes(rows=100, pages=1000, usual=20)
_DUE_AFTER = 30 * DAY
_BUSINESS = "ventas@academia.example"
_MOMENTS: dict[str, Callable[[Invoice], int | None]] = {
    "creation_date_range": lambda one: one.created,
    "payment_date_range": lambda one: one.payment.at if one.payment else None,
}
_DAYS: dict[str, Callable[[Invoice], int]] = {
    "invoice_date_range": lambda one: one.created,
    "due_date_range": lambda one: one.created + _DUE_AFTER,
}
_TEXTS: dict[str, Callable[[Invoice], str]] = {
    "recipient_email": lambda one: one.payer.email,
    "recipient_first_name": lambda one: one.payer.given,
    "recipient_last_name": lambda one: one.payer.family,
    "invoice_number": lambda one: one.number,
    "currency_code": lambda one: one.currency,
}


def listed(books: Books, query: Query) -> Object:
    """Answer `GET /v2/invoicing/invoices`."""
    fields = query.text("fields", "all").lower()
    if fields not in ("all", "none"):
        raise bad_parameter("fields", fields, "The value must be all or none.")
    return _page(query, newest_first(books), short if fields == "all" else _shortest)


def search(books: Books, query: Query) -> Object:
    """Answer `POST /v2/invoicing/search-invoices`."""
    try:
        wished = msgspec.json.decode(query.body or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise bad_parameter("body", "", "The body is no JSON object.", "body") from None
    fits = [_fits(field, wish) for field, wish in wished.items() if field not in ("fields", "archived")]
    return _page(query, [one for one in newest_first(books) if all(fit(one) for fit in fits)], short)


def whole(books: Books, _query: Query, identity: str) -> Object:
    """Answer `GET /v2/invoicing/invoices/{id}`."""
    if identity not in books.invoices:
        raise missing(identity)
    return written(books.invoices[identity])


def short(one: Invoice) -> Object:
    """Write an invoice as lists show it: without items, payments and refunds."""
    billing: Object = {
        "name": {"given_name": one.payer.given, "surname": one.payer.family, "full_name": one.payer.full_name},
        "email_address": one.payer.email,
        "address": {"country_code": one.payer.country},
    }
    phone = msgspec.json.decode(one.payer.info).get("phone_number")
    if phone:
        billing["phones"] = [{**phone, "phone_type": "MOBILE"}]
    paid = one.cents if one.payment and one.status in ("PAID", "REFUNDED") else 0
    return {
        **_shortest(one),
        "invoicer": {"email_address": _BUSINESS},
        "primary_recipients": [{"billing_info": billing}],
        "amount": money(one.currency, one.cents),
        "due_amount": money(one.currency, one.cents - paid),
    }


def written(one: Invoice) -> Object:
    """Write a whole invoice."""
    item = {"name": one.product, "quantity": "1", "unit_amount": money(one.currency, one.cents)}
    more: Object = {"items": [item], "configuration": {"tax_inclusive": False, "allow_tip": False}}
    if one.payment:
        day = zulu(one.payment.at)[:10]
        common = {"type": "PAYPAL", "method": "PAYPAL", "amount": money(one.currency, one.cents)}
        paid = {**common, "payment_id": one.payment.id, "payment_date": day}
        more["payments"] = {"paid_amount": money(one.currency, one.cents), "transactions": [paid]}
        if one.status == "REFUNDED":
            refund = {**common, "refund_date": zulu(one.payment.updated)[:10]}
            more["refunds"] = {"refund_amount": money(one.currency, one.cents), "transactions": [refund]}
    return {**short(one), **more}


def _shortest(one: Invoice) -> Object:
    metadata = {"create_time": zulu(one.created), "last_update_time": zulu(one.updated)}
    if one.status == "CANCELLED":
        metadata |= {"cancel_time": zulu(one.updated), "cancelled_by": _BUSINESS}
    if one.status != "DRAFT":
        metadata["first_sent_time"] = zulu(one.created + 60)
    detail = {
        "currency_code": one.currency,
        "invoice_number": one.number,
        "invoice_date": zulu(one.created)[:10],
        "payment_term": {"term_type": "NET_30", "due_date": zulu(one.created + _DUE_AFTER)[:10]},
        "metadata": metadata,
    }
    return {
        "id": one.id,
        "status": one.status,
        "detail": detail,
        "links": [link(f"/v2/invoicing/invoices/{one.id}")],
    }


def newest_first(books: Books) -> list[Invoice]:
    """Give the invoices that were written by now."""
    past = [one for one in books.invoices.values() if one.created <= books.clock.now]
    return sorted(past, key=lambda one: (one.created, one.id), reverse=True)


def _page(query: Query, found: list[Invoice], write: Callable[[Invoice], Object]) -> Object:
    return page(query, "items", found, write, _SIZES)


def _fits(field: str, wish: Any) -> Callable[[Invoice], bool]:
    if field in _MOMENTS:
        start, end = (_read(field, wish, side, times.read) for side in ("start", "end"))
        return lambda one: (at := _MOMENTS[field](one)) is not None and start <= at <= end
    if field in _DAYS:
        first, last = (_read(field, wish, side, _read_day) for side in ("start", "end"))
        return lambda one: first <= _DAYS[field](one) // DAY * DAY <= last
    if field == "status" and isinstance(wish, list) and len(wish) <= _MOST_STATUSES:
        return lambda one: one.status in wish
    if field in _TEXTS:
        return lambda one: _TEXTS[field](one) == wish
    raise bad_parameter(field, str(wish), "Invalid search field.", "body")


def _read(field: str, wish: Any, side: str, read: Callable[[str], int | None]) -> int:
    given = str(wish.get(side, "")) if isinstance(wish, dict) else ""
    moment = read(given)
    if moment is None:
        raise bad_parameter(f"{field}/{side}", given, "Invalid date.", "body")
    return moment


def _read_day(text: str) -> int | None:
    return times.read(f"{text}T00:00:00Z")

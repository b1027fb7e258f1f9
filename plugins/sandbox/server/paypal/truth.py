"""What a perfect download holds now: published rows by key, and every object that can be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.server.paypal import balances, billing, disputes, invoicing
from sandbox.server.paypal.render import PARTS, write
from sandbox.server.paypal.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.server.paypal.books import Books
    from sandbox.server.paypal.facts import Row, Subscription

Object = dict[str, Any]


def whole(books: Books, stream: str) -> dict[str, Object]:
    """Give a stream's objects by id, as their own address shows them; of transactions all parts."""
    return _WHOLE[stream](books)


def listed(books: Books, stream: str) -> dict[str, Object]:
    """Give a stream's objects by id, as its list shows them."""
    return _LISTED[stream](books)


def keys(books: Books) -> dict[str, Row]:
    """Give the published rows by `<transaction_id>:<event_code>:<initiation_date>`, the date as the report writes it.

    Of rows with the same key, the one with the smallest amount has it as it stands, the next `:2` behind it.
    """
    found: dict[str, Row] = {}
    seen: dict[str, int] = {}
    for row in books.shelf.published(books.moment):
        key = f"{row.id}:{row.code}:{stamp(row.at, books.switches.offsets)}"
        seen[key] = place = seen.get(key, 0) + 1
        found[key if place == 1 else f"{key}:{place}"] = row
    return found


def known_subscriptions(books: Books) -> dict[str, Subscription]:
    """Give those whose id is in a published row: nobody can know the others."""
    rows = books.shelf.published(books.moment)
    ids = {row.reference: None for row in rows if row.reference_type == "SUB"}
    return {identity: books.subscriptions[identity] for identity in ids}


def _transactions(books: Books) -> dict[str, Object]:
    offsets = books.switches.offsets
    return {key: msgspec.json.decode(write(row, PARTS, offsets)) for key, row in keys(books).items()}


def _subscriptions(books: Books) -> dict[str, Object]:
    return {identity: billing.written(books, made, []) for identity, made in known_subscriptions(books).items()}


def _payments(books: Books) -> dict[str, Object]:
    known = known_subscriptions(books).values()
    return {row.id: billing.payment(row) for made in known for row in billing.past(books, made)}


_WHOLE: dict[str, Callable[[Books], dict[str, Object]]] = {
    "transactions": _transactions,
    "balances": lambda books: balances.added_up(books, books.moment.refreshed),
    "subscriptions": _subscriptions,
    "subscription_transactions": _payments,
    "plans": lambda books: {one.id: billing.plan(one) for one in books.plans.values()},
    "products": lambda books: {one.id: billing.product(one) for one in books.products.values()},
    "invoices": lambda books: {one.id: invoicing.written(one) for one in invoicing.newest_first(books)},
    "disputes": lambda books: {key: disputes.written(one) for key, one in disputes.readable(books).items()},
}
_LISTED: dict[str, Callable[[Books], dict[str, Object]]] = {
    "plans": lambda books: {one.id: billing.short_plan(one) for one in books.plans.values()},
    "products": lambda books: {one.id: billing.short_product(one) for one in books.products.values()},
    "invoices": lambda books: {one.id: invoicing.short(one) for one in invoicing.newest_first(books)},
    "disputes": lambda books: {key: disputes.short(one) for key, one in disputes.readable(books).items()},
}
STREAMS = tuple(_WHOLE)

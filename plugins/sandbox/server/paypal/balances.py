"""`GET /v1/reporting/balances`: what the rows up to a moment add up to, by currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.server.paypal import times
from sandbox.server.paypal.books import ACCOUNT_NUMBER
from sandbox.server.paypal.errors import bad_parameter, too_new
from sandbox.server.paypal.render import money
from sandbox.server.paypal.sums import Sums

if TYPE_CHECKING:
    from sandbox.server.paypal.books import Books
    from sandbox.server.paypal.query import Query

Object = dict[str, Any]
PRIMARY = "USD"


def balances(books: Books, query: Query) -> Object:
    """Answer the balances of a moment, by default of the last refresh."""
    refreshed, offsets = books.moment.refreshed, books.switches.offsets
    asked = query.moment("as_of_time")
    if asked is not None and asked < times.years_before(books.clock.now):
        raise bad_parameter("as_of_time", query.text("as_of_time"), "As of time is more than 3 years ago.")
    if asked is not None and asked > books.clock.now:
        raise too_new(books.switches.too_new_status)
    at, currency = min(refreshed, refreshed if asked is None else asked), query.text("currency_code")
    return {
        "balances": [one for one in added_up(books, at).values() if currency in ("", "ALL", one["currency"])],
        "account_id": ACCOUNT_NUMBER,
        "as_of_time": times.stamp(at, offsets),
        "last_refresh_time": times.stamp(refreshed, offsets),
    }


def added_up(books: Books, at: int) -> dict[str, Object]:
    """Give the balance of each currency at a moment."""
    key = (books.shelf.version, books.moment)
    if books.sums is None or books.sums.key != key:
        books.sums = Sums(key, list(books.shelf.published(books.moment)))
    total, held = books.sums.until(at)
    return {
        currency: {
            "currency": currency,
            "primary": currency == PRIMARY,
            "total_balance": money(currency, total[currency]),
            "available_balance": money(currency, total[currency] - held[currency]),
            "withheld_balance": money(currency, held[currency]),
        }
        for currency in sorted({*total, *held, PRIMARY})
    }

"""`GET /v1/reporting/transactions`: windows of at most 31 days and 10,000 rows, by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.server.paypal import times
from sandbox.server.paypal.books import ACCOUNT_NUMBER
from sandbox.server.paypal.errors import bad_parameter, too_large, too_new
from sandbox.server.paypal.render import PARTS, write
from sandbox.server.paypal.switches import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.server.paypal.books import Books
    from sandbox.server.paypal.facts import Row
    from sandbox.server.paypal.query import Query

LONGEST = 31 * DAY
MOST_ROWS = 500
_MOST_PAGES = 2_147_483_647
_KEPT = 32
_FILTERS: dict[str, Callable[[Row], str]] = {
    "transaction_id": lambda row: row.id,
    "transaction_type": lambda row: row.code,
    "transaction_status": lambda row: row.status,
    "transaction_currency": lambda row: row.currency,
}
_NEVER = ("store_id", "terminal_id", "payment_instrument_type", "transaction_amount")
"""Filters that this look-alike does not have."""


def transactions(books: Books, query: Query) -> dict[str, Any]:
    """Answer one page of a window."""
    start, end = _bounds(books, query)
    size, page = query.number("page_size", 100, MOST_ROWS), query.number("page", 1, _MOST_PAGES)
    parts, rows = _parts(query), _found(books, query, start, end)
    if len(rows) > books.switches.maximum_items:
        raise too_large(len(rows), books.switches.maximum_items)
    pages = -(-len(rows) // size)
    if page > max(1, pages):
        raise bad_parameter("page", str(page), f"The window has {pages} pages.")
    offsets = books.switches.offsets
    return {
        "transaction_details": [write(row, parts, offsets) for row in rows[(page - 1) * size : page * size]],
        "account_number": ACCOUNT_NUMBER,
        "start_date": times.stamp(start, offsets),
        "end_date": times.stamp(end, offsets),
        "last_refreshed_datetime": times.stamp(books.moment.refreshed, offsets),
        "page": page,
        "total_items": len(rows),
        "total_pages": pages,
        "links": _links(query, page, pages),
    }


def _bounds(books: Books, query: Query) -> tuple[int, int]:
    """Read the window; its end is moved to where the data end."""
    start, end = query.needed_moment("start_date"), query.needed_moment("end_date")
    moment = books.moment
    if end < start:
        raise bad_parameter("end_date", query.text("end_date"), "End date is before start date.")
    if end - start > LONGEST:
        raise bad_parameter("end_date", query.text("end_date"), "Date range is greater than 31 days")
    if start < times.years_before(moment.now):
        raise bad_parameter("start_date", query.text("start_date"), "Start date is more than 3 years ago.")
    if start > moment.refreshed:
        raise too_new(books.switches.too_new_status)
    return start, min(end, moment.refreshed)


def _found(books: Books, query: Query, start: int, end: int) -> list[Row]:
    """Give the window's rows; the last windows are kept, so that their later pages cost nothing."""
    switches, shelf, moment = books.switches, books.shelf, books.moment
    exclusive = not switches.end_inclusive and times.read(query.text("end_date")) == end
    last, everything = end - exclusive, _everything(query)
    filters = [(name, query.text(name)) for name in _FILTERS if name in query.values]
    key = (start, last, everything, *filters, switches.filter_date, shelf.version, moment)
    if key not in books.windows:
        read = {"initiation": shelf.initiated, "updated": shelf.changed}[switches.filter_date]
        kept = (row for row in read(start, last, moment) if everything or row.affects)
        if len(books.windows) >= _KEPT:
            books.windows.pop(next(iter(books.windows)))
        books.windows[key] = [row for row in kept if all(_FILTERS[name](row) == text for name, text in filters)]
    return books.windows[key]


def _everything(query: Query) -> bool:
    given = query.text("balance_affecting_records_only", "Y")
    if given not in ("Y", "N"):
        raise bad_parameter("balance_affecting_records_only", given, "The value must be Y or N.")
    for name in _NEVER:
        if name in query.values:
            raise bad_parameter(name, query.text(name), "The sandbox does not have this filter.")
    return given == "N"


def _parts(query: Query) -> tuple[str, ...]:
    asked = query.text("fields", "transaction_info").split(",")
    unknown = [part for part in asked if part not in (*PARTS, "all")]
    if unknown:
        raise bad_parameter("fields", unknown[0], "Invalid field.")
    return PARTS if "all" in asked else tuple(part for part in PARTS if part in asked)


def _links(query: Query, page: int, pages: int) -> list[dict[str, str]]:
    """Link to the pages around this one; the last has no `next`."""
    wanted = {"self": page, "first": 1, "prev": page - 1, "next": page + 1, "last": max(1, pages)}
    shown = {rel: to for rel, to in wanted.items() if 1 <= to <= max(1, pages)}
    if pages <= 1:
        shown = {"self": page}
    values = {**query.values, "page_size": query.text("page_size", "100")}
    address = f"https://api-m.paypal.com{query.path}"
    return [
        {"href": f"{address}?{urlencode({**values, 'page': to})}", "rel": rel, "method": "GET"}
        for rel, to in shown.items()
    ]

"""Invoices: no list can be filtered by change, so all are listed again and those that changed are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from tap_core.client import Call
from tap_core.engine import Delivery, IntervalPage, ReadPage
from tap_core.interval_stream import DAY, HOUR, SECOND, IntervalStream
from tap_core.intervals import Coverage, Interval, from_text, to_bookmark, to_text
from tap_core.raw_json import value_at
from typing_extensions import override

from tap_paypal.client import ALL, LIST_TRIES, MovingListError
from tap_paypal.listings import DetailedStream, decode_fields
from tap_paypal.times import instant, stamp
from tap_paypal.twins import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import Page

INVOICE_SIZE = 100
MOST_PAGES = 1000
SEARCH_PATH = "/v2/invoicing/search-invoices"
CAN_VANISH = ("DRAFT", "SCHEDULED")
"""Only what was never sent can be deleted."""
MOST_HAVE = ("PAID", "MARKED_AS_PAID", "CANCELLED")
"""What most invoices are in the end; the bookmark keeps what the list told of the others only."""
GROWS = ("PARTIALLY_PAID", "PARTIALLY_REFUNDED")
"""One more payment or refund may change nothing that the list shows."""
TOLD = ("status", "amount.value", "due_amount.value")


class InvoiceStream(DetailedStream, IntervalStream):
    """Searches by date of creation; between two full listings, only what is new."""

    cuttable = False
    lookback = DAY

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._changed_since: str | None = None
        """What was not edited since was read by the listing before, as far as it tells the same."""
        self._told: dict[str, str] = {}
        """What the list told of each invoice when it was read; those of MOST_HAVE left out."""
        self._listed: dict[str, str] = {}
        """What the list tells in this run."""
        self._marks: dict[str, Any] = {}
        self._restarts = 0

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        now = self.tap.opening().now
        self._told = dict(bookmark.get("told", {}))
        coverage = self.coverage(bookmark, self.tap.start, now)
        listed_at, begun_at = bookmark.get("listed_at"), bookmark.get("listing_since")
        if begun_at is not None or self.is_due(listed_at, self.tap.config["relist_days"] * DAY):
            if listed_at and self._is_earlier(bookmark, coverage):
                listed_at = None
            if begun_at is None:
                coverage = Coverage(coverage.start, coverage.end, [Interval(coverage.start, coverage.end)])
            begun_at = begun_at or to_text(now)
        self._changed_since = to_text(from_text(listed_at) - HOUR) if listed_at and begun_at else None
        self._marks = {"listed_at": listed_at, "listing_since": begun_at}
        yield from self.read_coverage(coverage, self._mark)
        if begun_at is not None:
            self._marks = {"listed_at": begun_at}
            yield self._vanished(Coverage(coverage.start, coverage.end, []))

    def _is_earlier(self, bookmark: Mapping[str, Any], coverage: Coverage) -> bool:
        """Whether invoices are to be read that the last full listing did not reach: those that did not change too."""
        if "listing_since" in bookmark:
            return coverage.start < from_text(bookmark["covered_from"])
        reached = from_text(bookmark["listed_at"]) - self.lookback
        return any(one.start < reached for one in coverage.remaining)

    @override
    def read_page(self, interval: Interval) -> IntervalPage:
        number, total = interval.cursor or (1, None)
        items, found, pages = self.tap.client.numbered(_search(interval, number), "items", self.meter)
        if pages > MOST_PAGES and interval.width >= 2 * SECOND:
            middle = interval.start + interval.width // 2 // SECOND * SECOND
            return IntervalPage([], None, (Interval(interval.start, middle), Interval(middle, interval.end)))
        if total not in (None, found):
            return self._restart(interval)
        origin = {"created_from": to_text(interval.start), "created_to": to_text(interval.end)}
        messages = self.whole(self._changed([decode_fields(raw) for raw in items]), origin)
        rest = Interval(interval.start, interval.end, [number + 1, found]) if number < pages else None
        return IntervalPage(messages, rest)

    def _restart(self, interval: Interval) -> IntervalPage:
        """Read the interval from its first page: a deleted draft has moved what follows it to earlier pages."""
        self._restarts += 1
        if self._restarts > LIST_TRIES:
            raise MovingListError(f"PayPal's list of invoices changed at each of {LIST_TRIES} tries to read it.")
        return IntervalPage([], Interval(interval.start, interval.end))

    def _changed(self, listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that may have changed since the listing before."""
        self._listed |= {fields["id"]: _told(fields) for fields in listed}
        return [fields for fields in listed if self._is_edited(fields) or self._tells_more(fields)]

    def _is_edited(self, fields: dict[str, Any]) -> bool:
        moment = instant(value_at(fields, self.updated_path.split(".")))
        return self._changed_since is None or moment is None or moment >= self._changed_since

    def _tells_more(self, fields: dict[str, Any]) -> bool:
        """Whether there is a payment or a refund, which may be no edit."""
        status, told = fields.get("status"), self._told.get(fields["id"])
        return status in GROWS or told != (None if status in MOST_HAVE else _told(fields))

    @override
    def deliveries(self, coverage: Coverage, read_page: ReadPage | None = None) -> Iterator[Delivery]:
        for delivery in super().deliveries(coverage, read_page):
            for row in rows_of(delivery.messages):
                self._told[row.id] = self._listed[row.id]
                if _status(self._told[row.id]) in MOST_HAVE:
                    del self._told[row.id]
            yield delivery

    def _vanished(self, done: Coverage) -> Page:
        """Drafts that were not listed: deleted, or listed by an earlier part of this listing that was cut off."""
        origin = {"listing": self._marks["listed_at"]}
        drafts = {identity for identity, told in self._told.items() if _status(told) in CAN_VANISH}
        missing = sorted(drafts - self._listed.keys())
        found = list(self.tap.client.pool.map(lambda identity: self.one(identity, origin), missing))
        gone = {identity for identity, message in zip(missing, found, strict=True) if message is None}
        self._told = {identity: told for identity, told in self._told.items() if identity not in gone}
        messages = [message for message in found if message is not None]
        messages += [self.tombstone(identity, origin) for identity in sorted(gone)]
        return self.page(messages, self._mark(to_bookmark(done)))

    def _mark(self, mark: dict[str, Any]) -> dict[str, Any]:
        marks = {name: value for name, value in self._marks.items() if value is not None}
        return {**self.tap.identity, **marks, "told": dict(sorted(self._told.items())), **mark}


def _told(fields: dict[str, Any]) -> str:
    return " ".join(str(value_at(fields, path.split("."))) for path in TOLD)


def _status(told: str) -> str:
    return told.split(" ", 1)[0]


def _search(interval: Interval, number: int) -> Call:
    created = {"start": stamp(interval.start), "end": stamp(interval.end)}
    params: dict[str, str | int] = {"page": number, "page_size": INVOICE_SIZE, "total_required": "true"}
    body = msgspec.json.encode({"creation_date_range": created})
    headers = {"Content-Type": "application/json"}
    return Call(SEARCH_PATH, (ALL,), params, "POST", body, headers)

"""Streams that are listed: the catalogue whole, disputes by their last change, balances day by day."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from tap_core import raw_json
from tap_core.api_stream import Facts
from tap_core.engine import IntervalPage
from tap_core.errors import MissingObjectError
from tap_core.interval_stream import DAY, HOUR, SECOND, IntervalStream
from tap_core.intervals import Coverage, Interval, from_text, to_text
from tap_core.list_stream import ListStream
from typing_extensions import override

from tap_paypal.base import PayPalStream
from tap_paypal.times import instant, stamp
from tap_paypal.twins import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import Page, RecordMessage

logger = logging.getLogger("tap-paypal")

decode_fields = msgspec.json.Decoder(dict[str, Any]).decode
LIST_SIZE = 20
DISPUTE_SIZE = 50
UPDATED_WITHIN = 179 * DAY
"""PayPal lists disputes of the last 180 days."""
CORRECTED_WITHIN = 3 * DAY
"""Late rows change the balances of the days before."""


class DetailedStream(PayPalStream):
    """A stream whose lists name objects that are whole only at their own address."""

    def whole(self, listed: list[dict[str, Any]], origin: dict[str, Any]) -> list[RecordMessage]:
        """Ask for each object that was listed; one that is gone by now is left out."""
        ids = [str(fields[self.id_path]) for fields in listed]
        found = self.tap.client.pool.map(lambda identity: self.one(identity, origin), ids)
        return [message for message in found if message is not None]

    def one(self, identity: str, origin: dict[str, Any]) -> RecordMessage | None:
        """The record of an id; None if PayPal has no such object."""
        try:
            return self.message(self.tap.client.one(f"{self.path}/{identity}", self.meter), origin)
        except MissingObjectError:
            return None

    def tombstone(self, identity: str, origin: dict[str, Any]) -> RecordMessage:
        """Says that an object is no more; what was known of it stays."""
        now = to_text(self.tap.client.now())
        return self.message(raw_json.encode({self.id_path: identity}), origin, now)


class CatalogueStream(DetailedStream, ListStream):
    """A short list, read whole every `relist_days`."""

    list_name: ClassVar[str]
    is_whole: ClassVar[bool] = True
    """Whether the list shows objects as their own addresses do."""

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        self.tap.opening()
        if self.is_due(bookmark.get("listed_at"), self.tap.config["relist_days"] * DAY):
            yield from super().pages(bookmark)

    @override
    def listed(self) -> Iterator[list[RecordMessage]]:
        for items in self.tap.client.listed(self.path, self.list_name, LIST_SIZE, self.meter):
            origin = {"list": self.path}
            if self.is_whole:
                yield [self.message(raw, origin) for raw in items]
            else:
                yield self.whole([decode_fields(raw) for raw in items], origin)


class DisputeStream(DetailedStream):
    """Disputes that changed since the last run, each asked for by itself."""

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        now = self.tap.opening().now
        known = from_text(bookmark["covered_to"]) - HOUR if "covered_to" in bookmark else 0
        since = max(known, now - UPDATED_WITHIN)
        if 0 < known < since:
            logger.warning("%s: PayPal lists no changes of before %s; older ones are lost.", self.name, to_text(since))
        params: dict[str, str | int] = {"update_time_after": stamp(since), "page_size": DISPUTE_SIZE}
        for items in self.tap.client.linked(self.path, params, "items", self.meter):
            yield self.page(self.whole([decode_fields(raw) for raw in items], {"updated_since": to_text(since)}), None)
        yield self.page([], {**self.tap.identity, "covered_to": to_text(now)})


class BalanceStream(PayPalStream, IntervalStream):
    """The balances at the end of each day, an object a day."""

    resolution = DAY
    ascending = True
    probe_params: ClassVar[Mapping[str, str | int]] = {}

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        opening = self.tap.opening()
        end = (opening.refreshed or opening.now - 3 * HOUR) // DAY * DAY
        start = max(self.tap.report_start, end - self.tap.config["balance_days"] * DAY)
        is_new = "covered_to" in bookmark and from_text(bookmark["covered_to"]) < end
        coverage = self.coverage(bookmark, start, end - 1, CORRECTED_WITHIN if is_new else 0)
        kept = [one for one in coverage.remaining if one.end > self.tap.oldest]
        coverage = Coverage(coverage.start, coverage.end, kept)
        yield from self.read_coverage(coverage, lambda mark: {**self.tap.identity, **mark})

    @override
    def read_page(self, interval: Interval) -> IntervalPage:
        rest = Interval(interval.start + DAY, interval.end)
        as_of = stamp(rest.start - SECOND)
        message = self.message(self.tap.client.one(self.path, self.meter, {"as_of_time": as_of}), {"as_of_time": as_of})
        for row in rows_of([message]):
            row.id = as_of[:10]
        return IntervalPage([message], rest if rest.width > 0 else None)

    @override
    def facts(self, fields: dict[str, Any]) -> Facts:
        return Facts("", instant(fields["as_of_time"]))

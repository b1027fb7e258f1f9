"""How contacts and opportunities are read: everything by intervals of their birth, then what changed since."""

from __future__ import annotations

import logging
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from tap_core.engine import IntervalPage, RepeatedCursorError
from tap_core.errors import ChangedEnvelopeError
from tap_core.interval_stream import MINUTE, IntervalStream
from tap_core.intervals import Coverage, Interval, from_bookmark, from_text, to_bookmark, to_text
from typing_extensions import override

from tap_ghl.base import GhlStream, instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import Page, Progress

    from tap_ghl.client import Rows

logger = logging.getLogger("tap-ghl")

PAGE_SIZE = 500
FAR_AHEAD = from_text("2100-01-01T00:00:00.000Z")
"""The end of a full listing: whatever dates the newest objects have, they are in it."""


class Head(msgspec.Struct, gc=False):
    """What a page needs to know of an object; contacts and opportunities name their dates differently."""

    id: str
    dateAdded: str | int | None = None  # noqa: N815
    dateUpdated: str | int | None = None  # noqa: N815
    createdAt: str | int | None = None  # noqa: N815
    updatedAt: str | int | None = None  # noqa: N815
    searchAfter: list[Any] | None = None  # noqa: N815
    sort: list[Any] | None = None

    @property
    def cursor(self) -> list[Any] | None:
        """Where the search goes on behind this object."""
        return self.searchAfter or self.sort


_decode_head = msgspec.json.Decoder(Head).decode


class SearchStream(GhlStream, IntervalStream):
    """A stream with a search; subclasses are declarations.

    A listing reads all that exists, by the date at which objects were made: a first load, and again every
    `relist_days`, since nothing tells which objects were deleted, nor every kind of change. All records carry the
    version of the listing until it is complete, over several runs if need be. Between listings, each run reads what
    changed.
    """

    path: ClassVar[str]
    envelope: ClassVar[str]
    limit_name: ClassVar[str]
    added: ClassVar[tuple[str, str]]
    """Name of the date of birth in the search's filters, and in its objects."""
    changed: ClassVar[tuple[str, str]]
    resolution = 1
    lookback = 10 * MINUTE
    """The search shows changes some seconds late."""
    total: int | None = None

    @override
    def read(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        began = self.location.began()
        known = bookmark.get("list", {})
        if self._is_due(bookmark):
            self.version = self.next_version(began, bookmark.get("listed_at"))
            known = {"listing": self.version, **to_bookmark(self._whole())}
            changes = Coverage(began, began, [])
        else:
            self.version = known.get("listing")
            since = bookmark["changes"]
            changes = self.coverage(since, from_text(since["covered_from"]), began)
        listed_at = bookmark.get("listed_at")
        yield from self._read_changes(changes, {"list": known, "listed_at": listed_at})
        if self.version is not None:
            done = to_bookmark(Coverage(changes.start, changes.end, []))
            yield from self._read_list(from_bookmark(known), {"changes": done, "listed_at": listed_at})

    @override
    def workers(self) -> int:
        return self.client.concurrency("all").allowed()

    @override
    def probe(self) -> None:
        self._ask(1, self.added[0], "asc", [])

    @override
    def progress(self) -> Progress:
        told = super().progress()
        told.total = self.total
        return told

    def _is_due(self, bookmark: Mapping[str, Any]) -> bool:
        """Whether a new listing begins; one that is under way goes on."""
        if "list" not in bookmark:
            return True
        if "listing" in bookmark["list"]:
            return False
        return self.is_relist_due(bookmark["listed_at"])

    def _whole(self) -> Coverage:
        """Everything there is, from the oldest object on; what it will cost is said."""
        first = self._ask(1, self.added[0], "asc", [])
        oldest = self._moment(_decode_head(first.rows[0]), self.added) if first.rows else None
        self.total = first.total
        total = first.total or 0
        self.note = self.client.quota.plan(f"{total:,} {self.name}", -(-total // PAGE_SIZE))
        start = self.location.began() if oldest is None else oldest
        return Coverage(start, FAR_AHEAD, [Interval(start, FAR_AHEAD)])

    def _read_changes(self, coverage: Coverage, more: dict[str, Any]) -> Iterator[Page]:
        """Yield what changed; within a listing it carries the listing's version and ends nothing."""
        yield self.page([], {"changes": to_bookmark(coverage), **more})
        for delivery in self.deliveries(coverage, partial(self._page_of, self.changed)):
            yield self.page(delivery.messages, {"changes": to_bookmark(delivery.coverage), **more})

    def _read_list(self, coverage: Coverage, more: dict[str, Any]) -> Iterator[Page]:
        """Yield what is left of the listing, and what is in none of its intervals."""
        yield from self._read_outside(coverage.start)
        yield from self.read_coverage(coverage, partial(_with_list, more))

    @override
    def read_page(self, interval: Interval) -> IntervalPage:
        return self._page_of(self.added, interval)

    def _page_of(self, dates: tuple[str, str], interval: Interval) -> IntervalPage:
        """The next page of an interval of one of the two dates, newest first."""
        span = {"gte": to_text(interval.start), "lt": to_text(interval.end)}
        within = [{"field": dates[0], "operator": "range", "value": span}]
        found = self._ask(PAGE_SIZE, dates[0], "desc", within, interval.cursor)
        heads = [self._head(raw) for raw in found.rows]
        moments = [self._moment(head, dates) for head in heads]
        self._check_order(dates[0], interval, moments)
        origin = {dates[0]: [span["gte"], span["lt"]]}
        messages = [self.message(raw, origin) for raw in found.rows]
        return IntervalPage(messages, _rest(interval, heads, moments, found.total))

    def _read_outside(self, start: int) -> Iterator[Page]:
        """Yield objects without a date of birth, or born before the one that was said to be the oldest."""
        field, cursor = self.added[0], None
        older = {"field": field, "operator": "range", "value": {"lt": to_text(start)}}
        outside = [{"group": "OR", "filters": [{"field": field, "operator": "not_exists"}, older]}]
        while True:
            found = self._ask(PAGE_SIZE, self.changed[0], "desc", outside, cursor)
            yield self.page([self.message(raw, {field: None}) for raw in found.rows], None)
            last = self._head(found.rows[-1]).cursor if found.rows else None
            if last is None or (len(found.rows) < PAGE_SIZE and (found.total or 0) <= PAGE_SIZE):
                return
            if last == cursor:
                raise RepeatedCursorError(f"the cursor {last!r} came back; GoHighLevel ignores it")
            cursor = last

    def _ask(
        self, limit: int, sort: str, direction: str, filters: list[dict[str, Any]], cursor: list[Any] | None = None
    ) -> Rows:
        body: dict[str, Any] = {
            "locationId": self.account,
            self.limit_name: limit,
            "filters": filters,
            "sort": [{"field": sort, "direction": direction}],
        }
        if cursor is not None:
            body["searchAfter"] = cursor
        return self.client.search(self.path, self.envelope, body, self.meter)

    def _head(self, raw: msgspec.Raw) -> Head:
        try:
            return _decode_head(raw)
        except msgspec.ValidationError as error:
            raise ChangedEnvelopeError(f"GoHighLevel {self.path} finds an object of a new shape ({error}).") from error

    def _moment(self, head: Head, dates: tuple[str, str]) -> int | None:
        text = instant(getattr(head, dates[1]))
        return None if text is None else from_text(text)

    def _check_order(self, field: str, interval: Interval, moments: list[int | None]) -> None:
        """Refuse a page that is not newest first within its interval: what is left could not be told."""
        times = [interval.end - 1, *moments, interval.start]
        if any(later is None or earlier is None or later < earlier for later, earlier in pairwise(times)):
            raise ChangedEnvelopeError(
                f"GoHighLevel {self.path} does not search by {field} any more: objects are out of order or outside of "
                f"{to_text(interval.start)} to {to_text(interval.end)}. Nothing was skipped; tell us."
            )


def _with_list(more: dict[str, Any], mark: dict[str, Any]) -> dict[str, Any]:
    """The whole bookmark with the listing in it; `listed_at` stands beside it."""
    listed_at = mark.pop("listed_at", more["listed_at"])
    return {**more, "list": mark, "listed_at": listed_at}


def _rest(interval: Interval, heads: list[Head], moments: list[int | None], total: int | None) -> Interval | None:
    """What is left below the last object.

    An empty page is the end, and so is a short one, unless `total` says that there must be more: behind a cursor it
    counts the cursor's own object too. `total` alone ends nothing, since objects come and go.
    """
    known = 0 if interval.cursor is None else 1
    is_short = len(heads) < PAGE_SIZE
    if not heads or (is_short and total is not None and total <= len(heads) + known):
        return None
    last = moments[-1]
    return Interval(interval.start, interval.end if last is None else last + 1, heads[-1].cursor)

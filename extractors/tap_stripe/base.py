"""How every stream of Stripe is read: what changed, by id; what is new or still unread, by intervals of `created`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import msgspec
from tap_core.api_stream import Facts
from tap_core.engine import IntervalPage
from tap_core.errors import MissingObjectError
from tap_core.interval_stream import DAY, HOUR, SECOND, IntervalStream
from tap_core.intervals import Coverage, Interval, from_text, to_bookmark, to_text
from typing_extensions import override

from tap_stripe.client import PAGE_SIZE, limit_of
from tap_stripe.events import OVERLAP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import Page, Progress, RecordMessage

    from tap_stripe.events import Change
    from tap_stripe.tap import TapStripe

logger = logging.getLogger("tap-stripe")

EVENTS_ARE_SURE_FOR = 25 * DAY
"""Stripe keeps events for 30 days; a bookmark older than this is not trusted to them."""

REREAD_EVERY = 20 * HOUR


class StripeStream(IntervalStream):
    """One list of Stripe's API; subclasses are declarations."""

    tap: TapStripe
    path: ClassVar[str]
    kind: ClassVar[str]
    """What `object` says in each of its objects."""
    params: ClassVar[Mapping[str, str]] = {}
    reread: ClassVar[int] = 0
    """Objects younger than this are read again once a day, since no event tells their changes."""

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        reread_at, lookback = self._rereading(bookmark)
        coverage = self.coverage(bookmark, self.tap.start, self.tap.began, lookback)
        changes = self._changes(bookmark)
        if changes is None:
            coverage = Coverage(coverage.start, coverage.end, [Interval(coverage.start, coverage.end)])
        self.version = self._listing(bookmark, whole=changes is None or "covered_to" not in bookmark)
        more = {**self.tap.identity, "changes_from": bookmark.get("changes_from"), "reread_at": reread_at}
        yield from self._read_changes(changes or [], coverage, more)
        more["changes_from"] = self._changes_known_to(bookmark, changes)
        yield from self.read_coverage(coverage, lambda mark: {**more, **mark})

    @override
    def read_page(self, interval: Interval) -> IntervalPage:
        listed = self.tap.client.page(self.path, self.params, interval, self.meter)
        origin = {"from": to_text(interval.start), "to": to_text(interval.end)}
        objects = self.tap.client.all_completed(listed.objects, self.meter)
        return IntervalPage([self.message(raw, origin) for raw in objects], listed.rest)

    @override
    def facts(self, fields: dict[str, Any]) -> Facts:
        return Facts(fields["id"], _instant(fields.get("created")), _instant(fields.get("updated")))

    @override
    def probe(self) -> None:
        self.tap.client.probe(self.path, self.params, self.meter)

    @override
    def progress(self) -> Progress:
        told = super().progress()
        told.waiting_until = told.waiting_until or self.tap.meter.waiting_until
        return told

    @override
    def workers(self) -> int:
        return self.tap.client.concurrency(limit_of(self.path)).allowed()

    def _listing(self, bookmark: Mapping[str, Any], *, whole: bool) -> int | None:
        """The version of a full listing that begins now, or that an earlier run began and did not end."""
        begun: int | None = bookmark.get("listing")
        return self.tap.began if whole else begun

    def _rereading(self, bookmark: Mapping[str, Any]) -> tuple[str, int]:
        """When it was last looked back as far as `reread` says, once a day, and how far to look back now."""
        last: str | None = bookmark.get("reread_at")
        if last is not None and self.tap.began - from_text(last) < REREAD_EVERY:
            return last, self.lookback
        return to_text(self.tap.began), max(self.reread, self.lookback)

    def _changes(self, bookmark: Mapping[str, Any]) -> list[Change] | None:
        """Changes since the bookmark; None if they cannot be known, so that all must be read."""
        if "changes_from" not in bookmark:
            return []
        since = from_text(bookmark["changes_from"])
        days = (self.tap.began - since) // DAY
        if self.tap.began - since > EVENTS_ARE_SURE_FOR:
            logger.warning("%s: the bookmark is %d days old and Stripe forgets events: all is read.", self.name, days)
            return None
        if self.tap.events is None:
            return [] if bookmark["remaining"] else None
        return self.tap.events.changes(self.kind, since - OVERLAP)

    def _changes_known_to(self, bookmark: Mapping[str, Any], changes: list[Change] | None) -> str:
        """Until when this run knows all changes: its beginning, unless it reads only what is left and has no events."""
        is_untold = changes is not None and self.tap.events is None
        return (bookmark.get("changes_from") if is_untold else None) or to_text(self.tap.began)

    def _read_changes(self, changes: list[Change], coverage: Coverage, more: dict[str, Any]) -> Iterator[Page]:
        """Yield what changed and will not be listed, the oldest change first."""
        left = [change for change in changes if not _will_be_listed(change, coverage)]
        for first in range(0, len(left), PAGE_SIZE):
            chunk = left[first : first + PAGE_SIZE]
            messages = [message for message in self.tap.client.pool.map(self._changed, chunk) if message is not None]
            more["changes_from"] = to_text(chunk[-1].time * SECOND)
            listing = {} if self.version is None else {"listing": self.version}
            yield self.page(messages, {**more, **listing, **to_bookmark(coverage)})

    def _changed(self, change: Change) -> RecordMessage | None:
        origin = {"event": change.event}
        if change.last_state is not None:
            return self.message(change.last_state, origin, to_text(change.time * SECOND))
        try:
            raw = self.tap.client.one(f"{self.path}/{quote(change.id, safe='')}", self.meter)
        except MissingObjectError:
            raw = None
        if raw is None or msgspec.json.decode(raw).get("deleted") is True:
            logger.info("%s %s was deleted just now; its event comes with the next run.", self.name, change.id)
            return None
        return self.message(self.tap.client.completed(raw, self.meter), origin)


def _will_be_listed(change: Change, coverage: Coverage) -> bool:
    """Whether the object is read by its interval anyway; of a begun interval, the last second may be over."""
    if change.last_state is not None or change.created is None:
        return False
    created = change.created * SECOND
    ends = [(interval.start, interval.end - (SECOND if interval.cursor else 0)) for interval in coverage.remaining]
    return any(start <= created < end for start, end in ends)


def _instant(seconds: Any) -> str | None:
    return to_text(seconds * SECOND) if isinstance(seconds, int) else None

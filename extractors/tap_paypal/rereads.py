"""What of the report is read again: rows that appear late, rows that change, and old rows that new ones speak of."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from tap_core.interval_stream import DAY, HOUR
from tap_core.intervals import Coverage, Interval, from_text, to_bookmark, to_text
from typing_extensions import override

from tap_paypal.report import LONGEST, ReportStream
from tap_paypal.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import Page, RecordMessage

    from tap_paypal.twins import Info

logger = logging.getLogger("tap-paypal")

LATE = 4 * HOUR
"""Rows appear up to three hours late; every run looks back so far."""
LATEST = 3 * DAY
"""Some rows appear a day or two late."""
REREADS = (("reread_at", DAY, "lookback_days"), ("reread_far_at", 7 * DAY, "far_lookback_days"))
"""What the bookmark calls a look back, how often it is due, and the setting that says how far it goes."""
REFUNDED_WITHIN = 180 * DAY
"""How old a payment may be that a refund, a dispute or the release of a hold changes."""
CHUNK = 50


class RereadingStream(ReportStream):
    """Reads what is new, and again what may have changed since."""

    lookback: ClassVar[int] = LATE

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._fresh: int | None = None
        """Where this run begins to read again; what is older and read already is not read by it."""
        self._found: set[str] = set()
        self._originals: dict[str, str] = {}
        """Ids that new rows speak of, with the latest date of such a row; kept in the bookmark until looked up."""
        self._marks: dict[str, Any] = {}

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        try:
            yield from self._pages(bookmark)
        finally:
            self.tap.subscriptions.complete()

    def _pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        opening = self.tap.opening()
        if opening.refusal is not None:
            raise opening.refusal
        self._originals = dict(bookmark.get("originals", {}))
        lookback = self._plan(bookmark)
        if opening.refreshed is None:
            logger.warning("%s: PayPal has published nothing lately; the next run asks again.", self.name)
            return
        coverage = self.coverage(bookmark, self.tap.report_start, opening.refreshed - 1, lookback)
        if "covered_to" in bookmark:
            covered_to = from_text(bookmark["covered_to"])
            self._fresh = covered_to - lookback
            self._marks["news_from"] = bookmark.get("news_from") or to_text(covered_to - min(lookback, LATEST))
        coverage = self._within_three_years(coverage)
        yield from self.read_coverage(coverage, self._mark)
        yield from self._reread_originals(coverage)

    @override
    def note(self, info: Info, interval: Interval) -> None:
        """Remember which subscription a row pays, and which older row it changes."""
        if info.paypal_reference_id and info.paypal_reference_id_type == "SUB":
            self.tap.subscriptions.reveal(info.paypal_reference_id)
        if self._fresh is not None and interval.start >= self._fresh:
            self._found.add(info.transaction_id)
        date = instant(info.transaction_initiation_date)
        if info.paypal_reference_id and info.paypal_reference_id_type == "TXN" and date and self._is_news(date):
            self._originals[info.paypal_reference_id] = date

    def _is_news(self, date: str) -> bool:
        """Whether a row is younger than what earlier runs are sure to have seen."""
        since = self._marks.get("news_from")
        return since is not None and date >= since

    def _plan(self, bookmark: Mapping[str, Any]) -> int:
        """How far to look back before the end of what was read; what is due is marked as done."""
        lookback = self.lookback
        for name, every, setting in REREADS:
            last = bookmark.get(name)
            if self.is_due(last, every):
                since_then = max(0, from_text(bookmark["covered_to"]) - from_text(last)) if last else 0
                lookback = max(lookback, since_then + self.tap.config[setting] * DAY)
                last = to_text(self.tap.opening().now)
            self._marks[name] = last
        return lookback

    def _within_three_years(self, coverage: Coverage) -> Coverage:
        """What PayPal still gives; it refuses windows that begin before."""
        start = self.tap.oldest
        kept = [
            Interval(max(one.start, start), one.end, one.cursor if one.start >= start else None)
            for one in coverage.remaining
            if one.end > start
        ]
        if kept != coverage.remaining and any(one.start < start for one in coverage.remaining):
            logger.warning(
                "%s: PayPal gives nothing older than three years; %s is the start.", self.name, to_text(start)
            )
        return Coverage(coverage.start, coverage.end, kept)

    def _mark(self, mark: dict[str, Any]) -> dict[str, Any]:
        left = [{"from": to_text(one.start), "to": to_text(one.end)} for one in list(self.unpublished)]
        originals = {name: date for name, date in list(self._originals.items()) if name not in self._found}
        more = {**self.tap.identity, **self._marks, **({"originals": originals} if originals else {})}
        more |= self.tap.subscriptions.named()
        return {**more, **mark, "remaining": [*mark["remaining"], *left]}

    def _reread_originals(self, coverage: Coverage) -> Iterator[Page]:
        """Yield the rows that new rows have changed and that are older than what was read again."""
        ids = [name for name in self._originals if name not in self._found]
        done = to_bookmark(Coverage(coverage.start, coverage.end, []))
        for first in range(0, len(ids), CHUNK):
            chunk = ids[first : first + CHUNK]
            messages = [one for found in self.tap.client.pool.map(self._original, chunk) for one in found]
            for name in chunk:
                del self._originals[name]
            yield self.page(messages, self._mark(done))
        self._marks.pop("news_from", None)
        yield self.page([], self._mark(done))

    def _original(self, transaction_id: str) -> list[RecordMessage]:
        """The rows of a transaction, searched for backwards; none if it was initiated elsewhere."""
        end = self._fresh or self.tap.opening().now
        oldest = max(self.tap.oldest, from_text(self._originals[transaction_id]) - REFUNDED_WITHIN)
        while end > oldest:
            start = max(end - LONGEST, oldest)
            if messages := self.rows(Interval(start, end), transaction_id):
                return messages
            end = start
        return []

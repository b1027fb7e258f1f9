"""The base of every stream that is read by intervals of time; its bookmark is what remains."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from tap_core.api_stream import ApiStream
from tap_core.engine import Delivery, Engine, IntervalPage, ReadPage
from tap_core.intervals import Coverage, Interval, from_bookmark, to_bookmark, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_core.raw import Page

logger = logging.getLogger(__name__)

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class IntervalStream(ApiStream):
    """Reads its coverage to the end with several workers; subclasses say how to read one page."""

    ascending: ClassVar[bool] = False
    """Whether the vendor's pages begin at the old end of an interval."""
    resolution: ClassVar[int] = SECOND
    """The shortest interval that the vendor's filter can tell apart."""
    lookback: ClassVar[int] = HOUR
    """How far before its end the last run is read again: for rows that appear late, and for clocks that differ."""
    cuttable: ClassVar[bool] = True
    """Whether a cursor inside an interval stays good when the interval is cut; page numbers do not."""

    def read_page(self, interval: Interval) -> IntervalPage:
        """Return the page at the interval's cursor; called by several threads at once."""
        raise NotImplementedError

    def workers(self) -> int:
        """How many threads may read this stream now."""
        return 1

    def coverage(self, bookmark: Mapping[str, Any], start: int, now: int, lookback: int | None = None) -> Coverage:
        """What is to be read from `start` until `now`, given what earlier runs have read."""
        lookback = self.lookback if lookback is None else lookback
        start, end = start // self.resolution * self.resolution, (now // self.resolution + 1) * self.resolution
        if "covered_to" not in bookmark:
            return Coverage(start, end, [Interval(start, end)])
        known = from_bookmark(dict(bookmark))
        if known.end - lookback > end:
            logger.warning("%s: the bookmark is ahead of the vendor's clock; all is read again.", self.label)
            return Coverage(start, end, [Interval(min(start, known.start), end)])
        return known.extended(start, end, lookback)

    def read_coverage(self, coverage: Coverage, bookmark: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[Page]:
        """Yield pages until nothing remains; `bookmark` puts what is covered into the stream's whole bookmark.

        Where `self.version` is set this is a full listing: the mark says so until it is complete, so that a run that
        goes on with it uses the same version, and the last page ends it.
        """
        listing = {} if self.version is None else {"listing": self.version}
        yield self.page([], bookmark({**listing, **to_bookmark(coverage)}))
        for delivery in self.deliveries(coverage):
            coverage = delivery.coverage
            yield self.page(delivery.messages, bookmark({**listing, **to_bookmark(coverage)}))
        if self.version is not None:
            since = coverage.start if "start_date" in self.tap.config else None
            yield self.last_page(bookmark({"listed_at": to_text(self.version), **to_bookmark(coverage)}), since)

    def deliveries(self, coverage: Coverage, read_page: ReadPage | None = None) -> Iterator[Delivery]:
        """Yield what the engine delivers until nothing remains."""
        read_page = read_page or self.read_page
        return Engine(read_page, self.workers, self.ascending, self.resolution, self.cuttable).read(coverage)

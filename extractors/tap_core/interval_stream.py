"""The base of every stream that is read by intervals of time; its bookmark is what remains."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from tap_core.engine import Engine, IntervalPage
from tap_core.intervals import Coverage, Interval, from_bookmark, to_bookmark
from tap_core.meter import Meter
from tap_core.raw import Page, Progress
from tap_core.stream import RawStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import RecordMessage
    from tap_core.tap import RawTap

logger = logging.getLogger(__name__)

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class IntervalStream(RawStream):
    """Reads its coverage to the end with several workers; subclasses say how to read one page."""

    parallel: ClassVar[bool] = True
    ascending: ClassVar[bool] = False
    """Whether the vendor's pages begin at the old end of an interval."""
    resolution: ClassVar[int] = SECOND
    """The shortest interval that the vendor's filter can tell apart."""
    lookback: ClassVar[int] = HOUR
    """How far before its end the last run is read again: for rows that appear late, and for clocks that differ."""

    def __init__(self, tap: RawTap, name: str | None = None) -> None:
        super().__init__(tap, name)
        self.meter = Meter()
        self._sent = 0

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
            logger.warning("%s: the bookmark is ahead of the vendor's clock; all is read again.", self.name)
            return Coverage(start, end, [Interval(min(start, known.start), end)])
        return known.extended(start, end, lookback)

    def read_coverage(self, coverage: Coverage, more: Mapping[str, Any]) -> Iterator[Page]:
        """Yield pages until nothing remains; `more` is what else the bookmark has to keep."""
        yield self.page([], {**more, **to_bookmark(coverage)})
        for delivery in Engine(self.read_page, self.workers, self.ascending, self.resolution).read(coverage):
            yield self.page(delivery.messages, {**more, **to_bookmark(delivery.coverage)})

    def page(self, messages: list[RecordMessage], bookmark: dict[str, Any]) -> Page:
        """A page with its bookmark and how far the stream is after it."""
        self._sent += len(messages)
        return Page(messages, bookmark, self.progress())

    @override
    def progress(self) -> Progress:
        meter = self.meter
        return Progress(self._sent, None, "rows", meter.requests, meter.waits, meter.waiting_until)

"""Workers that read a stream's remaining intervals side by side, and hand on whole pages in one order."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tap_core.intervals import Coverage, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_core.raw import RecordMessage

PAGES_AHEAD = 16
"""Pages of a stream read and not yet handed on: more would only fill memory while the loader is busy."""

PAGES_BEFORE_SPLIT = 2
"""An interval that goes on after so many pages is worth cutting: the other half may turn out empty, at a request."""

PAGES_WORTH_SPLITTING = 6
"""Fewer pages than this, as dense as the last one, are left to one reader: each cut costs half a page."""


class RepeatedCursorError(Exception):
    """The vendor sent the cursor that it was given: reading on would never end."""


class EmptyAdvanceError(Exception):
    """The vendor says that there is more, but neither time nor cursor moved."""


@dataclass(frozen=True)
class IntervalPage:
    """A page: its records and what of the interval is left after it (None: nothing).

    `apart` are intervals that the vendor wants to be asked for one by one, instead of a rest.
    """

    messages: list[RecordMessage]
    rest: Interval | None
    apart: tuple[Interval, ...] = ()


class ReadPage(Protocol):
    """Reads the next page of an interval; called by several threads at once."""

    def __call__(self, interval: Interval) -> IntervalPage:
        """Return the page at the interval's cursor."""
        ...


@dataclass(frozen=True)
class Delivery:
    """Pages in the order in which they may be committed, and the coverage once they are."""

    messages: list[RecordMessage]
    coverage: Coverage


@dataclass
class _Work:
    """An interval and whether a worker is at it."""

    interval: Interval
    taken: bool = False
    pages: int = 0  # read since it was last cut
    dense: bool = False  # the last page was of one moment: a bulk import
    span: int = 0  # the time that the last page covered


@dataclass(frozen=True)
class _Event:
    """What becomes of works: their intervals from now on (None: done)."""

    messages: list[RecordMessage]
    intervals: dict[int, Interval | None]
    is_page: bool


@dataclass
class Engine:
    """Reads a coverage to its end.

    `ascending` says on which side of the interval the vendor begins; `resolution` is the shortest interval, in
    milliseconds, that its filter can tell apart; `cuttable` says whether a cursor outlives a change of the bounds.
    """

    read_page: ReadPage
    workers: Callable[[], int]
    ascending: bool
    resolution: int = 1
    cuttable: bool = True
    _works: dict[int, _Work] = field(default_factory=dict)
    _events: queue.SimpleQueue[_Event | BaseException] = field(default_factory=queue.SimpleQueue)
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PAGES_AHEAD))
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _next_number: int = 0
    _running: int = 0
    _stopped: bool = False

    def read(self, coverage: Coverage) -> Iterator[Delivery]:
        """Yield deliveries until nothing remains; leaving the iterator stops the workers after their pages."""
        left = dict(enumerate(coverage.remaining))
        self._works = {number: _Work(interval) for number, interval in left.items()}
        self._next_number = len(left)
        try:
            for event in self._run():
                for number, interval in event.intervals.items():
                    if interval is None:
                        left.pop(number, None)
                    else:
                        left[number] = interval
                yield Delivery(event.messages, Coverage(coverage.start, coverage.end, list(left.values())))
        finally:
            self._stop()

    def _run(self) -> Iterator[_Event]:
        """Start workers as they are allowed, and pass on what they deliver."""
        while True:
            self._add_workers()
            with self._changed:
                done = not self._works and self._running == 0
            if done and self._events.empty():
                return
            try:
                event = self._events.get(timeout=0.05)
            except queue.Empty:
                continue
            if isinstance(event, BaseException):
                raise event
            if event.is_page:
                self._room.release()
            yield event

    def _add_workers(self) -> None:
        with self._changed:
            wanted = min(self.workers(), max(len(self._works) * 2, 1)) if self._works else 0
            while self._running < wanted:
                self._running += 1
                threading.Thread(target=self._worker, name="reader", daemon=True).start()

    def _worker(self) -> None:
        try:
            while (number := self._take()) is not None:
                self._read_to_end(number)
        except BaseException as error:
            self._events.put(error)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _read_to_end(self, number: int) -> None:
        while not self._stopped and self._running <= self.workers() + 1:
            self._room.acquire()
            if self._stopped:
                return
            interval = self._works[number].interval
            page = self.read_page(interval)
            if not self._deliver(number, interval, page):
                return
        with self._changed:
            if number in self._works:
                self._works[number].taken = False

    def _take(self) -> int | None:
        """An interval nobody is at, the largest first; else half of the largest that is being read."""
        with self._changed:
            while self._works and not self._stopped and self._running <= self.workers():
                free = [number for number, work in self._works.items() if not work.taken]
                number = max(free, key=lambda n: self._works[n].interval.width) if free else self._split()
                if number is not None:
                    self._works[number].taken = True
                    return number
                self._changed.wait(0.05)
            return None

    def _split(self) -> int | None:
        """Cut the largest interval in two; the half that its reader has not reached gets a number of its own."""
        if not self.cuttable:
            return None
        able = [
            n
            for n, work in self._works.items()
            if work.pages >= PAGES_BEFORE_SPLIT
            and work.interval.width >= max(2 * self.resolution, PAGES_WORTH_SPLITTING * work.span)
        ]
        if not able:
            return None
        number = max(able, key=lambda n: self._works[n].interval.width)
        whole = self._works[number].interval
        middle = self._middle(self._works[number])
        near, far = Interval(whole.start, middle, whole.cursor), Interval(middle, whole.end)
        if not self.ascending:
            near, far = Interval(middle, whole.end, whole.cursor), Interval(whole.start, middle)
        if near.width <= 0 or far.width <= 0:
            return None
        self._works[number].interval = near
        self._works[number].pages = 0
        new = self._add_work(far)
        self._events.put(_Event([], {number: near, new: far}, is_page=False))
        return new

    def _add_work(self, interval: Interval) -> int:
        new, self._next_number = self._next_number, self._next_number + 1
        self._works[new] = _Work(interval)
        return new

    def _middle(self, work: _Work) -> int:
        """Where to cut: half way, but just behind a moment so full that pages do not get past it."""
        whole, step = work.interval, self.resolution
        if work.dense:
            return whole.start + step if self.ascending else whole.end - step
        return whole.start + whole.width // 2 // step * step

    def _deliver(self, number: int, asked: Interval, page: IntervalPage) -> bool:
        """Hand a page on and shrink its interval, which may have been cut meanwhile; whether anything is left."""
        rest = page.rest
        if rest is not None:
            _check_advance(asked, rest, page)
        with self._changed:
            work = self._works[number]
            rest = None if rest is None else _clip(rest, work.interval)
            parts = [part for apart in page.apart if (part := _clip(apart, work.interval))]
            if rest is None:
                del self._works[number]
            else:
                work.dense = rest.start == asked.start if self.ascending else rest.end == asked.end
                work.span = asked.width - page.rest.width if page.rest else 0
                work.interval, work.pages = rest, work.pages + 1
            intervals = {number: rest, **{self._add_work(part): part for part in parts}}
            self._events.put(_Event(page.messages, intervals, is_page=True))
            self._changed.notify_all()
        return rest is not None

    def _stop(self) -> None:
        self._stopped = True
        for _ in range(self._running):
            self._room.release()  # wake those that wait for room; they see that they are to stop


def _clip(rest: Interval, bounds: Interval) -> Interval | None:
    """The part of `rest` within what its reader still owns."""
    clipped = Interval(max(rest.start, bounds.start), min(rest.end, bounds.end), rest.cursor)
    return clipped if clipped.width > 0 else None


def _check_advance(asked: Interval, rest: Interval, page: IntervalPage) -> None:
    """Refuse a page that leads nowhere.

    Raises:
        RepeatedCursorError: the cursor is the one that was sent.
        EmptyAdvanceError: no record, no new cursor and the same bounds.
    """
    if rest.cursor is not None and rest.cursor == asked.cursor:
        raise RepeatedCursorError(f"the cursor {rest.cursor!r} came back; the vendor ignores it")
    if not page.messages and rest == asked:
        raise EmptyAdvanceError(f"an empty page of {asked} without an end")

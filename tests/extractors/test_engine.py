"""The interval engine against an invented vendor: nothing is lost, wherever it is cut off, and little is read twice."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tap_core.engine import EmptyAdvanceError, Engine, IntervalPage, RepeatedCursorError
from tap_core.intervals import Coverage, Interval, from_bookmark, to_bookmark
from tap_core.raw import RawRecord, RecordMessage


@dataclass
class Vendor:
    """Rows (time, id); pages begin at the old or at the new end, and the cursor is the last row of a page."""

    rows: list[tuple[int, int]]
    page_size: int
    ascending: bool
    requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read_page(self, interval: Interval) -> IntervalPage:
        with self._lock:
            self.requests += 1
        inside = sorted(
            (row for row in self.rows if interval.start <= row[0] < interval.end), reverse=not self.ascending
        )
        if interval.cursor is not None:
            after = tuple(interval.cursor)
            inside = [row for row in inside if (row > after if self.ascending else row < after)]
        page = inside[: self.page_size]
        messages = [RecordMessage("rows", RawRecord("main", f"{time}-{number}", {})) for time, number in page]
        if len(page) < self.page_size:
            return IntervalPage(messages, None)
        last = page[-1]
        start, end = (last[0], interval.end) if self.ascending else (interval.start, last[0] + 1)
        return IntervalPage(messages, Interval(start, end, list(last)))


def engine(vendor: Vendor, workers: int) -> Engine:
    return Engine(vendor.read_page, lambda: workers, vendor.ascending)


def whole(rows: list[tuple[int, int]]) -> Coverage:
    end = max((time for time, _ in rows), default=0) + 1
    return Coverage(0, end, [Interval(0, end)])


worlds = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10_000)), max_size=120, unique=True)


@settings(max_examples=120, deadline=None)
@given(rows=worlds, size=st.integers(1, 9), workers=st.integers(1, 5), ascending=st.booleans(), data=st.data())
def test_cut_off_anywhere_and_run_again_nothing_is_lost(
    rows: list[tuple[int, int]], size: int, workers: int, ascending: bool, data: st.DataObject
) -> None:
    vendor = Vendor(rows, size, ascending)
    coverage, seen = whole(rows), set()
    for cut in [data.draw(st.integers(0, 8)), data.draw(st.integers(0, 8)), None]:
        for delivery in itertools.islice(engine(vendor, workers).read(coverage), cut):
            seen |= {message.record.id for message in delivery.messages}
            coverage = from_bookmark(to_bookmark(delivery.coverage))
    assert coverage.remaining == []
    assert seen == {f"{time}-{number}" for time, number in rows}


@pytest.mark.parametrize("ascending", [True, False])
def test_uneven_density_costs_few_requests(ascending: bool) -> None:
    """Nine tenths of the rows in one month, half of them in one second."""
    year, month = 365 * 86_400_000, 30 * 86_400_000
    rows = [(number * year // 2_000, number) for number in range(2_000)]
    rows += [(7 * month + number * month // 9_000, 10_000 + number) for number in range(9_000)]
    rows += [(7 * month + 5_000_000, 100_000 + number) for number in range(9_000)]
    vendor = Vendor(rows, 100, ascending)
    ids = [m.record.id for delivery in engine(vendor, 8).read(whole(rows)) for m in delivery.messages]
    assert set(ids) == {f"{time}-{number}" for time, number in rows}
    assert vendor.requests <= 1.15 * len(rows) / vendor.page_size


def test_several_workers_are_at_it_at_once() -> None:
    rows = [(number, number) for number in range(400)]
    vendor = Vendor(rows, 10, ascending=True)
    inside, three = [0], threading.Event()

    def read_page(interval: Interval) -> IntervalPage:
        page = vendor.read_page(interval)
        inside[0] += 1
        if inside[0] >= 3:
            three.set()
        three.wait(0.01)  # the vendor takes its time, until three are seen at once
        inside[0] -= 1
        return page

    assert list(Engine(read_page, lambda: 4, ascending=True).read(whole(rows)))
    assert three.is_set()


def test_a_cursor_that_comes_back_is_an_error_not_a_loop() -> None:
    stuck = IntervalPage([RecordMessage("rows", RawRecord("main", "1", {}))], Interval(0, 9, "same"))
    with pytest.raises(RepeatedCursorError, match="ignores it"):
        list(Engine(lambda _: stuck, lambda: 1, ascending=True).read(Coverage(0, 9, [Interval(0, 9)])))


def test_an_empty_page_without_an_end_is_an_error() -> None:
    with pytest.raises(EmptyAdvanceError):
        list(Engine(lambda i: IntervalPage([], i), lambda: 1, ascending=True).read(Coverage(0, 9, [Interval(0, 9)])))


def test_an_error_of_the_vendor_reaches_the_caller() -> None:
    def broken(_: Interval) -> IntervalPage:
        raise ValueError("the vendor is on fire")

    with pytest.raises(ValueError, match="on fire"):
        list(Engine(broken, lambda: 3, ascending=True).read(Coverage(0, 9, [Interval(0, 9)])))


def test_the_next_run_looks_back_and_an_earlier_start_adds_what_is_missing() -> None:
    done = Coverage(1_000, 5_000, [])
    assert done.extended(1_000, 9_000, lookback=500).remaining == [Interval(4_500, 9_000)]
    earlier = done.extended(0, 9_000, lookback=0)
    assert sorted(earlier.remaining, key=lambda i: i.start) == [Interval(0, 1_000), Interval(5_000, 9_000)]
    assert (earlier.start, earlier.end) == (0, 9_000)


def test_a_bookmark_can_be_read_by_a_person() -> None:
    text = to_bookmark(Coverage(0, 1_700_000_000_123, [Interval(5_000, 6_000, ["x", 1])]))
    assert text == {
        "covered_from": "1970-01-01T00:00:00.000Z",
        "covered_to": "2023-11-14T22:13:20.123Z",
        "remaining": [{"from": "1970-01-01T00:00:05.000Z", "to": "1970-01-01T00:00:06.000Z", "cursor": ["x", 1]}],
    }


def test_intervals_that_must_be_asked_apart_are_read_one_by_one() -> None:
    """A vendor that answers no window longer than 7, and none with more than 4 rows."""
    rows = [(number // 2, number) for number in range(120)]
    vendor, asked = Vendor(rows, 4, ascending=True), []

    def read_page(interval: Interval) -> IntervalPage:
        inside = [row for row in rows if interval.start <= row[0] < interval.end]
        if interval.width > 7 or len(inside) > 4:
            middle = interval.start + max(1, interval.width // 2)
            return IntervalPage([], None, (Interval(interval.start, middle), Interval(middle, interval.end)))
        asked.append(interval)
        return IntervalPage(vendor.read_page(interval).messages, None)

    coverage, seen = whole(rows), []
    for delivery in Engine(read_page, lambda: 3, ascending=True, cuttable=False).read(coverage):
        seen += [message.record.id for message in delivery.messages]
        coverage = delivery.coverage
    assert coverage.remaining == []
    assert sorted(seen) == sorted(f"{time}-{number}" for time, number in rows)
    assert sum(interval.width for interval in asked) == 60


def test_a_run_that_is_cut_off_after_a_division_loses_no_part() -> None:
    whole_interval = Interval(0, 10)

    def divide(interval: Interval) -> IntervalPage:
        if interval == whole_interval:
            return IntervalPage([], None, (Interval(0, 5), Interval(5, 10)))
        return IntervalPage([], None)

    first = next(iter(Engine(divide, lambda: 1, ascending=True).read(Coverage(0, 10, [whole_interval]))))
    assert sorted(first.coverage.remaining, key=lambda one: one.start) == [Interval(0, 5), Interval(5, 10)]

"""The report of transactions: windows of at most 31 days, by page, as far as PayPal has published them."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from tap_core.api_stream import Facts
from tap_core.engine import IntervalPage
from tap_core.errors import RefusedRequestError, UnreachableError
from tap_core.interval_stream import DAY, HOUR, SECOND, IntervalStream
from tap_core.intervals import Interval, from_text, to_text
from typing_extensions import override

from tap_paypal.base import PayPalStream
from tap_paypal.client import REPORT_PATH, MovingListError, NotPublishedError, TooManyRowsError
from tap_paypal.cuts import MANY_PAGES, cut, is_spread
from tap_paypal.date_filter import DateFilter
from tap_paypal.times import instant, stamp
from tap_paypal.twins import decode_detail, number_twins, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_core.raw import RecordMessage

    from tap_paypal.client import Report
    from tap_paypal.twins import Info

LONGEST = 30 * DAY
"""PayPal allows 31; a day less keeps clear of time zones."""
LEAST_HALVED = HOUR
"""A shorter window that fails is no longer called too heavy for PayPal."""
TRIES = 4
"""Failures of a window before it is called too heavy, if PayPal answers otherwise."""
PROBE_DAYS = 30
MOST_TWINS = 500
REREADS = 5
"""Times that a window may change while it is paged."""


class Window:
    """What is remembered of a window while its pages are read."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        """Keys on its pages so far: a row with one of them is a twin."""
        self.restarts = 0
        self.is_in_disorder = False
        """It was tried to share it among workers, in vain."""


class ReportStream(PayPalStream, IntervalStream):
    """Reads windows; an interval's cursor is the next page of its window, good as long as the total stays the same."""

    path = REPORT_PATH
    ascending = True
    resolution = SECOND
    cuttable = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._windows: dict[tuple[int, int], Window] = {}
        self._windows_lock = threading.Lock()
        self.date_filter = DateFilter(self._dates_of)
        self.unpublished: list[Interval] = []
        """What turned out not to be published yet; it stays in the bookmark."""

    def note(self, info: Info, interval: Interval) -> None:
        """Take note of what a row tells of others."""

    @override
    def facts(self, fields: dict[str, Any]) -> Facts:
        info = fields["transaction_info"]
        date = info["transaction_initiation_date"]
        key = f"{info['transaction_id']}:{info['transaction_event_code']}:{date}"
        return Facts(key, instant(date), instant(info.get("transaction_updated_date")))

    @override
    def probe(self) -> None:
        if (refusal := self.tap.opening().refusal) is not None:
            raise refusal

    @override
    def read_page(self, interval: Interval) -> IntervalPage:
        if interval.width > LONGEST:
            return IntervalPage([], None, tuple(_pieces(interval)))
        try:
            return self._page(interval, self._remembered(interval))
        except NotPublishedError:
            self.unpublished.append(interval)
            return IntervalPage([], None)
        except TooManyRowsError:
            return self._shorter(interval)
        except UnreachableError:
            self.tap.client.least_report(PROBE_DAYS, self.meter)  # PayPal answers: it is the window
            return self._shorter(interval)

    def rows(self, interval: Interval, transaction_id: str) -> list[RecordMessage]:
        """All rows of a transaction in a window, with their final keys."""
        params = {**self._bounds(interval), "transaction_id": transaction_id, "page_size": MOST_TWINS}
        messages = self._messages(self.tap.client.report(params, 1, self.meter), interval)
        number_twins(messages)
        return messages

    def _page(self, interval: Interval, window: Window) -> IntervalPage:
        number, total = _place(interval)
        if number > 1 and not window.keys and not self._recall(interval, window):
            return self._restart(interval, window)
        try:
            report = self._report(interval, number)
        except (TooManyRowsError, NotPublishedError):
            raise
        except RefusedRequestError:
            if number == 1:
                raise
            return self._restart(interval, window)  # there is no such page any more
        if total not in (None, report.total_items):
            return self._restart(interval, window)
        self._note_end(interval, report)
        messages = self._with_twins(interval, self._messages(report, interval), window)
        if report.total_pages - number > MANY_PAGES and (shared := self._cut(interval, report, messages)):
            self._forget(interval)
            return shared
        if number < report.total_pages:
            cursor = {**(interval.cursor or {}), "page": number + 1, "total_items": report.total_items}
            return IntervalPage(messages, Interval(interval.start, interval.end, cursor))
        self._forget(interval)
        return IntervalPage(messages, None)

    def _cut(self, interval: Interval, report: Report, page: list[RecordMessage]) -> IntervalPage | None:
        """What is left of the window in parts, if it is sure that PayPal filters by the date that orders the report."""
        window, number = self._remembered(interval), _place(interval)[0]
        if window.is_in_disorder or not (is_spread(page) and self.date_filter.is_by_initiation()):
            return None
        found = None
        with suppress(RefusedRequestError):
            middle = self._report(interval, number + (report.total_pages - number) // 2 + 1)
            if middle.total_items == report.total_items:
                found = cut(interval, page, self._messages(middle, interval))
        if found is None:
            window.is_in_disorder = True
            return None
        number_twins(found.messages)
        return IntervalPage(found.messages, None, found.parts)

    def _report(self, interval: Interval, number: int) -> Report:
        tries = TRIES if interval.width > LEAST_HALVED else float("inf")
        report = self.tap.client.report(self._bounds(interval), number, self.meter, tries)
        if _is_one_second(interval) and not report.total_items:
            raise _overfull(interval)
        return report

    def _messages(self, report: Report, interval: Interval) -> list[RecordMessage]:
        origin = {"from": to_text(interval.start), "to": to_text(interval.end)}
        for raw in report.transaction_details:
            try:
                info = decode_detail(raw).transaction_info
                self.date_filter.see(info)
                self.note(info, interval)
            except msgspec.DecodeError:
                continue  # it becomes a reject
        return [self.message(raw, origin) for raw in report.transaction_details]

    def _bounds(self, interval: Interval) -> dict[str, str | int]:
        """The window that is asked for; rows of its last second may come with the next one too, which does no harm."""
        end = interval.end - SECOND if self.date_filter.is_inclusive else interval.end
        end = interval.start if _is_one_second(interval) else end
        return {"start_date": stamp(interval.start), "end_date": stamp(end)}

    def _dates_of(self, start: int, end: int, transaction_id: str) -> list[Info]:
        bounds: dict[str, str | int] = {"start_date": stamp(start), "end_date": stamp(end)}
        params = {**bounds, "transaction_id": transaction_id, "page_size": MOST_TWINS}
        report = self.tap.client.report(params, 1, self.meter)
        return [decode_detail(raw).transaction_info for raw in report.transaction_details]

    def _with_twins(self, interval: Interval, messages: list[RecordMessage], window: Window) -> list[RecordMessage]:
        """The page's rows with their final keys; of twins on two pages all are asked for together, with this page."""
        keys = {row.id for row in rows_of(messages)}
        number_twins(messages)
        for transaction_id in {key.partition(":")[0] for key in keys & window.keys}:
            messages = [one for one in messages if not _is_of(one, transaction_id)]
            messages += self.rows(interval, transaction_id)
        window.keys |= keys
        return messages

    def _recall(self, interval: Interval, window: Window) -> bool:
        """Read the page before, after a run that was cut off; False if twins may stand on pages before that one."""
        before = self._report(interval, _place(interval)[0] - 1)
        rows = rows_of(self._messages(before, interval))
        moments = [row.created_at or "" for row in rows]
        window.keys = {row.id for row in rows}
        return moments == sorted(moments) and moments[:1] < moments[-1:]

    def _restart(self, interval: Interval, window: Window) -> IntervalPage:
        """Read the window again from its first page."""
        window.keys = set()
        window.restarts += 1
        if window.restarts > REREADS:
            raise MovingListError(f"The window of {_in_words(interval)} changed at each of {REREADS} tries to page it.")
        return IntervalPage([], Interval(interval.start, interval.end))

    def _shorter(self, interval: Interval) -> IntervalPage:
        """Two halves of a window, each asked for by itself; of a second, that second without the next one."""
        self._forget(interval)
        if _is_one_second(interval):
            raise _overfull(interval)
        if interval.width <= SECOND:
            return IntervalPage([], Interval(interval.start, interval.end, {"page": 1, "one_second": True}))
        middle = interval.start + max(SECOND, interval.width // 2 // SECOND * SECOND)
        return IntervalPage([], None, (Interval(interval.start, middle), Interval(middle, interval.end)))

    def _note_end(self, interval: Interval, report: Report) -> None:
        end = from_text(report.last_refreshed_datetime)
        if end < interval.end and report.total_pages <= _place(interval)[0]:
            self.unpublished.append(Interval(max(end, interval.start), interval.end))

    def _remembered(self, interval: Interval) -> Window:
        with self._windows_lock:
            return self._windows.setdefault((interval.start, interval.end), Window())

    def _forget(self, interval: Interval) -> None:
        with self._windows_lock:
            self._windows.pop((interval.start, interval.end), None)


def _pieces(interval: Interval) -> Iterable[Interval]:
    for start in range(interval.start, interval.end, LONGEST):
        yield Interval(start, min(start + LONGEST, interval.end))


def _place(interval: Interval) -> tuple[int, int | None]:
    """The page to read, and the total that its window had on the page before."""
    cursor = interval.cursor or {}
    return cursor.get("page", 1), cursor.get("total_items")


def _is_one_second(interval: Interval) -> bool:
    return bool((interval.cursor or {}).get("one_second"))


def _is_of(message: RecordMessage, transaction_id: str) -> bool:
    return any(row.id.startswith(f"{transaction_id}:") for row in rows_of([message]))


def _in_words(interval: Interval) -> str:
    return f"{stamp(interval.start)} to {stamp(interval.end)}"


def _overfull(interval: Interval) -> TooManyRowsError:
    return TooManyRowsError(
        f"PayPal has more transactions in the second {stamp(interval.start)} than it pages through, and nothing "
        "shorter can be asked for. Download that day's activity report as CSV and load it with tap-csv; to leave the "
        "time out here, set start_date after it. What was read before is in."
    )

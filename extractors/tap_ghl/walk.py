"""Reads a list by offsets to its end, while rows come and go."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
from tap_core.errors import ChangedEnvelopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from tap_ghl.client import Rows

PAGE_SIZE = 100
MOST_ROUNDS = 5
MOST_STEPS_BACK = 20
AHEAD = 4
"""Pages that are asked for while the one before them is read."""
MOST_IDLE = 2 * MOST_STEPS_BACK
"""Pages behind the end that the vendor tells, which may show nothing new: more than any steps back explain."""


class UnsteadyListError(Exception):
    """A list does not show as many rows as it says that it has, however often it is read, or does not end."""


class Head(msgspec.Struct, gc=False):
    """What a page needs to know of a row."""

    id: str = msgspec.field(name="_id")


_decode_head = msgspec.json.Decoder(Head).decode


class Walk:
    """One reading of a list.

    Rows that come or go move all others, so each page begins with the last row of the page before. If that is not
    there, rows before it went: the reader steps back until it meets rows that it knows. Then nothing is passed over.
    That holds for pages asked for ahead too, since it matters in which order rows stand, not when a page was read.

    How many rows the vendor says there are may be too low, or capped, so that number alone ends nothing: only a page
    does that is shorter than one before it. Shorter than we asked for is not enough, since the vendor may cap pages.
    """

    def __init__(self, name: str, ask: Callable[[int], Rows], first: Rows | None = None) -> None:
        self._name = name
        self._ask = ask
        self._first = first
        self._seen: set[str] = set()
        self._widest = 0
        self._pool = ThreadPoolExecutor(AHEAD, "walk")
        self._ahead: dict[int, Future[Rows]] = {}

    def pages(self) -> Iterator[tuple[int, list[msgspec.Raw]]]:
        """Yield the rows that were not seen before, with the offset of their page.

        Raises:
            UnsteadyListError: rows are missing after several rounds, or the same ones come for ever.
        """
        try:
            yield from self._rounds()
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _rounds(self) -> Iterator[tuple[int, list[msgspec.Raw]]]:
        first, first_total = self._first, None
        for _ in range(MOST_ROUNDS):
            total = yield from self._round(first)
            first_total = total if first_total is None else first_total
            if len(self._seen) >= min(first_total, total):
                return
            first = None
            self._forget()
        raise self._unsteady(total)

    def _round(self, first: Rows | None) -> Generator[tuple[int, list[msgspec.Raw]], None, int]:
        """Go from the first row to the last; return how many rows GoHighLevel says there are at the end."""
        offset, known, steps_back, idle = 0, self._seen, 0, 0
        while True:
            page = first if first is not None else self._page(offset)
            first = None
            heads, total = [self._id(row) for row in page.rows], self._total(page)
            if offset and known.isdisjoint(heads) and steps_back < MOST_STEPS_BACK:
                offset, known, steps_back = max(0, offset - PAGE_SIZE), self._seen, steps_back + 1
                self._forget()
                continue
            self._look_ahead(offset, max(1, len(heads) - 1), total)
            fresh = [row for row, head in zip(page.rows, heads, strict=True) if head not in self._seen]
            yield offset, fresh
            steps_back = 0 if fresh else steps_back
            self._seen.update(heads)
            is_behind = offset + len(heads) >= total
            if not heads or (is_behind and self._is_short(len(heads))):
                return total
            self._widest = max(self._widest, len(heads))
            idle = idle + 1 if is_behind and not fresh else 0
            if idle > MOST_IDLE:
                raise self._unsteady(total, ", the same ones again and again")
            offset, known = offset + max(1, len(heads) - 1), set(heads)

    def _is_short(self, rows: int) -> bool:
        """Whether a page has room for more rows: it holds fewer than one before it, or only the row that we know."""
        return rows == 1 or rows < self._widest

    def _unsteady(self, total: int, more: str = "") -> UnsteadyListError:
        return UnsteadyListError(
            f"GoHighLevel {self._name} says that it has {total:,} rows and shows {len(self._seen):,}{more}. What was "
            "read is in, and nothing is marked as deleted; run the command again, and tell us if it stays so."
        )

    def _page(self, offset: int) -> Rows:
        future = self._ahead.pop(offset, None)
        return self._ask(offset) if future is None else future.result()

    def _look_ahead(self, offset: int, step: int, total: int) -> None:
        for ahead in range(offset + step, min(offset + step * AHEAD + 1, total - 1), step):
            if ahead not in self._ahead:
                self._ahead[ahead] = self._pool.submit(self._ask, ahead)

    def _forget(self) -> None:
        for future in self._ahead.values():
            future.cancel()
        self._ahead.clear()

    def _id(self, row: msgspec.Raw) -> str:
        try:
            return _decode_head(row).id
        except msgspec.ValidationError as error:
            raise ChangedEnvelopeError(f"GoHighLevel {self._name} lists a row without _id ({error}).") from error

    def _total(self, page: Rows) -> int:
        if page.total is None:
            raise ChangedEnvelopeError(f"GoHighLevel {self._name} does not tell how many rows it has; tell us.")
        return page.total

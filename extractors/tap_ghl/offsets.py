"""How payments and invoices are read: their lists know neither cursors nor changes, only offsets and days."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from tap_core.interval_stream import DAY, HOUR
from tap_core.intervals import from_text, to_text
from typing_extensions import override

from tap_ghl.base import GhlStream
from tap_ghl.walk import PAGE_SIZE, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import Page

    from tap_ghl.client import Rows

WHOLE_EACH_RUN, WHOLE_EACH_DAY = 300, 5_000
"""Lists of so many rows are read whole that often: a payment that is refunded later shows no other trace."""
EACH_RUN, EACH_DAY = 2 * DAY, 30 * DAY
"""How far back a longer list is read; whole it is read every `relist_days`."""
REREAD_EVERY = 20 * HOUR
NO_DAYS: Mapping[str, str] = MappingProxyType({})


class OffsetStream(GhlStream):
    """A list with offsets; subclasses are declarations."""

    path: ClassVar[str]
    envelope: ClassVar[str]
    id_name = "_id"
    created_name = "createdAt"
    updated_name = "updatedAt"

    @override
    def read(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        first = self._ask(NO_DAYS, 0)
        if self._is_due(bookmark, first.total or 0):
            yield from self._read_whole(first, bookmark)
        else:
            yield from self._read_recent(bookmark)

    @override
    def probe(self) -> None:
        self._ask(NO_DAYS, 0)

    def _is_due(self, bookmark: Mapping[str, Any], total: int) -> bool:
        """Whether all is read, and not only what is new."""
        if "listed_at" not in bookmark or total <= WHOLE_EACH_RUN or self.is_relist_due(bookmark["listed_at"]):
            return True
        return total <= WHOLE_EACH_DAY and self._is_reread_due(bookmark)

    def _is_reread_due(self, bookmark: Mapping[str, Any]) -> bool:
        return self.age(bookmark["reread_at"]) >= REREAD_EVERY

    def _read_whole(self, first: Rows, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        """Read all, so that what is missing is known to be gone."""
        began = self.location.began()
        self.version = self.next_version(began, bookmark.get("listed_at"))
        yield from self._walk(NO_DAYS, first)
        read_to = to_text(began)
        yield self.last_page({"read_to": read_to, "reread_at": read_to, "listed_at": to_text(self.version)})

    def _read_recent(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        """Read the last days, once a day the last month."""
        began, is_reread = self.location.began(), self._is_reread_due(bookmark)
        since = from_text(bookmark["read_to"]) - (EACH_DAY if is_reread else EACH_RUN)
        yield from self._walk({"startAt": to_text(since)[:10], "endAt": to_text(began + EACH_RUN)[:10]})
        reread_at = to_text(began) if is_reread else bookmark["reread_at"]
        yield self.page([], {**bookmark, "read_to": to_text(began), "reread_at": reread_at})

    def _walk(self, days: Mapping[str, str], first: Rows | None = None) -> Iterator[Page]:
        for offset, rows in Walk(self.path, lambda offset: self._ask(days, offset), first).pages():
            yield self.page([self.message(row, {"offset": offset, **days}) for row in rows], None)

    def _ask(self, days: Mapping[str, str], offset: int) -> Rows:
        params: dict[str, str | int] = {"altId": self.account, "altType": "location", **days}
        return self.client.rows(self.path, self.envelope, {**params, "limit": PAGE_SIZE, "offset": offset}, self.meter)

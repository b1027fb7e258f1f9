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

SMALL = 300
"""A list of so many rows is read whole in each run: a payment that is refunded later shows no other trace."""
EACH_RUN, ONCE_A_DAY = 2 * DAY, 30 * DAY
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
        is_small = first.total is not None and first.total <= SMALL
        if is_small or self._is_due(bookmark):
            yield from self._read_whole(first)
        else:
            yield from self._read_recent(bookmark)

    @override
    def probe(self) -> None:
        self._ask(NO_DAYS, 0)

    def _is_due(self, bookmark: Mapping[str, Any]) -> bool:
        """Whether it is time to read all."""
        days = float(self.tap.config["relist_days"])
        return "listed_at" not in bookmark or self._age(bookmark["listed_at"]) >= days * DAY

    def _age(self, text: str) -> int:
        return self.location.began() - from_text(text)

    def _read_whole(self, first: Rows) -> Iterator[Page]:
        """Read all, so that what is missing is known to be gone."""
        self.version = self.location.began()
        yield from self._walk(NO_DAYS, first)
        now = to_text(self.version)
        yield self.last_page({"read_to": now, "reread_at": now, "listed_at": now})

    def _read_recent(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        """Read the last days, once a day the last month."""
        began = self.location.began()
        reread = self._age(bookmark["reread_at"]) >= REREAD_EVERY
        since = from_text(bookmark["read_to"]) - (ONCE_A_DAY if reread else EACH_RUN)
        yield from self._walk({"startAt": to_text(since)[:10], "endAt": to_text(began + EACH_RUN)[:10]})
        fresh = {"read_to": to_text(began), "reread_at": to_text(began) if reread else bookmark["reread_at"]}
        yield self.page([], {**bookmark, **fresh})

    def _walk(self, days: Mapping[str, str], first: Rows | None = None) -> Iterator[Page]:
        for offset, rows in Walk(self.path, lambda offset: self._ask(days, offset), first).pages():
            yield self.page([self.message(row, {"offset": offset, **days}) for row in rows], None)

    def _ask(self, days: Mapping[str, str], offset: int) -> Rows:
        params: dict[str, str | int] = {"altId": self.account, "altType": "location", **days}
        return self.client.rows(self.path, self.envelope, {**params, "limit": PAGE_SIZE, "offset": offset}, self.meter)

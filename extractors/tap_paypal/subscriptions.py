"""Subscriptions and their payments, by the ids that transactions reveal: PayPal has no list of subscriptions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_core.errors import MissingObjectError
from tap_core.intervals import to_text
from tap_core.raw_json import encode
from typing_extensions import override

from tap_paypal.listings import DetailedStream, decode_fields
from tap_paypal.times import stamp
from tap_paypal.twins import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import Page, RecordMessage

logger = logging.getLogger("tap-paypal")

CHUNK = 50
FINISHED = ("CANCELLED", "EXPIRED")


class KnownStream(DetailedStream):
    """Reads what is known by its id: what new transactions name, and once a day what is not finished."""

    path = "/v1/billing/subscriptions"

    def read_one(self, subscription: str) -> list[RecordMessage]:
        """The records that belong to a subscription."""
        raise NotImplementedError

    @override
    def probe(self) -> None:
        self.tap.opening()
        self.one("I-0000000000", {})

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        mark = {**self.tap.identity, **{name: bookmark[name] for name in ("read_at", "known_to") if name in bookmark}}
        left = dict.fromkeys([*bookmark.get("left", []), *self.tap.subscriptions.ids(self.tap.stopping.is_set)])
        if self.is_due(bookmark.get("read_at")):
            found = self.tap.known_subscriptions.due(bookmark.get("known_to"))
            left |= dict.fromkeys(found.ids)
            mark |= {"read_at": to_text(self.tap.opening().now), "known_to": found.known_to}
        mark |= self.tap.subscriptions.taken()
        ids = list(left)
        yield self.page([], self.mark({**mark, "left": ids}))
        while ids:
            chunk, ids = ids[:CHUNK], ids[CHUNK:]
            messages = [one for found in self.tap.client.pool.map(self.read_one, chunk) for one in found]
            yield self.page(messages, self.mark({**mark, "left": ids} if ids else mark))

    def mark(self, mark: dict[str, Any]) -> dict[str, Any]:
        """The bookmark, with what a stream has to add."""
        return mark


class SubscriptionStream(KnownStream):
    """The subscriptions themselves."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unfinished: set[str] = set()

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        self._unfinished = set(bookmark.get("unfinished", []))
        yield from super().pages(bookmark)

    @override
    def read_one(self, subscription: str) -> list[RecordMessage]:
        message = self.one(subscription, {"id": subscription})
        if message is not None:
            self._note(message)
            return [message]
        logger.info("%s: PayPal has no %s; profiles of its older API are not subscriptions.", self.name, subscription)
        was_known = subscription in self._unfinished or self.tap.known_subscriptions.has(subscription)
        self._unfinished.discard(subscription)
        return [self.tombstone(subscription, {"id": subscription})] if was_known else []

    @override
    def mark(self, mark: dict[str, Any]) -> dict[str, Any]:
        return mark if self.tap.database else {**mark, "unfinished": sorted(self._unfinished)}

    def _note(self, message: RecordMessage) -> None:
        for row in rows_of([message]):
            status: str | None = decode_fields(encode(row.record)).get("status")
            is_finished = status in FINISHED
            (self._unfinished.discard if is_finished else self._unfinished.add)(row.id)


class SubscriptionTransactionStream(KnownStream):
    """All payments of the subscriptions that are read, failed ones too; `origin` says whose they are."""

    @override
    def read_one(self, subscription: str) -> list[RecordMessage]:
        bounds = {"start_time": stamp(self.tap.start), "end_time": stamp(self.tap.opening().now)}
        address = f"{self.path}/{subscription}/transactions"
        try:
            pages = list(self.tap.client.linked(address, bounds, "transactions", self.meter))
        except MissingObjectError:
            return []
        return [self.message(raw, {"subscription": subscription}) for page in pages for raw in page]

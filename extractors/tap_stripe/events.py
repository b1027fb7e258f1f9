"""What changed since a moment, as Stripe's events tell it: read once for all streams."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec
from tap_core.engine import Engine, IntervalPage
from tap_core.interval_stream import MINUTE, SECOND
from tap_core.intervals import Coverage, Interval
from tap_core.once import Once

from tap_stripe.client import limit_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tap_core.meter import Meter

    from tap_stripe.client import StripeClient

PATH = "/v1/events"
OVERLAP = 10 * MINUTE
"""Events may appear a little after the time they carry."""

ALSO_CHANGES = {"dispute": "charge", "refund": "charge", "credit_note": "invoice", "discount": "customer"}
"""Objects that change another one, which they name, and which need not get an event of its own for it."""


class _Subject(msgspec.Struct, gc=False):
    """The object that an event speaks of."""

    object: str = ""
    id: Any = None
    created: Any = None
    charge: Any = None
    invoice: Any = None
    customer: Any = None


class _Data(msgspec.Struct):
    object: msgspec.Raw


class _Event(msgspec.Struct):
    id: str
    type: str
    created: int
    data: _Data


class Change(msgspec.Struct, gc=False):
    """The newest event of one object."""

    kind: str
    id: str
    event: str
    time: int
    """Seconds, when the event happened."""
    created: int | None = None
    """Seconds, when the object was created; None if the event does not tell."""
    last_state: msgspec.Raw | None = None
    """The object as it was when it was deleted; None if it lives."""

    @property
    def rank(self) -> tuple[int, bool]:
        """The newest counts, and of one second the deletion."""
        return self.time, self.last_state is not None


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_subject = msgspec.json.Decoder(_Subject).decode


class EventLog:
    """The changes from `since` until `until` (milliseconds) of the kinds of object that are asked for."""

    def __init__(self, client: StripeClient, kinds: Collection[str], since: int, until: int, meter: Meter) -> None:
        self._client, self._kinds, self._meter = client, kinds, meter
        self.since, self.until = since, until
        self._changes: dict[tuple[str, str], Change] = {}
        self._read_once = Once(self._read)
        self._taking = threading.Lock()

    def changes(self, kind: str, since: int) -> list[Change]:
        """Objects of a kind that changed, in the order of their newest events."""
        self._read_once()
        found = [change for change in self._changes.values() if change.kind == kind and change.time * SECOND >= since]
        return sorted(found, key=lambda change: change.rank)

    def _read(self) -> None:
        end = (self.until // SECOND + 1) * SECOND
        coverage = Coverage(self.since, end, [Interval(self.since, end)])
        workers = self._client.concurrency(limit_of(PATH)).allowed
        for _ in Engine(self._read_page, workers, ascending=False, resolution=SECOND).read(coverage):
            pass

    def _read_page(self, interval: Interval) -> IntervalPage:
        listed = self._client.page(PATH, {}, interval, self._meter)
        with self._taking:
            for raw in listed.objects:
                self._take(raw)
        return IntervalPage([], listed.rest)

    def _take(self, raw: msgspec.Raw) -> None:
        for change in changes_of(raw):
            known = self._changes.get((change.kind, change.id))
            if change.kind in self._kinds and (known is None or known.rank < change.rank):
                self._changes[change.kind, change.id] = change


def changes_of(raw: msgspec.Raw) -> Iterator[Change]:
    """What an event tells: a change of the object it carries, and of the one that changes with it."""
    event = _decode_event(raw)
    subject = _decode_subject(event.data.object)
    other = ALSO_CHANGES.get(subject.object)
    if other and isinstance(named := getattr(subject, other), str):
        yield Change(other, named, event.id, event.created)
    if isinstance(subject.id, str):  # an upcoming invoice has none
        is_gone = event.type == f"{subject.object}.deleted"
        last_state = event.data.object if is_gone else None
        yield Change(subject.object, subject.id, event.id, event.created, subject.created, last_state)

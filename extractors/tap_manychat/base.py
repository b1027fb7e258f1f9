"""How the two queues are asked: seeds in, subscribers and what was tried out, in pages that end with a checkpoint."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from tap_core.api_stream import ApiStream
from tap_core.errors import MissingObjectError, RefusedRequestError
from tap_core.intervals import to_text
from tap_core.raw import Progress, RawRecord, RecordMessage
from typing_extensions import override

from tap_manychat.client import MOST_FOUND
from tap_manychat.seeds import FAILED, FIELD, FOUND, ID, MISSING, Seed
from tap_manychat.workers import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import msgspec
    from tap_core.raw import Page

    from tap_manychat.coverage import Coverage
    from tap_manychat.seeds import Seeds
    from tap_manychat.tap import TapManyChat

logger = logging.getLogger("tap-manychat")

PAGE_SIZE = 50
PAGE_SECONDS = 5.0
"""A page is not held longer, however slowly answers come."""
REFUSALS_IN_A_ROW = 20
CUT = f"cut: {MOST_FOUND} came back, so there may be more; sweep a field with fewer subscribers a value"

_ALL_GONE = (
    "ManyChat says of {count} stored subscribers one after another that they do not exist (the last: {last}). None of "
    "them was marked as deleted. Look one up in ManyChat: if it is there, run the command again later; if so many were "
    "deleted, set TAP_MANYCHAT_MOST_GONE_IN_A_ROW to more than that for one run."
)


class Answer(NamedTuple):
    """What became of a question; `was_known` says that it was answered by another one of this run."""

    seed: Seed
    outcome: str
    subscribers: list[msgspec.Raw]
    reason: str | None = None
    tried_at: int = 0
    was_known: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether it says of somebody who is stored that there is no such subscriber."""
        return self.outcome == MISSING and self.seed.is_stored


class Budget:
    """How many questions a run may ask."""

    def __init__(self, most: int | None) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether there is one more."""
        with self._lock:
            if self._left is None:
                return True
            self._left -= 1
            return self._left >= 0


class ReadNow:
    """Ids that this run has read: one that an e-mail led to is not asked for again."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._lock = threading.Lock()

    def __contains__(self, identity: str) -> bool:
        with self._lock:
            return identity in self._ids

    def is_first(self, identity: str) -> bool:
        """Take note of an id; whether nobody did before, so that an older answer never follows a newer one."""
        with self._lock:
            if identity in self._ids:
                return False
            self._ids.add(identity)
            return True


class QueueStream(ApiStream):
    """A queue of seeds, asked with several workers under one limit."""

    tap: TapManyChat
    bucket: ClassVar[str]
    unit: ClassVar[str]

    def __init__(self, tap: TapManyChat, name: str | None = None) -> None:
        super().__init__(tap, name)
        self._asked = 0
        self._note: str | None = None
        self._seeds: Seeds | None = None

    def seeds(self, bookmark: Mapping[str, Any]) -> Seeds:
        """The queue of this run."""
        raise NotImplementedError

    def ask(self, seed: Seed) -> list[msgspec.Raw]:
        """Return the subscribers that a seed leads to.

        Raises:
            MissingObjectError: ManyChat says that there is none.
            RefusedRequestError: it says neither.
        """
        raise NotImplementedError

    def sentence(self, coverage: Coverage) -> str:
        """How much of what is known was asked for."""
        raise NotImplementedError

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        seeds = self._seeds = self.seeds(bookmark)
        try:
            yield from self._asked_pages(seeds)
        finally:
            seeds.close()

    def tell_coverage(self) -> None:
        """Say at the end what is known of the queue, in the log and in `ops.sync_runs`."""
        if self._seeds is None:
            return
        coverage = self._seeds.coverage
        logger.info("%s: %s (the stalest: %s).", self.name, self.sentence(coverage), coverage.age(self.tap.now()))
        self.tap.writer.progress(self.name, self.progress())

    @override
    def progress(self) -> Progress:
        meter, seeds = self.meter, self._seeds
        total = seeds.coverage.due if seeds else None
        note = "; ".join(filter(None, [self.sentence(seeds.coverage) if seeds else None, self._note])) or None
        return Progress(self._asked, total, self.unit, meter.requests, meter.waits, meter.waiting_until, note)

    def _asked_pages(self, seeds: Seeds) -> Iterator[Page]:
        yield self._page([], seeds)
        answers: list[Answer] = []
        began = time.monotonic()
        most = self.tap.patience.max_concurrency
        try:
            with closing(in_order(self._permitted(seeds), self._answer, self._workers, most)) as told:
                for answer in self._proven(_unless_all_are_refused(told)):
                    answers.append(answer)
                    if len(answers) >= PAGE_SIZE or time.monotonic() - began >= PAGE_SECONDS:
                        yield self._page(answers, seeds)
                        answers, began = [], time.monotonic()
        except RefusedRequestError:
            yield self._page(answers, seeds)
            raise
        yield self._page(answers, seeds)

    def _proven(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Hold back who is gone until somebody is found, since a page or a token that is wrong knows nobody.

        Raises:
            RefusedRequestError: too many are gone in a row; what is held back is dropped and asked again.
        """
        most: int = self.tap.config["most_gone_in_a_row"]
        held: list[Answer] = []
        for answer in answers:
            if answer.is_gone:
                held.append(answer)
                if len(held) > most:
                    raise RefusedRequestError(_ALL_GONE.format(count=len(held), last=answer.seed.value))
                continue
            if answer.outcome == FOUND:
                yield from held
                held = []
            yield answer
        yield from held

    def _workers(self) -> int:
        return self.tap.client.concurrency(self.bucket).allowed()

    def _permitted(self, seeds: Seeds) -> Iterator[Seed]:
        """Yield what is due until the run has asked enough."""
        for seed in seeds.due():
            if not self.tap.budget.take():
                self._note = "stopped at max_requests; the next run goes on"
                return
            yield seed

    def _answer(self, seed: Seed) -> Answer:
        """Ask one question; called by several threads at once."""
        if seed.kind == ID and seed.value in self.tap.read_now:
            return Answer(seed, FOUND, [], was_known=True)
        try:
            found = self.ask(seed)
        except MissingObjectError as error:
            return Answer(seed, MISSING, [], str(error), self.tap.now())
        except RefusedRequestError as error:
            return Answer(seed, FAILED, [], str(error), self.tap.now())
        cut = CUT if len(found) >= MOST_FOUND else None
        return Answer(seed, FOUND if found else MISSING, found, cut, self.tap.now())

    def _page(self, answers: list[Answer], seeds: Seeds) -> Page:
        """What a number of answers means for the streams, and how far the queue is once that is committed."""
        messages: list[RecordMessage] = []
        found: set[str] = set()
        for answer in answers:
            self._count(answer, seeds)
            if not answer.was_known:
                messages += self._messages(answer, found)
        self._asked += len(answers)
        self.tap.found_elsewhere(seeds.not_stored(found))
        selected = [message for message in messages if self.tap.is_wanted(message.stream)]
        return self.page(selected, {**self.tap.identity, **seeds.bookmark()})

    def _count(self, answer: Answer, seeds: Seeds) -> None:
        coverage = seeds.coverage
        seeds.answered(answer.seed, answer.outcome)
        coverage.cut += answer.reason is CUT
        if answer.seed.kind == ID:
            coverage.is_known_here(answer.seed.value)

    def _messages(self, answer: Answer, found: set[str]) -> Iterator[RecordMessage]:
        """The subscribers, each with the row that says when it was read, and the row of the question itself."""
        seed = answer.seed
        identities = []
        for raw in answer.subscribers:
            message = self.tap.subscriber(raw, seed)
            if not isinstance(message.record, RawRecord):
                yield message
                continue
            identities.append(message.record.id)
            if not self.tap.read_now.is_first(message.record.id):
                continue
            yield message
            if seed.kind != ID:
                found.add(message.record.id)
            yield self._tried(answer, Seed(ID, message.record.id, seed.origin), message.record.id)
        if seed.id not in {f"{ID}:{identity}" for identity in identities}:
            yield self._tried(answer, seed, identities[0] if seed.kind != FIELD and identities else None)
        if seed.kind == ID and answer.outcome == MISSING and seed.is_stored:
            yield self._tombstone(seed, to_text(answer.tried_at))

    def _tombstone(self, seed: Seed, deleted_at: str) -> RecordMessage:
        """Say that a subscriber is gone; what was known of it stays with the loader."""
        origin = {"asked": seed.id, "from": seed.origin}
        row = RawRecord(self.tap.account, seed.value, {"id": seed.value}, origin=origin, _sdc_deleted_at=deleted_at)
        return RecordMessage("subscribers", row)

    def _tried(self, answer: Answer, seed: Seed, subscriber_id: str | None) -> RecordMessage:
        """The row of `lookups` that says what became of a seed."""
        tried_at = to_text(answer.tried_at)
        outcomes = {FOUND: True, MISSING: False, FAILED: None}
        record = {
            "kind": seed.kind,
            "value": seed.value,
            "origin": seed.origin,
            "tried_at": tried_at,
            "found": outcomes[answer.outcome],
            "subscriber_id": subscriber_id,
            "reason": answer.reason,
        }
        return RecordMessage("lookups", RawRecord(self.tap.account, seed.id, record, None, tried_at))


def _unless_all_are_refused(answers: Iterable[Answer]) -> Iterator[Answer]:
    """Pass answers on until too many in a row say neither found nor not found.

    Raises:
        RefusedRequestError: so it is.
    """
    refused = 0
    for answer in answers:
        yield answer
        refused = refused + 1 if answer.outcome == FAILED else 0
        if refused >= REFUSALS_IN_A_ROW:
            raise RefusedRequestError(
                f"ManyChat refused {refused} questions one after another (the last: {answer.reason}). What was "
                "read before is in; nothing was marked as deleted because of it. Run the command again later."
            )

"""The base of every stream that a vendor's API gives: how an object becomes a record, and what it costs to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec
from typing_extensions import override

from tap_core import raw_json
from tap_core.intervals import from_text
from tap_core.meter import Meter
from tap_core.raw import Listed, Page, Progress, RawRecord, RecordMessage
from tap_core.rejects import reject
from tap_core.stream import RawStream

if TYPE_CHECKING:
    from tap_core.api_tap import ApiTap


class Facts(NamedTuple):
    """What every record needs to be told of its object; times are ISO 8601 in UTC."""

    id: str
    created_at: str | None = None
    updated_at: str | None = None


class ApiStream(RawStream):
    """A stream of one vendor; subclasses say where an object keeps its id, its times and its phone numbers."""

    tap: ApiTap
    parallel: ClassVar[bool] = True
    phones: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Where phone numbers stand, each with the place of its country; lists on the way are looked through."""

    def __init__(self, tap: ApiTap, name: str | None = None) -> None:
        super().__init__(tap, name)
        self.meter = Meter()
        self.version: int | None = None
        """Set while all is listed: every record goes out with it, so that the loader can tell which rows are gone."""
        self._sent = 0

    @property
    def account(self) -> str:
        """The account in the key of every record."""
        return self.part or self.tap.account

    def facts(self, fields: dict[str, Any]) -> Facts:
        """Tell id and times of an object; by default it has an `id` and no times."""
        return Facts(str(fields["id"]))

    def probe(self) -> None:
        """Ask for the least that shows whether the stream may be read.

        Raises:
            MissingPermissionError: it may not.
        """

    def message(self, raw: msgspec.Raw, origin: dict[str, Any], deleted_at: str | None = None) -> RecordMessage:
        """The record of an object as the vendor sent it; one that is no JSON object with an id becomes a reject."""
        record = raw_json.without(raw_json.on_one_line(raw), self.tap.denied)
        try:
            fields = msgspec.json.decode(record)
            facts = self.facts(fields)
        except (msgspec.DecodeError, UnicodeError, KeyError, TypeError, AttributeError) as error:
            reason = f"no object that can be stored: {type(error).__name__} {error}"
            return reject(self.name, reason, bytes(raw), origin, hide=bool(self.tap.denied))
        numbers = self.numbers(fields) or None
        row = RawRecord(self.account, facts.id, record, facts.created_at, facts.updated_at, numbers, origin, deleted_at)
        return RecordMessage(self.name, row, self.version)

    def numbers(self, fields: dict[str, Any]) -> list[str]:
        """The valid phone numbers of an object, each once."""
        found: dict[str, None] = {}
        for phone, country in self.phones:
            region = next(iter(raw_json.texts_at(fields, country.split("."))), None) if country else None
            texts = raw_json.texts_at(fields, phone.split("."))
            found |= dict.fromkeys(self.tap.phone_reader.read_all(texts, region))
        return list(found)

    def next_version(self, now: int, listed_at: str | None) -> int:
        """The version of a listing that begins now: later than the last one, whatever the vendor's clock does."""
        return max(now, from_text(listed_at) + 1 if listed_at else 0)

    def page(self, messages: list[RecordMessage], bookmark: dict[str, Any] | None) -> Page:
        """A page with its bookmark and how far the stream is after it."""
        self._sent += len(messages)
        return Page(messages, bookmark, self.progress())

    def last_page(self, bookmark: dict[str, Any], since: int | None = None) -> Page:
        """The page that ends a full listing (of what was created `since`): what was not listed with it is gone."""
        page = self.page([], bookmark)
        if self.version is not None:
            page.listed = Listed(self.account, self.version, since)
        return page

    @override
    def progress(self) -> Progress:
        meter = self.meter
        return Progress(self._sent, None, "rows", meter.requests, meter.waits, meter.waiting_until)

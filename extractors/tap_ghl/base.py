"""What all streams of GoHighLevel share: whose they are, how an object becomes a record, and small lists."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.exceptions import FatalAPIError
from tap_core import raw_json
from tap_core.api_stream import ApiStream, Facts
from tap_core.errors import WrongCredentialError
from tap_core.interval_stream import DAY, HOUR
from tap_core.intervals import from_text, to_text
from tap_core.list_stream import ListStream
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import msgspec
    from tap_core.raw import Page, Progress, RecordMessage

    from tap_ghl.client import GhlClient, Rows
    from tap_ghl.locations import Location
    from tap_ghl.tap import TapGHL

CURSORS = (("searchAfter",), ("sort",))
"""Where a search puts the cursor of an object. It depends on the sort, so a record that kept it would seem to change
with every full re-list; it is the only thing that is left out."""


SOONER = 4 * HOUR
"""Runs of a schedule are never a whole day apart to the second."""


class LocationRefusedError(FatalAPIError):
    """One of several locations cannot be read; the others go on."""


class GhlStream(ApiStream):
    """A stream of one location."""

    tap: TapGHL
    id_name: ClassVar[str] = "id"
    created_name: ClassVar[str] = ""
    updated_name: ClassVar[str] = ""
    note: str | None = None

    @property
    def location(self) -> Location:
        """Whose objects these are."""
        return self.tap.location(self.account)

    @property
    def client(self) -> GhlClient:
        """The location's client."""
        return self.location.client

    def read(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        """Yield what the location has beyond `bookmark`."""
        raise NotImplementedError

    def age(self, text: str) -> int:
        """Milliseconds since then, by GoHighLevel's clock."""
        return max(0, self.location.began() - from_text(text))

    def is_relist_due(self, listed_at: str) -> bool:
        """Whether the last full listing is `relist_days` old, or will be before tomorrow's run at this hour."""
        return self.age(listed_at) >= float(self.tap.config["relist_days"]) * DAY - SOONER

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        try:
            with self.tap.places:
                self.location.began()
                yield from self.read(bookmark)
        except WrongCredentialError as error:
            if len(self.tap.locations) == 1:
                raise
            raise LocationRefusedError(str(error)) from error

    @override
    def facts(self, fields: dict[str, Any]) -> Facts:
        created, updated = (instant(fields.get(name)) for name in (self.created_name, self.updated_name))
        return Facts(str(fields[self.id_name]), created, updated)

    @override
    def message(self, raw: msgspec.Raw, origin: dict[str, Any], deleted_at: str | None = None) -> RecordMessage:
        return super().message(raw_json.without(raw, CURSORS), origin, deleted_at)

    @override
    def progress(self) -> Progress:
        told = super().progress()
        told.note = self.note
        return told


class SmallList(GhlStream, ListStream):
    """A list that comes in one answer."""

    path: ClassVar[str]
    """`{location}` stands for the location's id."""
    envelope: ClassVar[str]
    params: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @override
    def read(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        return ListStream.pages(self, bookmark)

    @override
    def listed(self) -> Iterator[list[RecordMessage]]:
        path = self._filled(self.path)
        yield [self.message(raw, {"path": path}) for raw in self._ask().rows]

    @override
    def probe(self) -> None:
        self._ask()

    def _ask(self) -> Rows:
        params = {name: value.format(location=self.account) for name, value in self.params.items()}
        return self.client.rows(self._filled(self.path), self.envelope, params, self.meter)

    def _filled(self, path: str) -> str:
        return path.format(location=self.location.quoted)


def instant(told: Any) -> str | None:
    """ISO 8601 in UTC of a text or of milliseconds since 1970; None if it is neither."""
    if isinstance(told, int):
        return to_text(told)
    try:
        moment = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        return None
    return to_text(from_text((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()))

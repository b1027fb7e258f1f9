"""The streams of ManyChat: two queues of questions, and what a page defines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from tap_core import raw_json
from tap_core.api_stream import Facts
from tap_core.errors import ChangedEnvelopeError, WrongCredentialError
from tap_core.list_stream import ListStream
from typing_extensions import override

from tap_manychat.base import QueueStream
from tap_manychat.client import SUBSCRIBER, SYSTEM_FIELD
from tap_manychat.profile import numbers_of, subscribed_at
from tap_manychat.seeds import FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.api_stream import ApiStream
    from tap_core.raw import RecordMessage

    from tap_manychat.coverage import Coverage
    from tap_manychat.seeds import Seed, Seeds
    from tap_manychat.tap import TapManyChat


class Subscribers(QueueStream):
    """Whoever is known by an id, or has a value of a swept field."""

    name = "subscribers"
    bucket = SUBSCRIBER
    unit = "subscribers"

    @override
    def seeds(self, bookmark: Mapping[str, Any]) -> Seeds:
        return self.tap.id_seeds()

    @override
    def ask(self, seed: Seed) -> list[msgspec.Raw]:
        if seed.kind == FIELD:
            field_id, _, value = seed.value.partition("=")
            return self.tap.client.by_field(field_id, value, self.meter)
        return [self.tap.client.subscriber(seed.value, self.meter)]

    @override
    def sentence(self, coverage: Coverage) -> str:
        return coverage.subscribers()

    @override
    def facts(self, fields: dict[str, Any]) -> Facts:
        """Nothing of a subscriber tells when it last changed; one of another page is a mistake that must end the run.

        Raises:
            WrongCredentialError: the subscriber belongs to another page than the token.
        """
        page_id = fields.get("page_id")
        if page_id is not None and str(page_id) != self.tap.page_id:
            raise WrongCredentialError(f"ManyChat sent a subscriber of page {page_id} for a token of another page.")
        return Facts(str(fields["id"]), subscribed_at(fields))

    @override
    def numbers(self, fields: dict[str, Any]) -> list[str]:
        return numbers_of(fields, self.tap.phone_reader)


class Lookups(QueueStream):
    """Whoever has an e-mail or a phone that another source knows; and what was tried, of both queues."""

    name = "lookups"
    bucket = SYSTEM_FIELD
    unit = "look-ups"

    @override
    def seeds(self, bookmark: Mapping[str, Any]) -> Seeds:
        return self.tap.contact_seeds(bookmark)

    @override
    def ask(self, seed: Seed) -> list[msgspec.Raw]:
        return self.tap.client.by_contact(seed.kind, seed.value, self.meter)

    @override
    def sentence(self, coverage: Coverage) -> str:
        return coverage.contacts()


class PageList(ListStream):
    """What a page defines, answered at once."""

    tap: TapManyChat
    path: ClassVar[str]

    @override
    def listed(self) -> Iterator[list[RecordMessage]]:
        yield [self.message(raw, {"from": self.path}) for raw in self.objects(self._data())]

    @override
    def probe(self) -> None:
        self._data()

    def objects(self, data: msgspec.Raw) -> list[msgspec.Raw]:
        """The objects in the answer."""
        return raw_json.decode_items(data)

    def _data(self) -> msgspec.Raw:
        return self.tap.client.listed(self.path, self.meter)


class PageInfo(PageList):
    """The page itself."""

    name = "page_info"
    path = "/fb/page/getInfo"

    @override
    def objects(self, data: msgspec.Raw) -> list[msgspec.Raw]:
        return [data]

    @override
    def _data(self) -> msgspec.Raw:
        return self.tap.page_info()


class Tags(PageList):
    """Tags, id and name."""

    name = "tags"
    path = "/fb/page/getTags"


class CustomFields(PageList):
    """Definitions of custom fields; their values stand in the subscribers."""

    name = "custom_fields"
    path = "/fb/page/getCustomFields"


class BotFields(PageList):
    """Fields of the page with their values."""

    name = "bot_fields"
    path = "/fb/page/getBotFields"


class Flows(PageList):
    """Flows by their `ns`, and the folders that they are in."""

    name = "flows"
    path = "/fb/page/getFlows"

    @override
    def objects(self, data: msgspec.Raw) -> list[msgspec.Raw]:
        members = raw_json.decode_members(data)
        if "flows" not in members:
            raise ChangedEnvelopeError(f"ManyChat answers {self.path} without flows; none is deleted, tell us.")
        return [
            item for name in ("flows", "folders") if name in members for item in raw_json.decode_items(members[name])
        ]

    @override
    def facts(self, fields: dict[str, Any]) -> Facts:
        return Facts(fields["ns"] if "ns" in fields else f"folder:{fields['id']}")


STREAMS: tuple[type[ApiStream], ...] = (Subscribers, Lookups, PageInfo, Tags, CustomFields, BotFields, Flows)

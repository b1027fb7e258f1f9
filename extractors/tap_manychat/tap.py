"""The tap for ManyChat: its settings and its streams."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk import typing as th
from tap_core import raw_json
from tap_core.api_tap import ApiTap, api_settings
from tap_core.database import Database
from tap_core.errors import (
    ChangedEnvelopeError,
    RefusedRequestError,
    TemporaryError,
    VendorDownError,
    WrongCredentialError,
)
from tap_core.interval_stream import DAY, HOUR
from tap_core.once import Once
from typing_extensions import override

from tap_manychat import places, seeds, streams
from tap_manychat.base import Budget, QueueStream, ReadNow
from tap_manychat.client import SYSTEM_FIELD, ManyChatClient
from tap_manychat.seeds import EMAIL, ID, PHONE, ListedSeeds
from tap_manychat.staged import CONTACTS_ARE_DUE, IDS_ARE_DUE, Ages, Given, StagedSeeds, other_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_core.raw import RecordMessage
    from tap_core.stream import RawStream

    from tap_manychat.places import Place
    from tap_manychat.seeds import Seed, Seeds


class TapManyChat(ApiTap):
    """Reads the subscribers of a ManyChat page that anything is known of; ManyChat itself lists nobody."""

    name = "tap-manychat"
    source = "manychat"
    package_name = "stage-first"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "api_token",
            th.StringType,
            secret=True,
            required=True,
            description="Token of one page, <page id>:<secret>: Settings > API in ManyChat (Pro plan).",
        ),
        th.Property(
            "subscriber_ids_file",
            th.StringType,
            description="A file of subscriber ids: one a line, or a CSV file with a column Subscriber ID.",
        ),
        th.Property(
            "id_fields",
            th.ArrayType(th.StringType),
            default=[],
            description="Where other sources hold subscriber ids: ghl:<custom field> or stripe:<metadata key>.",
        ),
        th.Property(
            "sweep_fields",
            th.ArrayType(th.ObjectType(additional_properties=True)),
            default=[],
            description="Custom fields to search: field_id, and values (a list) or first and last (numbers); at most "
            "100 subscribers a value are shown.",
        ),
        th.Property(
            "look_up",
            th.ArrayType(th.StringType(allowed_values=[EMAIL, PHONE])),
            default=[EMAIL, PHONE],
            description="What of the other sources' contacts is looked up: email, phone.",
        ),
        th.Property(
            "old_phone_forms",
            th.BooleanType,
            default=True,
            description="Look phones of Mexico, Argentina and Brazil up in their older form too.",
        ),
        th.Property(
            "reread_days", th.NumberType, default=7, description="A subscriber is read again after so many days."
        ),
        th.Property(
            "retry_days",
            th.NumberType,
            default=30,
            description="What led to nobody is asked again after so many days.",
        ),
        th.Property(
            "max_requests",
            th.IntegerType,
            description="Questions of one run at most; the next run goes on. Without it, all that is due is asked.",
        ),
        th.Property(
            "most_gone_in_a_row",
            th.IntegerType,
            default=20,
            description="So many stored subscribers in a row may be gone by ManyChat's word; more end the run.",
        ),
        th.Property("requests_per_second", th.NumberType, default=10, description="Limit of all calls but look-ups."),
        th.Property(
            "lookup_requests_per_second",
            th.NumberType,
            default=50,
            description="Limit of look-ups by e-mail and phone.",
        ),
        *api_settings("https://api.manychat.com"),
    ).to_dict()

    @override
    def discover_streams(self) -> Sequence[RawStream]:
        return [stream(self) for stream in streams.STREAMS]

    @override
    def prepare(self) -> None:
        """Try the token, and refuse one of another page than what was read before."""
        if not self.config["api_token"].partition(":")[0].isdecimal():
            raise WrongCredentialError(self.client.wrong_credential.format(reason="it does not begin with a page id"))
        try:
            self.page_info()
        except TemporaryError as error:
            raise VendorDownError(
                f"ManyChat cannot be read: {error}. Check api_url ({self.config['api_url']})."
            ) from error
        self.refuse_another_account()
        self._refuse_another_page()
        _ = self._settings_seeds, self._id_places, self.budget, self.read_now  # made before several threads ask

    @override
    def _sync_side_by_side(self, streams: list[RawStream]) -> None:
        """Read the streams, then tell the coverage: one queue may find what the other one did not know."""
        try:
            super()._sync_side_by_side(streams)
        finally:
            for stream in streams:
                if isinstance(stream, QueueStream):
                    stream.tell_coverage()

    @cached_property
    @override
    def client(self) -> ManyChatClient:
        """The client that all streams share."""
        config = self.config
        rates = {SYSTEM_FIELD: config["lookup_requests_per_second"]}
        limiter = self.limiter(lambda name: rates.get(name, config["requests_per_second"]))
        who = {"api_token": config["api_token"]}
        return ManyChatClient(config["api_url"], self.account, limiter, self.stopping, self.patience, **who)

    @cached_property
    def page_info(self) -> Once[msgspec.Raw]:
        """What the page says of itself, asked once."""
        return Once(lambda: self.client.page_info(self.meter))

    @cached_property
    def page_id(self) -> str:
        """The page that the token belongs to."""
        told = raw_json.decode_members(self.page_info())
        if "id" not in told:
            raise ChangedEnvelopeError("ManyChat no longer says in getInfo which page the token belongs to; tell us.")
        return str(msgspec.json.decode(told["id"]))

    @cached_property
    @override
    def identity(self) -> dict[str, Any]:
        """Whose subscribers a bookmark speaks of."""
        return {"page_id": self.page_id}

    @override
    def identity_text(self, identity: dict[str, Any]) -> str:
        return f"page {identity['page_id']}"

    @cached_property
    def budget(self) -> Budget:
        """How many questions are left."""
        return Budget(self.config.get("max_requests"))

    @cached_property
    def read_now(self) -> ReadNow:
        """Who was read in this run."""
        return ReadNow()

    @cached_property
    def id_seeds(self) -> Once[Seeds]:
        """The queue of ids and of values of custom fields."""
        return Once(self._make_id_seeds)

    def contact_seeds(self, bookmark: Mapping[str, Any]) -> Seeds:
        """The queue of e-mails and phones; without a warehouse nobody knows any."""
        everything = {EMAIL: places.EMAILS, PHONE: places.PHONES}
        chosen = {kind: everything[kind] for kind in self.config["look_up"]}
        return self._queue(Given(chosen, CONTACTS_ARE_DUE, old_forms=self.config["old_phone_forms"]), bookmark)

    def found_elsewhere(self, identities: set[str]) -> None:
        """Count ids that came by an e-mail, a phone or a field and were not in the warehouse."""
        if identities and self.is_wanted(streams.Subscribers.name):
            self.id_seeds().coverage.found_elsewhere(identities)

    def subscriber(self, raw: msgspec.Raw, seed: Seed) -> RecordMessage:
        """The record of a subscriber, whichever queue led to it."""
        return self._subscribers.message(raw, {"asked": seed.id, "from": seed.origin})

    def is_wanted(self, stream: str) -> bool:
        """Whether rows of this stream may be written."""
        return stream not in self.streams or self.streams[stream].selected

    @cached_property
    def _subscribers(self) -> streams.Subscribers:
        found = self.streams[streams.Subscribers.name]
        assert isinstance(found, streams.Subscribers)  # noqa: S101 - the SDK's dict knows streams only as such
        return found

    def _make_id_seeds(self) -> Seeds:
        given = Given({ID: [*places.IDS, *self._id_places]}, IDS_ARE_DUE, self._settings_seeds)
        return self._queue(given, self._subscribers.bookmark)

    def _queue(self, given: Given, bookmark: Mapping[str, Any]) -> Seeds:
        """The queue as of now; an hour is no reason to leave what a weekly schedule asks for to the week after."""
        now = self.now()
        reread, retry = (max(0, int(self.config[name] * DAY) - HOUR) for name in ("reread_days", "retry_days"))
        if self.database is None:
            return ListedSeeds(list(given.settings), bookmark, now, reread)
        line = Database(self.config["database_url"], self.name)  # of its own: limits must not wait for a long query
        return StagedSeeds(line, self.account, Ages(now - reread, now - retry), given)

    @cached_property
    def _settings_seeds(self) -> list[Seed]:
        path = self.config.get("subscriber_ids_file")
        return [*seeds.field_seeds(self.config["sweep_fields"]), *(seeds.file_seeds(path) if path else [])]

    @cached_property
    def _id_places(self) -> list[Place]:
        try:
            return places.id_fields(self.config["id_fields"])
        except ValueError as error:
            raise RefusedRequestError(
                f"id_fields: {error} is neither ghl:<custom field, id or key> nor stripe:<metadata key>."
            ) from error

    def _refuse_another_page(self) -> None:
        """Refuse a page whose subscribers would be taken for those of another one, and for deleted.

        Raises:
            WrongCredentialError: the warehouse holds another page under this account.
        """
        held = self.database and other_page(self.database, self.account, self.page_id)
        if held:
            raise WrongCredentialError(
                f"The warehouse holds page {held} as account {self.account}, the token is of page {self.page_id}: "
                "they never mix. Use the other token, or give this one an `account` of its own."
            )


if __name__ == "__main__":
    TapManyChat.cli()

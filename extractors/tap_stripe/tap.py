"""The tap for Stripe: its settings and its streams."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from tap_core.api_tap import ApiTap, api_settings
from tap_core.errors import MissingPermissionError, WrongCredentialError
from tap_core.interval_stream import SECOND
from tap_core.intervals import from_text
from tap_core.once import Once
from typing_extensions import override

from tap_stripe.base import EVENTS_ARE_SURE_FOR
from tap_stripe.client import ALL, StripeClient
from tap_stripe.events import OVERLAP, EventLog
from tap_stripe.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_core.stream import RawStream

TELLING = ("account_id", "key_begins")
"""What tells accounts apart, the surest first."""

KEY_BEGIN = 16


class TapStripe(ApiTap):
    """Reads a Stripe account: every object, as Stripe sends it, and what changes later."""

    name = "tap-stripe"
    source = "stripe"
    package_name = "stage-first"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "api_key",
            th.StringType,
            secret=True,
            required=True,
            description="Restricted key with read permissions, rk_live_...: Developers > API keys.",
        ),
        th.Property("stripe_account", th.StringType, description="A connected account to read instead: acct_..."),
        th.Property(
            "requests_per_second",
            th.NumberType,
            default=100,
            description="Limit of the account (test: 25).",
        ),
        th.Property("endpoint_requests_per_second", th.NumberType, default=25, description="Limit of one endpoint."),
        *api_settings("https://api.stripe.com", "2009-01-01T00:00:00Z"),
    ).to_dict()

    @override
    def discover_streams(self) -> Sequence[RawStream]:
        return [stream(self) for stream in STREAMS]

    @override
    def prepare(self) -> None:
        """Refuse a key that cannot be right, and one of another account than the bookmark's."""
        self.refuse_another_account()
        _ = self.client, self._opening  # made before several threads ask for them

    @cached_property
    @override
    def client(self) -> StripeClient:
        """The client that all streams share."""
        config = self.config
        rates = {ALL: config["requests_per_second"]}
        limiter = self.limiter(lambda name: rates.get(name, config["endpoint_requests_per_second"]))
        who = {"api_key": config["api_key"], "stripe_account": config.get("stripe_account")}
        return StripeClient(config["api_url"], self.account, limiter, self.stopping, self.patience, **who)

    @property
    def began(self) -> int:
        """Stripe's time when this run began to look: what happens later belongs to the next run."""
        return self._opening()[0]

    @property
    def events(self) -> EventLog | None:
        """What changed since the oldest bookmark that events still reach; None if the key may not read events."""
        return self._opening()[1]

    @cached_property
    def _opening(self) -> Once[tuple[int, EventLog | None]]:
        return Once(self._open)

    def _open(self) -> tuple[int, EventLog | None]:
        """Find out whether Stripe knows the key, whose it is, and what time it is there."""
        may_read_events = self._may_read_events()
        self._identify()
        now = self.client.now()
        return now, self._event_log(now) if may_read_events else None

    def _may_read_events(self) -> bool:
        try:
            self.client.check(self.meter)
        except MissingPermissionError as error:
            self.logger.warning(
                "The key may not read events, so every run reads all. Give it `Events: read`. %s", error
            )
            return False
        return True

    def _identify(self) -> None:
        """Ask whose data the key reads, and keep what earlier runs knew of it and this key does not tell."""
        connected = self.config.get("stripe_account")
        self.identity["account_id"] = connected or self.client.account_id(self.meter)
        self.identity["key_begins"] = None if connected else begin_of(self.config["api_key"])
        self.refuse_another_account()
        for name in TELLING:
            told = (mark[name] for mark in self.bookmarks if mark.get(name))
            self.identity[name] = self.identity[name] or next(told, None)

    def _event_log(self, now: int) -> EventLog:
        moments = [from_text(text) for mark in self.bookmarks if (text := mark.get("changes_from"))]
        since = min((moment for moment in moments if now - moment <= EVENTS_ARE_SURE_FOR), default=now)
        kinds = {stream.kind for stream in STREAMS}
        return EventLog(self.client, kinds, (since - OVERLAP) // SECOND * SECOND, now, self.meter)

    @property
    @override
    def account(self) -> str:
        """The name in every key: the setting, else the connected account, else `main`."""
        named: str = self.config["account"]
        return self.config.get("stripe_account") or named if named == "main" else named

    @cached_property
    @override
    def identity(self) -> dict[str, Any]:
        """Whose data a bookmark speaks of; `TELLING` is filled in when Stripe has been asked."""
        known = {"mode": mode_of(self.config["api_key"]), "stripe_account": self.config.get("stripe_account")}
        return {**known, **dict.fromkeys(TELLING)}

    @override
    def same_account(self, known: dict[str, Any], identity: dict[str, Any]) -> bool:
        """The account's id decides where both tell it, else the keys' beginnings; bookmarks of old tell neither."""
        tell = [name for name in TELLING if known.get(name) and identity.get(name)]
        decide = ["mode", "stripe_account", *tell[:1]]
        return all(known[name] == identity[name] for name in decide)

    @override
    def identity_text(self, identity: dict[str, Any]) -> str:
        begins = identity["key_begins"]
        account = (
            identity["account_id"] or identity["stripe_account"] or (begins and f"the account of keys {begins}...")
        )
        return f"{identity['mode']} data" + (f" of {account}" if account else "")


def begin_of(api_key: str) -> str | None:
    """What all keys of an account have in common, and no key of another; None in keys of the older kind."""
    begins = api_key.partition(f"_{mode_of(api_key)}_")[2][:KEY_BEGIN]
    return begins if begins.startswith("51") else None


def mode_of(api_key: str) -> str:
    """Whether a key reads live or test data.

    Raises:
        WrongCredentialError: it is no key that can read.
    """
    if api_key.startswith(("sk_", "rk_")):
        for mode in ("live", "test"):
            if f"_{mode}_" in api_key:
                return mode
    raise WrongCredentialError(
        "api_key is no key that can read: a restricted key begins with rk_live_ or rk_test_, a secret one with "
        "sk_live_ or sk_test_. It stands in Stripe under Developers > API keys; put it into "
        ".env as TAP_STRIPE_API_KEY."
    )


if __name__ == "__main__":
    TapStripe.cli()

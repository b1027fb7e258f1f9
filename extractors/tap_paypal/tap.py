"""The tap for PayPal: its settings and its streams."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from tap_core.api_tap import ApiTap, api_settings
from tap_core.interval_stream import DAY, HOUR
from tap_core.once import Once
from typing_extensions import override

from tap_paypal import opening
from tap_paypal.client import ALL, TOKEN, PayPalClient
from tap_paypal.opening import Opening
from tap_paypal.revealed import Known, Revealed
from tap_paypal.streams import STREAMS, Transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_core.stream import RawStream

THREE_YEARS = 1095 * DAY
TOKENS_PER_SECOND = 1


class TapPayPal(ApiTap):
    """Reads a PayPal account: what it was paid and paid out, and what stands behind it."""

    name = "tap-paypal"
    source = "paypal"
    package_name = "stage-first"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "client_id",
            th.StringType,
            secret=True,
            required=True,
            description="Of a REST app, Live or Sandbox: developer.paypal.com > Apps & Credentials.",
        ),
        th.Property("client_secret", th.StringType, secret=True, required=True, description="The secret of that app."),
        th.Property(
            "requests_per_second",
            th.NumberType,
            default=30,
            description="Most requests a second; PayPal publishes no limit.",
        ),
        th.Property(
            "lookback_days",
            th.IntegerType,
            default=10,
            description="How far transactions are read again once a day: for rows that appear late or were pending.",
        ),
        th.Property(
            "far_lookback_days",
            th.IntegerType,
            default=31,
            description="How far transactions are read again once a week.",
        ),
        th.Property(
            "relist_days",
            th.IntegerType,
            default=1,
            description="How often plans, products and all invoices are listed, to find what changed or was deleted.",
        ),
        th.Property(
            "balance_days",
            th.IntegerType,
            default=31,
            description="For how many days back the first run reads the balances of each day; 1094 for all there are.",
        ),
        th.Property(
            "subscription_ids",
            th.ArrayType(th.StringType),
            default=[],
            description="Subscriptions that no transaction names yet: I-...",
        ),
        *api_settings("https://api-m.paypal.com", "2000-01-01T00:00:00Z", timeout_seconds=120),
    ).to_dict()

    @override
    def discover_streams(self) -> Sequence[RawStream]:
        return [stream(self) for stream in STREAMS]

    @override
    def prepare(self) -> None:
        _ = (
            self.client,
            self.opening,
            self.subscriptions,
            self.known_subscriptions,
        )  # made before several threads ask for them

    @override
    def _sync_side_by_side(self, streams: list[RawStream]) -> None:
        if any(isinstance(stream, Transactions) for stream in streams):
            self.subscriptions.expect()
        super()._sync_side_by_side(streams)

    @cached_property
    @override
    def client(self) -> PayPalClient:
        """The client that all streams share."""
        config = self.config
        rates = {ALL: config["requests_per_second"], TOKEN: TOKENS_PER_SECOND}
        limiter = self.limiter(rates.__getitem__)
        who = {"client_id": config["client_id"], "client_secret": config["client_secret"]}
        tokens = self.tokens(f"{self.account} {opening.trace(config['api_url'], *who.values())}")
        return PayPalClient(
            config["api_url"], self.account, limiter, self.stopping, self.patience, tokens=tokens, **who
        )

    @cached_property
    def subscriptions(self) -> Revealed:
        """Ids of subscriptions that this run comes across."""
        return Revealed(self.state.get("bookmarks", {}), keeps=self.database is None)

    @cached_property
    def known_subscriptions(self) -> Known:
        """Ids of subscriptions that earlier runs came across."""
        unfinished = self.state.get("bookmarks", {}).get("subscriptions", {}).get("unfinished", [])
        return Known(self.database, self.account, [*self.config["subscription_ids"], *unfinished])

    @cached_property
    def opening(self) -> Once[Opening]:
        """Who the account is, what time it is at PayPal, and until when transactions are published."""
        return Once(self._open)

    def _open(self) -> Opening:
        found = self._asked()
        self.refuse_another_account()
        return found

    @cached_property
    def _asked(self) -> Once[Opening]:
        return Once(lambda: opening.ask(self.client, self.meter))

    @property
    def oldest(self) -> int:
        """The moment before which PayPal gives nothing, and an hour."""
        return self.opening().now - THREE_YEARS + HOUR

    @property
    def report_start(self) -> int:
        """Where the reports begin: at the start date, but a day from what PayPal forgets while we read."""
        return max(self.start, self.oldest + DAY - HOUR)

    @cached_property
    @override
    def identity(self) -> dict[str, Any]:
        """Whose data a bookmark speaks of; `app` is no secret, only a trace of the credentials."""
        number = self._asked().account_number
        return {"mode": self.mode, "app": opening.trace(self.config["client_id"]), "account_number": number}

    @property
    def mode(self) -> str:
        """Whether the address is that of real money."""
        return "live" if self.config["api_url"].rstrip("/").endswith("//api-m.paypal.com") else "sandbox"

    @override
    def same_account(self, known: dict[str, Any], identity: dict[str, Any]) -> bool:
        """The account's number decides where both tell it, else the app."""
        both_numbered = bool(known.get("account_number") and identity.get("account_number"))
        decides = "account_number" if both_numbered else "app"
        return (known["mode"], known[decides]) == (identity["mode"], identity[decides])

    @override
    def identity_text(self, identity: dict[str, Any]) -> str:
        who = identity.get("account_number") or f"the app {identity['app']}"
        return f"{who} ({identity['mode']})"


if __name__ == "__main__":
    TapPayPal.cli()

"""The base of every tap that reads an API: settings, patience, limits and identity that all vendors share."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import typing as th
from typing_extensions import override

from tap_core.client import Client, Patience
from tap_core.database import Database
from tap_core.errors import MissingPermissionError, WrongCredentialError
from tap_core.limiter import Limiter
from tap_core.meter import Meter
from tap_core.phones import PhoneReader
from tap_core.shared_bucket import SharedBucket
from tap_core.tap import COMMON_SETTINGS, RawTap
from tap_core.tokens import MemoryTokens, StoredTokens, TokenStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_core.api_stream import ApiStream
    from tap_core.limiter import Bucket

SECOND = 1000


def api_settings(
    api_url: str, start_date: str | None = None, timeout_seconds: int = 60
) -> tuple[th.Property[Any], ...]:
    """The settings of every API tap; `start_date` only where the vendor can be asked by time."""
    since = "Objects created before are not read; an earlier date later reads what is missing."
    start = (
        ()
        if start_date is None
        else (th.Property("start_date", th.DateTimeType, default=start_date, description=since),)
    )
    return (
        th.Property("api_url", th.StringType, default=api_url, description="Address of the API; the sandbox's."),
        *start,
        th.Property(
            "max_wait_seconds",
            th.IntegerType,
            default=3600,
            description="How long to wait for the vendor when it is down or refuses, before the run fails.",
        ),
        th.Property(
            "timeout_seconds",
            th.IntegerType,
            default=timeout_seconds,
            description="How long one answer may take.",
        ),
        th.Property(
            "max_concurrency", th.IntegerType, default=16, description="Most requests under way at one endpoint."
        ),
        th.Property(
            "database_url",
            th.StringType,
            secret=True,
            description="Address of the warehouse, by which processes share limits and tokens.",
        ),
        *COMMON_SETTINGS,
    )


class ApiTap(RawTap):
    """A tap whose streams are `ApiStream`s."""

    source: ClassVar[str]
    """The vendor's short name: of limits and tokens in the warehouse."""

    @property
    def client(self) -> Client:
        """The client that all streams share."""
        raise NotImplementedError

    @property
    def account(self) -> str:
        """The account in the keys of all records, where a run reads one."""
        named: str = self.config["account"]
        return named

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Whose data a bookmark speaks of; two that differ never mix."""
        return {}

    @cached_property
    def meter(self) -> Meter:
        """What is asked for all streams at once."""
        return Meter()

    def now(self) -> int:
        """The vendor's time in epoch milliseconds, as its last answer told it."""
        return self.client.now()

    @property
    def start(self) -> int:
        """The start date in milliseconds."""
        moment = datetime.fromisoformat(self.config["start_date"])
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * SECOND

    @cached_property
    def patience(self) -> Patience:
        """How long to insist."""
        config = self.config
        return Patience(config["max_wait_seconds"], config["timeout_seconds"], config["max_concurrency"])

    @cached_property
    def database(self) -> Database | None:
        """The warehouse, if its address is known."""
        url = self.config.get("database_url")
        return Database(url, self.name) if url else None

    def limiter(self, per_second: Callable[[str], float]) -> Limiter:
        """The limits of all accounts, shared with other processes where there is a warehouse."""
        database, source = self.database, self.source
        if database is None:
            return Limiter(per_second, self.stopping)

        def shared(account: str, name: str, rate: float) -> Bucket:
            return SharedBucket(database, source, account, name, rate)

        return Limiter(per_second, self.stopping, shared)

    def tokens(self, account: str) -> TokenStore:
        """Where the tokens of an account are kept."""
        return MemoryTokens() if self.database is None else StoredTokens(self.database, self.source, account)

    @cached_property
    def phone_reader(self) -> PhoneReader:
        """Reads phone numbers for all streams."""
        return PhoneReader(self.config.get("default_region"))

    @cached_property
    def denied(self) -> list[list[str]]:
        """Paths of the members that are removed."""
        return [path.split(".") for path in self.config["deny"]]

    @override
    def check(self) -> list[str]:
        self.prepare()
        readings = cast("list[ApiStream]", self.readings())
        refused = [sentence for stream in readings if (sentence := _refusal(stream))]
        return [
            f"{self.client.vendor}: {len(readings) - len(refused)} of {len(readings)} streams can be read.",
            *refused,
        ]

    def refuse_another_account(self) -> None:
        """Refuse settings of another account than the bookmark's.

        Raises:
            WrongCredentialError: they are.
        """
        identity = self.identity
        for bookmark in self.bookmarks:
            known = {name: bookmark.get(name) for name in identity}
            if not self.same_account(known, identity):
                raise WrongCredentialError(
                    f"The bookmark is of {self.identity_text(known)}, the settings are of "
                    f"{self.identity_text(identity)}: they never mix. Use the other credential, or give this one "
                    "a Meltano environment and an `account` of its own."
                )

    def same_account(self, known: dict[str, Any], identity: dict[str, Any]) -> bool:
        """Whether a bookmark's identity and that of the settings are of one account."""
        return known == identity

    def identity_text(self, identity: dict[str, Any]) -> str:
        """What a person calls it."""
        return ", ".join(f"{name} {value}" for name, value in identity.items() if value is not None)

    @property
    def bookmarks(self) -> list[dict[str, Any]]:
        """The bookmarks of all streams."""
        return list(self.state.get("bookmarks", {}).values())


def _refusal(stream: ApiStream) -> str | None:
    """Why a stream cannot be read; None if it can."""
    try:
        stream.probe()
    except MissingPermissionError as error:
        return f"  {stream.label} is unavailable: {error}"
    return None

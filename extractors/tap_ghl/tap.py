"""The tap for GoHighLevel: its settings and its streams."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from tap_core.api_tap import ApiTap, api_settings
from tap_core.errors import WrongCredentialError
from typing_extensions import override

from tap_ghl.locations import locations_of
from tap_ghl.quota import DayUsedUpError
from tap_ghl.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.exceptions import FatalAPIError
    from tap_core.limiter import Limiter
    from tap_core.stream import RawStream

    from tap_ghl.client import GhlClient
    from tap_ghl.locations import Location

LOCATIONS_AT_ONCE = 3
LOCATION = (
    th.Property("location_id", th.StringType, description="Id of the sub-account: Settings > Business Profile."),
    th.Property(
        "private_token",
        th.StringType,
        secret=True,
        description="Private token of the sub-account, pit-...: Settings > Private Integrations.",
    ),
)


class TapGHL(ApiTap):
    """Reads GoHighLevel's locations: every object, as GoHighLevel sends it."""

    name = "tap-ghl"
    source = "ghl"
    package_name = "stage-first"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        *LOCATION,
        th.Property(
            "locations",
            th.ArrayType(th.ObjectType(*LOCATION)),
            secret=True,
            description="Several sub-accounts instead: a list of location_id and private_token.",
        ),
        th.Property("client_id", th.StringType, description="OAuth instead of a private token: the app's client id."),
        th.Property("client_secret", th.StringType, secret=True, description="OAuth: the app's client secret."),
        th.Property(
            "refresh_token",
            th.StringType,
            secret=True,
            description="OAuth: the first refresh token; those that follow are kept in the warehouse.",
        ),
        th.Property(
            "company_id",
            th.StringType,
            description="OAuth of an agency: its id; every location that has the app is read.",
        ),
        th.Property("relist_days", th.NumberType, default=7, description="How often everything is listed again."),
        th.Property(
            "requests_per_second", th.NumberType, default=10, description="Limit of a location (trial accounts: 2)."
        ),
        th.Property("api_version", th.StringType, default="2021-07-28", description="Header Version of every request."),
        *(one for one in api_settings("https://services.leadconnectorhq.com") if one.name != "account"),
    ).to_dict()

    @override
    def discover_streams(self) -> Sequence[RawStream]:
        return [stream(self) for stream in STREAMS]

    @override
    def prepare(self) -> None:
        """Find out which locations can be read; one that cannot fails for itself, but not if none can."""
        refusals: list[FatalAPIError] = []
        for location in self.locations:
            try:
                location.began()
            except (WrongCredentialError, DayUsedUpError) as error:
                refusals.append(error)
        _ = self.places  # made before several threads ask for it
        if len(refusals) == len(self.locations):
            raise refusals[0]

    @override
    def readings(self) -> list[RawStream]:
        return [stream.of_account(location.id) for location in self.locations for stream in self.selected_streams()]

    @cached_property
    def places(self) -> threading.Semaphore:
        """Which streams may read: those of a few locations at once, since each has pages in memory."""
        return threading.Semaphore(LOCATIONS_AT_ONCE * len(STREAMS))

    @cached_property
    def limits(self) -> Limiter:
        """The limits of all locations: each has its own."""
        return self.limiter(lambda _name: float(self.config["requests_per_second"]))

    @cached_property
    def locations(self) -> list[Location]:
        """The sub-accounts that are read."""
        return locations_of(self)

    def location(self, account: str) -> Location:
        """The sub-account of that id."""
        return next(location for location in self.locations if location.id == account)

    @property
    @override
    def client(self) -> GhlClient:
        """The client of the first location, whose clock is the clock of all."""
        return self.locations[0].client

    @property
    @override
    def account(self) -> str:
        return self.locations[0].id


if __name__ == "__main__":
    TapGHL.cli()

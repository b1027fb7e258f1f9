"""The locations of a run, each with a client, limits and a day of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from tap_core.errors import MissingPermissionError, WrongCredentialError
from tap_core.meter import Meter
from tap_core.once import Once

from tap_ghl.access import App, PrivateToken, app_token, location_token
from tap_ghl.client import GhlClient
from tap_ghl.quota import Quota

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ghl.client import Access
    from tap_ghl.tap import TapGHL

INSTALLED_PATH = "/oauth/installedLocations"
INSTALLED_PAGE = 100
OTHER_LOCATION = "does not have access to this location"
HOW_TO = (
    "Set TAP_GHL_LOCATION_ID and TAP_GHL_PRIVATE_TOKEN in .env (Settings > Business Profile and Settings > Private "
    "Integrations of the sub-account); for several, TAP_GHL_LOCATIONS; for an app of your own, client_id, "
    "client_secret and refresh_token."
)


class Installed(msgspec.Struct):
    """What is needed of a location that has the app."""

    id: str = msgspec.field(name="_id")


_decode_installed = msgspec.json.Decoder(Installed).decode


@dataclass
class Location:
    """A sub-account: `id` is the account of its records."""

    id: str
    client: GhlClient

    @property
    def quoted(self) -> str:
        """The id as it stands in an address."""
        return quote(self.id, safe="")

    @cached_property
    def began(self) -> Once[int]:
        """GoHighLevel's time when this run began to look; finding it out tries the token."""
        return Once(self._open)

    def _open(self) -> int:
        body = {"locationId": self.id, "pageLimit": 1}
        try:
            self.client.search("/contacts/search", "contacts", body, Meter())
        except MissingPermissionError as error:  # without the scope the token may be good for other streams
            if OTHER_LOCATION in str(error):
                reason = f"The token is not of location {self.id}"
                raise WrongCredentialError(
                    self.client.wrong_credential.format(vendor=self.client.vendor, reason=reason)
                ) from error
        return self.client.now()


def locations_of(tap: TapGHL) -> list[Location]:
    """The locations that the settings name, or that an agency's app is installed in.

    Raises:
        WrongCredentialError: the settings name none, or not completely.
    """
    config = tap.config
    if config.get("locations"):
        return [_private(tap, one) for one in config["locations"]]
    if config.get("client_id"):
        return _by_app(tap, config)
    return [_private(tap, config)]


def _private(tap: TapGHL, given: Mapping[str, Any]) -> Location:
    location, token = given.get("location_id"), given.get("private_token")
    if not location or not token:
        raise WrongCredentialError(f"A location needs its location_id and its private_token. {HOW_TO}")
    return Location(location, _client(tap, location, PrivateToken(token)))


def _by_app(tap: TapGHL, config: Mapping[str, Any]) -> list[Location]:
    missing = [name for name in ("client_secret", "refresh_token") if not config.get(name)]
    owner = config.get("company_id") or config.get("location_id")
    if missing or not owner:
        names = ", ".join([*missing, *([] if owner else ["location_id (or company_id)"])])
        raise WrongCredentialError(f"An app needs {names} as well. {HOW_TO}")
    if tap.database is None:
        raise WrongCredentialError(
            "An app's refresh token changes with each use, and without database_url the new one would be lost: set "
            "DATABASE_URL, or use a private token."
        )
    user_type = "Company" if config.get("company_id") else "Location"
    app = App(config["client_id"], config["client_secret"], config["refresh_token"], user_type)
    token = app_token(app, config["api_url"], tap.patience, tap.stopping, tap.tokens(owner))
    client = _client(tap, owner, token)
    return _installed(tap, app, client, owner) if config.get("company_id") else [Location(owner, client)]


def _installed(tap: TapGHL, app: App, agency: GhlClient, company: str) -> list[Location]:
    """Every location of an agency in which the app is installed."""
    found: list[str] = []
    while True:
        page: dict[str, str | int] = {"skip": len(found), "limit": INSTALLED_PAGE, "isInstalled": "true"}
        asked = {"companyId": company, "appId": app.app_id, **page}
        rows = agency.rows(INSTALLED_PATH, "locations", asked, Meter()).rows
        fresh = [one for one in (_decode_installed(row).id for row in rows) if one not in found]
        if not fresh:
            break
        found += fresh
    if not found:
        raise WrongCredentialError(f"The app is installed in no location of agency {company}: install it in one.")
    return [Location(one, _client(tap, one, location_token(agency, company, one))) for one in found]


def _client(tap: TapGHL, account: str, access: Access) -> GhlClient:
    return GhlClient(
        tap.config["api_url"],
        account,
        tap.limits,
        tap.stopping,
        tap.patience,
        access=access,
        version=tap.config["api_version"],
        quota=Quota(account, tap.database),
    )

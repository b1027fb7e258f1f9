"""Who may read what: private tokens, and OAuth with refresh tokens of which each serves once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from sandbox.draws import digest
from sandbox.server.ghl import errors
from sandbox.server.ghl.setup import COMPANY, MAIN, NAMES, SECOND_LOCATION

if TYPE_CHECKING:
    from sandbox.server.vendor import Clock
    from sandbox.server.wire import Request

Object = dict[str, Any]
PRIVATE_TOKENS = {"pit-sandbox": MAIN, "pit-sandbox-2": SECOND_LOCATION}
CLIENT, SECRET, APP = "sandbox_client", "sandbox_secret", "app_sandbox"
FIRST_REFRESH, AGENCY_REFRESH, CODE = "refresh_sandbox", "refresh_agency_sandbox", "code_sandbox"
EXPIRES_IN = 86_399
SCOPES = {
    "contacts": "contacts.readonly",
    "location": "locations.readonly",
    "custom_fields": "locations/customFields.readonly",
    "custom_values": "locations/customValues.readonly",
    "tags": "locations/tags.readonly",
    "users": "users.readonly",
    "opportunities": "opportunities.readonly",
    "pipelines": "opportunities.readonly",
    "payment_transactions": "payments/transactions.readonly",
    "payment_subscriptions": "payments/subscriptions.readonly",
    "invoices": "invoices.readonly",
}


@dataclass(slots=True)
class Grant:
    """What a token opens: one location, or with none the agency; until a second, and for so many requests."""

    location: str
    until: float = math.inf
    requests: float = math.inf


class Access:
    """The tokens that are alive; `token_requests` lets new access tokens end after so many requests."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.token_requests: float = math.inf
        self.refresh_tokens = {FIRST_REFRESH: MAIN, AGENCY_REFRESH: ""}
        self.codes = {CODE: MAIN}
        self._tokens = {token: Grant(location) for token, location in PRIVATE_TOKENS.items()}
        self._issued = 0

    def grant(self, request: Request) -> Grant:
        """Give what the request's token opens, one request of it used up."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._tokens.get(token.strip())
        if scheme.lower() != "bearer" or grant is None or self.clock.now >= grant.until or grant.requests < 1:
            raise errors.wrong_token()
        grant.requests -= 1
        return grant

    def expire(self) -> None:
        """End every access token that OAuth gave; private ones stay."""
        for token in self._tokens.keys() - PRIVATE_TOKENS.keys():
            del self._tokens[token]

    def token(self, request: Request) -> Object:
        """Answer `POST /oauth/token`."""
        form = _form(request)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            raise errors.invalid_grant("Invalid client credentials!")
        kind = form.get("grant_type")
        if kind not in ("refresh_token", "authorization_code"):
            raise errors.unprocessable("grant_type must be authorization_code or refresh_token")
        store, given = (self.refresh_tokens, "refresh_token") if kind == "refresh_token" else (self.codes, "code")
        if form.get(given) not in store:
            raise errors.invalid_grant(f"Invalid grant: {given.replace('_', ' ')} is invalid")
        location = store.pop(form[given])
        agency = form.get("user_type", "Location" if location else "Company") == "Company"
        refresh = self._new("refresh")
        self.refresh_tokens[refresh] = location
        return {**self._access("" if agency else location or MAIN), "refresh_token": refresh}

    def location_token(self, grant: Grant, request: Request) -> Object:
        """Answer `POST /oauth/locationToken`: an agency's token is changed for a location's."""
        if grant.location:
            raise errors.wrong_user_type()
        form = _form(request)
        if form.get("companyId") != COMPANY or form.get("locationId") not in NAMES:
            raise errors.bad_request("Location not found")
        return {**self._access(form["locationId"]), "appId": APP, "versionId": APP}

    def installed_locations(self, grant: Grant, query: dict[str, str]) -> Object:
        """Answer `GET /oauth/installedLocations`."""
        if grant.location:
            raise errors.wrong_user_type()
        if query.get("companyId") != COMPANY or "appId" not in query:
            raise errors.unprocessable("companyId should not be empty", "appId should not be empty")
        found = [
            {"_id": location, "name": name, "address": "200 Main St", "isInstalled": True, "versionId": APP}
            for location, name in NAMES.items()
        ]
        skip, limit = int(query.get("skip", "0")), int(query.get("limit", "20"))
        return {"locations": found[skip : skip + limit], "count": len(found), "installToFutureLocations": True}

    def _access(self, location: str) -> Object:
        token = self._new("access")
        self._tokens[token] = Grant(location, self.clock.now + EXPIRES_IN, self.token_requests)
        owner = {"userType": "Location", "locationId": location} if location else {"userType": "Company"}
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": EXPIRES_IN,
            "scope": " ".join(sorted(set(SCOPES.values()))),
            **owner,
            "companyId": COMPANY,
            "userId": "user_sandbox",
        }

    def _new(self, kind: str) -> str:
        self._issued += 1
        return f"{kind}_{self._issued}_{digest(f'{kind}:{self._issued}').hex()[:32]}"


def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").startswith("application/json"):
        read: dict[str, str] = msgspec.json.decode(request.body)
        return read
    return dict(parse_qsl(request.body.decode()))

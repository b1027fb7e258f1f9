"""Tokens: a private one, or OAuth's, of which each refresh token serves once and must not be lost."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from tap_core.client import Call, Client, Patience
from tap_core.errors import RefusedRequestError, WrongCredentialError
from tap_core.limiter import Limiter
from tap_core.meter import Meter
from tap_core.tokens import MemoryTokens, Token, TokenKeeper, token_for
from typing_extensions import override

from tap_ghl.client import ALL, message_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests
    from tap_core.tokens import TokenStore

    from tap_ghl.client import GhlClient

TOKEN_PATH, LOCATION_TOKEN_PATH = "/oauth/token", "/oauth/locationToken"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PRIVATE_ADVICE = (
    "Make a token in that sub-account under Settings > Private Integrations, with the read-only scopes that "
    ".env.example lists, put it into .env as TAP_GHL_PRIVATE_TOKEN (and the sub-account's id as TAP_GHL_LOCATION_ID) "
    "and run the command again."
)
OAUTH_ADVICE = (
    "Authorise the app once more, put the new refresh token into .env as TAP_GHL_REFRESH_TOKEN and run the command "
    "again; TAP_GHL_CLIENT_ID and TAP_GHL_CLIENT_SECRET are the app's."
)


class TokenBody(msgspec.Struct):
    """What GoHighLevel answers when it gives a token."""

    access_token: str
    expires_in: float
    refresh_token: str | None = None


_decode_token = msgspec.json.Decoder(TokenBody).decode


@dataclass(frozen=True)
class PrivateToken:
    """A token that a person made; there is no other."""

    token: str
    advice: str = PRIVATE_ADVICE

    def access_token(self) -> str:
        """The token."""
        return self.token

    def renew(self, refused: str) -> bool:
        """Say that there is no other."""
        del refused
        return False


class OAuthToken(TokenKeeper):
    """A token that lasts a day and is kept where all processes find it."""

    advice = OAUTH_ADVICE


class TokenClient(Client):
    """Asks for tokens; its refusals renew nothing."""

    vendor = "GoHighLevel"

    @override
    def refusal(self, response: requests.Response, call: Call) -> Exception:
        return RefusedRequestError(f"{response.status_code} at {call.path}: {message_of(response)}")


@dataclass(frozen=True)
class App:
    """The app that a person authorised for a location, or for an agency."""

    client_id: str
    client_secret: str
    refresh_token: str
    user_type: str

    @property
    def app_id(self) -> str:
        """The app's id, with which its client id begins."""
        return self.client_id.partition("-")[0]

    def renewed(self, client: Client, stored: Token | None) -> Token:
        """The next token: by the stored refresh token, else by the configured one, which may be newer.

        Raises:
            WrongCredentialError: neither is good any more.
        """
        known = stored.refresh_token if stored else None
        candidates = dict.fromkeys(token for token in (known, self.refresh_token) if token)
        refusals = []
        for candidate in candidates:
            try:
                body = client.read(self._call(candidate), _decode_token, Meter())
                return token_for(body.access_token, body.refresh_token or candidate, body.expires_in)
            except RefusedRequestError as error:
                refusals.append(str(error))
        raise WrongCredentialError(f"GoHighLevel does not renew the token ({refusals[-1]}). {OAUTH_ADVICE}")

    def _call(self, refresh_token: str) -> Call:
        form = {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "user_type": self.user_type,
        }
        return _post(TOKEN_PATH, form)


def app_token(app: App, api_url: str, patience: Patience, stopping: threading.Event, store: TokenStore) -> OAuthToken:
    """The app's token; requests for it are limited without the warehouse, where its row is locked meanwhile."""
    client = TokenClient(api_url, "oauth", Limiter(lambda _name: 5.0, stopping), stopping, patience)
    return OAuthToken(store, lambda stored: app.renewed(client, stored))


def location_token(agency: GhlClient, company: str, location: str) -> OAuthToken:
    """A location's token, for which an agency's token is exchanged as often as needed."""

    def ask(_stored: Token | None) -> Token:
        call = _post(LOCATION_TOKEN_PATH, {"companyId": company, "locationId": location})
        body = agency.read(call, _decode_token, Meter())
        return token_for(body.access_token, None, body.expires_in)

    return OAuthToken(MemoryTokens(), ask)


def _post(path: str, form: Mapping[str, Any]) -> Call:
    return Call(path, ALL, method="POST", body=urlencode(form).encode(), headers=FORM)

"""Access tokens: given for the client's credentials, and ended by the clock or by use."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sandbox.server.paypal.errors import wrong_client, wrong_grant, wrong_token
from sandbox.server.paypal.facts import new_id
from sandbox.server.paypal.times import zulu

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.server.paypal.switches import Switches
    from sandbox.server.vendor import Clock
    from sandbox.server.wire import Request

CLIENT, SECRET = "sandbox_client", "sandbox_secret"
SCOPES = {
    "transactions": "reporting/search/read",
    "balances": "reporting/balances/read",
    "subscriptions": "subscriptions",
    "plans": "billing/plans/read",
    "products": "catalogs/products/read",
    "invoices": "invoicing/invoices/read",
    "disputes": "disputes/read-seller",
}
"""What each stream needs; `PayPal.forbid` takes it away."""
_SERVICES = "https://uri.paypal.com/services/"


@dataclass(slots=True)
class Token:
    """A token given at a second; what it may not read stays so, whatever is permitted later."""

    text: str
    given: int
    lacks: frozenset[str]
    used: int = 0


@dataclass(slots=True)
class Tokens:
    """All tokens that were given."""

    clock: Clock
    switches: Switches
    _given: dict[str, Token] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def give(self, request: Request, forbidden: Iterable[str]) -> dict[str, Any]:
        """Answer a request for a token."""
        if not _knows(request.headers.get("authorization", "")):
            raise wrong_client()
        grant = dict(parse_qsl(request.body.decode("latin-1"))).get("grant_type", "")
        if grant != "client_credentials":
            raise wrong_grant(grant)
        number = next(self._numbers)
        token = Token(f"A21AA{new_id(f'token:{number}', 40)}", self.clock.now, frozenset(forbidden))
        self._given[token.text] = token
        return {
            "scope": " ".join(_SERVICES + scope for stream, scope in SCOPES.items() if stream not in token.lacks),
            "access_token": token.text,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": self.switches.token_seconds,
            "nonce": f"{zulu(self.clock.now)}{new_id(f'nonce:{number}', 43)}",
        }

    def use(self, authorization: str, shape: str) -> Token:
        """Give the token of a request, if it still lasts."""
        scheme, _, text = authorization.partition(" ")
        token = self._given.get(text.strip())
        if scheme.lower() != "bearer" or token is None:
            raise wrong_token("Token signature verification failed", shape)
        token.used += 1
        most = self.switches.token_requests
        if self.clock.now - token.given >= self.switches.token_seconds or (most is not None and token.used > most):
            raise wrong_token("The token has expired", shape)
        return token


def _knows(authorization: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    try:
        return scheme.lower() == "basic" and base64.b64decode(given, validate=True).decode() == f"{CLIENT}:{SECRET}"
    except (binascii.Error, UnicodeDecodeError):
        return False

"""PayPal's addresses: token, permission and limits are checked, then the report or the object is answered."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sandbox.server.limits import Limiter, Violation
from sandbox.server.paypal import balances, billing, disputes, errors, invoicing, reporting, truth
from sandbox.server.paypal.books import Books
from sandbox.server.paypal.days import live_through
from sandbox.server.paypal.query import Query
from sandbox.server.paypal.switches import Switches
from sandbox.server.paypal.tokens import SCOPES, Tokens
from sandbox.server.vendor import DAY
from sandbox.server.wire import Request, Response

if TYPE_CHECKING:
    from sandbox.people import World
    from sandbox.server.vendor import Clock

Object = dict[str, Any]
Handler = Callable[..., Object]


class Route(NamedTuple):
    """An address: its method, its path with the ids in it, the stream that it belongs to, and who answers."""

    method: str
    path: re.Pattern[str]
    stream: str
    answer: Handler


_TOKEN = "/v1/oauth2/token"  # noqa: S105 - an address
_REPORTING, _BILLING, _INVOICING = "/v1/reporting", "/v1/billing", "/v2/invoicing"
_ID = "/([A-Za-z0-9-]+)"
_ROUTES = tuple(
    Route(method, re.compile(path), stream, answer)
    for method, path, stream, answer in (
        ("GET", f"{_REPORTING}/transactions", "transactions", reporting.transactions),
        ("GET", f"{_REPORTING}/balances", "balances", balances.balances),
        ("GET", f"{_BILLING}/subscriptions{_ID}", "subscriptions", billing.subscription),
        ("GET", f"{_BILLING}/subscriptions{_ID}/transactions", "subscriptions", billing.payments),
        ("GET", f"{_BILLING}/plans", "plans", billing.plans),
        ("GET", f"{_BILLING}/plans{_ID}", "plans", billing.one_plan),
        ("GET", "/v1/catalogs/products", "products", billing.products),
        ("GET", f"/v1/catalogs/products{_ID}", "products", billing.one_product),
        ("GET", f"{_INVOICING}/invoices", "invoices", invoicing.listed),
        ("POST", f"{_INVOICING}/search-invoices", "invoices", invoicing.search),
        ("GET", f"{_INVOICING}/invoices{_ID}", "invoices", invoicing.whole),
        ("GET", "/v1/customer/disputes", "disputes", disputes.listed),
        ("GET", f"/v1/customer/disputes{_ID}", "disputes", disputes.whole),
    )
)
_OAUTH_SHAPED = ("/v1/reporting/", "/v2/invoicing/")


class PayPal(Switches):
    """The vendor under `/paypal`, with one account: `main`."""

    name = "paypal"

    def __init__(self, world: World, clock: Clock, *, limits: bool = True, crowded: bool = False) -> None:
        super().__init__()
        self.clock = clock
        self.limits = limits
        self.crowded = crowded
        self.violations: list[Violation] = []
        self.forbidden: set[str] = set()
        self.limiter = Limiter()
        self.tokens = Tokens(clock, self)
        self._world = world
        self._opened: Books | None = None
        self._requests = count(1)

    @property
    def books(self) -> Books:
        """The account's books, opened when somebody first looks."""
        return self._opened or self._open()

    def open(self) -> None:
        """Open the books."""
        self._open()

    def answer(self, request: Request) -> Response:
        """Answer a request to `/v1/...` or `/v2/...`."""
        debug_id = f"{next(self._requests):013x}"
        try:
            response = Response(200, self._answer(request))
        except errors.Refusal as refusal:
            response = refusal.response(debug_id)
        response.headers["Paypal-Debug-Id"] = debug_id
        return response

    def failure(self, kind: str) -> Response:
        """Say that a fault happened."""
        refusals = {
            "rate_limit": errors.rate_limited,
            "server_error": lambda: errors.broken(500),
            "unavailable": lambda: errors.broken(503),
            "unauthorized": lambda: errors.wrong_token("Access Token not found in cache", self.unauthorized or "oauth"),
            "forbidden": errors.not_authorized,
        }
        return refusals[kind]().response(f"{next(self._requests):013x}")

    def live_through(self, day_end: int) -> None:
        """Let a day pass."""
        live_through(self.books, day_end)

    def forbid(self, stream: str, forbidden: bool = True) -> None:
        """Take the permission for a stream from the app, or give it back to those who then ask for a new token."""
        if stream not in SCOPES:
            raise KeyError(stream)
        (self.forbidden.add if forbidden else self.forbidden.discard)(stream)

    def world_state(self, stream: str, account: str = "main") -> dict[str, Object]:
        """Give what is published by now; of objects what their own address shows."""
        _check(account)
        return truth.whole(self.books, stream)

    def listed(self, stream: str) -> dict[str, Object]:
        """Give the same for plans, products, invoices and disputes, but as their lists show them."""
        return truth.listed(self.books, stream)

    def deleted(self, stream: str, account: str = "main") -> dict[str, int]:
        """Give when the drafts that are no more were deleted; nothing else ever is."""
        _check(account)
        return dict(self.books.deleted.get(stream, {}))

    def _open(self) -> Books:
        """Open the books as of the world's present, and live through the days since."""
        today, self.clock.now = self.clock.now, self._world.now
        self._opened = books = Books(self._world, self.clock, self, crowded=self.crowded)
        while self.clock.now < today:
            self.live_through(self.clock.now + DAY)
            self.clock.now += DAY
        return books

    def _answer(self, request: Request) -> bytes:
        if request.path == _TOKEN:
            self._count(request, "token")
            return msgspec.json.encode(self.tokens.give(request, self.forbidden))
        by_address = "oauth" if request.path.startswith(_OAUTH_SHAPED) else "envelope"
        token = self.tokens.use(request.headers.get("authorization", ""), self.unauthorized or by_address)
        self._count(request, "account")
        route, ids = _route(request)
        if route.stream in self.forbidden | token.lacks:
            raise errors.not_authorized()
        return msgspec.json.encode(route.answer(self.books, Query(request), *ids))

    def _count(self, request: Request, limit: str) -> None:
        if self.limits and self.limiter.refusal({limit: self.rates[limit]}):
            self.violations.append(Violation(time.time(), self.name, "main", request.path, limit))
            raise errors.rate_limited()


def _route(request: Request) -> tuple[Route, tuple[str, ...]]:
    found = [(route, match.groups()) for route in _ROUTES if (match := route.path.fullmatch(request.path))]
    if not found:
        raise errors.missing()
    for route, ids in found:
        if route.method == request.method:
            return route, ids
    raise errors.no_method()


def _check(account: str) -> None:
    if account != "main":
        raise KeyError(account)

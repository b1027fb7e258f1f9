"""Stripe's addresses: key, version, account and limits are checked, then the list or the object is answered."""

from __future__ import annotations

import base64
import binascii
import re
import time
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sandbox.people import World
from sandbox.server.limits import Limiter, Violation
from sandbox.server.stripe import errors, lists
from sandbox.server.stripe.books import CONNECTED, MAIN, STREAMS, Books
from sandbox.server.stripe.days import live_through
from sandbox.server.stripe.events import RETENTION, first_events
from sandbox.server.stripe.params import read_expand, read_wish
from sandbox.server.stripe.render import credit_note_lines, render
from sandbox.server.stripe.versions import OLD_VERSION, known
from sandbox.server.vendor import DAY
from sandbox.server.wire import Request, Response

if TYPE_CHECKING:
    from sandbox.server.vendor import Clock

Object = dict[str, Any]
TEST_KEY, RESTRICTED_KEY, LIVE_KEY = "sk_test_sandbox", "rk_test_sandbox", "rk_live_sandbox"
_ACCOUNTS = {"main": MAIN, MAIN: MAIN, "connected": CONNECTED, CONNECTED: CONNECTED}
_SMALLER = 10
_GLOBAL_RATE, _ENDPOINT_RATE = 100.0, 25.0

_PATHS = {("checkout/sessions" if stream == "checkout_sessions" else stream): stream for stream in STREAMS}
_ONE_OR_MANY = re.compile(rf"/v1/({'|'.join(_PATHS)})(?:/([A-Za-z0-9_]+))?")
_NESTED = re.compile(r"/v1/(?:(charges)/(\w+)/refunds|(invoices|credit_notes)/(\w+)/lines)")
_ITEMS = "/v1/subscription_items"
_PERMISSIONS = {
    "balance_transactions": "rak_balance_transaction_read",
    "checkout_sessions": "rak_checkout_session_read",
}


class Reader(NamedTuple):
    """Who reads: the key, the account that it reads, and the version in which."""

    key: str
    account: str
    books: Books
    version: str


class Stripe:
    """The vendor under `/stripe`; `main`, its connected account, and the live mode of `main` are own worlds."""

    name = "stripe"

    def __init__(self, world: World, clock: Clock, *, limits: bool = True, crowded: bool = False) -> None:
        self.clock = clock
        self.limits = limits
        self.crowded = crowded
        self.violations: list[Violation] = []
        self.forbidden: set[str] = set()
        self.rates = {"global": _GLOBAL_RATE, "endpoint": _ENDPOINT_RATE}
        self.limiter = Limiter()
        self._world = world
        self._books: dict[tuple[str, bool], Books] = {}
        self._requests = count(1)

    def books(self, account: str = "main", *, live: bool = False) -> Books:
        """Give an account's books, opened when somebody first looks."""
        opened = self._books.get((_ACCOUNTS[account], live))
        return opened or self._open(_ACCOUNTS[account], live)

    def open(self) -> None:
        """Open the books of `main`."""
        self.books()

    def answer(self, request: Request) -> Response:
        """Answer a request to `/v1/...`."""
        try:
            response = self._answer(request)
        except errors.Refusal as refusal:
            response = refusal.response()
        response.headers["Request-Id"] = f"req_{next(self._requests):014d}"
        response.headers["Stripe-Version"] = request.headers.get("stripe-version", OLD_VERSION)
        return response

    def failure(self, kind: str) -> Response:
        """Say that a fault happened."""
        refusals = {
            "rate_limit": lambda: errors.rate_limited("global-rate"),
            "server_error": lambda: errors.broken(500),
            "unavailable": lambda: errors.broken(503),
            "unauthorized": lambda: errors.wrong_key(RESTRICTED_KEY),
            "forbidden": lambda: errors.no_permission(RESTRICTED_KEY, MAIN, "rak_sandbox_read"),
        }
        return refusals[kind]().response()

    def live_through(self, day_end: int) -> None:
        """Let a day pass in every account that was ever looked at, and in `main`."""
        self.books()
        for books in self._books.values():
            live_through(books, day_end)

    def forbid(self, stream: str, forbidden: bool = True) -> None:
        """Take the permission for a stream from the restricted keys, or give it back."""
        if stream not in STREAMS:
            raise KeyError(stream)
        (self.forbidden.add if forbidden else self.forbidden.discard)(stream)

    def world_state(self, stream: str, account: str = "main") -> dict[str, Object]:
        """Give every object that is not deleted, with whole nested lists; of events those that are still kept."""
        books = self.books(account)
        if stream == "events":
            kept = (key for key in books.streams[stream].keys if key[0] >= self.clock.now - RETENTION)
            return {identity: lists.shown(books, stream, identity, OLD_VERSION, []) for _, identity in kept}
        return {identity: render(books, stream, identity) for _, identity in books.streams[stream].keys}

    def deleted(self, stream: str, account: str = "main") -> dict[str, int]:
        """Give when the objects that are no more were deleted."""
        return dict(self.books(account).streams[stream].deleted)

    def _open(self, account: str, live: bool) -> Books:
        """Open an account and let it live through the days that passed before anybody looked."""
        world = self._world
        if account != MAIN or live:
            seed = world.seed + 1_000_003 + 2 * (account == CONNECTED) + live
            world = World(seed, max(20, world.people // _SMALLER), world.epoch)
        today, self.clock.now = self.clock.now, world.now
        books = Books(world, self.clock, account, live=live, crowded=self.crowded)
        books.streams["events"].load((event.created, event.id, event) for event in first_events(books))
        while self.clock.now < today:
            live_through(books, self.clock.now + DAY)
            self.clock.now += DAY
        self._books[account, live] = books
        return books

    def _answer(self, request: Request) -> Response:
        reader = self._reader(request)
        stream, identity, endpoint = _asked(request)
        self._count(reader, request, endpoint)
        if request.method != "GET":
            raise errors.no_permission(reader.key, reader.account, f"rak_{stream}_write")
        if reader.key.startswith("rk_") and stream in self.forbidden:
            permission = _PERMISSIONS.get(stream, f"rak_{lists.KINDS[stream]}_read")
            raise errors.no_permission(reader.key, reader.account, permission)
        return Response(200, msgspec.json.encode(self._found(reader, request, stream, identity)))

    def _found(self, reader: Reader, request: Request, stream: str, identity: str) -> Object:
        if stream == "account":
            return {
                "id": reader.account,
                "object": "account",
                "country": "US",
                "default_currency": "usd",
                "type": "standard",
            }
        if request.path == _ITEMS:
            return _items(reader, request)
        if _NESTED.fullmatch(request.path):
            return _nested(reader, request, stream, identity)
        if identity:
            return self._one(reader, request, stream, identity)
        wish = read_wish(request.query, lists.FILTERS[stream])
        return lists.page(reader.books, stream, request.path, wish, reader.version)

    def _one(self, reader: Reader, request: Request, stream: str, identity: str) -> Object:
        expand = read_expand(request.query)
        index = reader.books.streams[stream]
        if stream == "customers" and identity in index.deleted:
            return lists.stub_or_object(reader.books, stream, identity)
        if identity not in index.facts or (
            stream == "events" and index.facts[identity][0] < self.clock.now - RETENTION
        ):
            raise errors.missing(lists.KINDS[stream], identity)
        return lists.shown(reader.books, stream, identity, reader.version, expand)

    def _reader(self, request: Request) -> Reader:
        key = _key(request.headers.get("authorization", ""))
        if key not in (TEST_KEY, RESTRICTED_KEY, LIVE_KEY):
            raise errors.wrong_key(key) if key else errors.no_key()
        version = request.headers.get("stripe-version", OLD_VERSION)
        if not known(version):
            raise errors.Refusal(400, f"Invalid Stripe API version: {version}")
        account = request.headers.get("stripe-account", MAIN)
        if account not in (MAIN, CONNECTED):
            raise errors.no_account(key, account)
        return Reader(key, account, self.books(account, live="_live_" in key), version)

    def _count(self, reader: Reader, request: Request, endpoint: str) -> None:
        if not self.limits:
            return
        everywhere, here = f"global {reader.account}", f"{endpoint} {reader.account}"
        rates = {everywhere: self.rates["global"], here: self.rates["endpoint"]}
        empty = self.limiter.refusal(rates)
        if empty:
            reason = "global-rate" if empty == everywhere else "endpoint-rate"
            self.violations.append(Violation(time.time(), self.name, reader.account, request.path, reason))
            raise errors.rate_limited(reason)


def _key(authorization: str) -> str:
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return given.strip() if scheme.lower() == "bearer" else ""


def _asked(request: Request) -> tuple[str, str, str]:
    """Give the stream, the id, and the endpoint that the limit counts by."""
    path = request.path
    if path == "/v1/account":
        return "account", "", path
    if path == _ITEMS:
        return "subscriptions", "", path
    if nested := _NESTED.fullmatch(path):
        stream, identity = (group for group in nested.groups() if group)
        return stream, identity, f"/v1/{stream}/:id/{path.rpartition('/')[2]}"
    if found := _ONE_OR_MANY.fullmatch(path):
        return _PATHS[found[1]], found[2] or "", f"/v1/{found[1]}{'/:id' if found[2] else ''}"
    raise errors.Refusal(
        404, f"Unrecognized request URL ({request.method}: {path}). Please see https://stripe.com/docs"
    )


def _nested(reader: Reader, request: Request, stream: str, identity: str) -> Object:
    books, wish = reader.books, read_wish(request.query, ())
    if identity not in books.streams[stream].facts:
        raise errors.missing(lists.KINDS[stream], identity)
    if stream == "charges":
        return lists.nested_page(lists.refunds_of(books, identity), request.path, wish)
    if stream == "credit_notes":
        return lists.nested_page(credit_note_lines(books.streams[stream].fact(identity)), request.path, wish)
    return lists.nested_page(render(books, stream, identity)["lines"]["data"], request.path, wish)


def _items(reader: Reader, request: Request) -> Object:
    wish = read_wish(request.query, ("subscription",))
    identity = wish.filters.get("subscription", [""])[-1]
    if not identity:
        raise errors.bad_parameter("Missing required param: subscription.", "subscription", "parameter_missing")
    if identity not in reader.books.streams["subscriptions"].facts:
        raise errors.missing("subscription", identity, "subscription")
    items = render(reader.books, "subscriptions", identity)["items"]["data"]
    return lists.nested_page(items, f"{request.path}?subscription={identity}", wish)

"""GoHighLevel's addresses: token, version, limits, scope and location are checked, then the answer is made."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.people import World
from sandbox.server.ghl import errors, routes
from sandbox.server.ghl.access import SCOPES, Access, Grant
from sandbox.server.ghl.books import Books
from sandbox.server.ghl.days import live_through
from sandbox.server.ghl.facts import uuid
from sandbox.server.ghl.limits import Windows
from sandbox.server.ghl.lists import Asked, read_given
from sandbox.server.ghl.setup import COMPANY, MAIN, SECOND_LOCATION
from sandbox.server.limits import Violation
from sandbox.server.vendor import DAY
from sandbox.server.wire import Request, Response

if TYPE_CHECKING:
    from sandbox.server.vendor import Clock

Object = dict[str, Any]
VERSIONS = ("2021-07-28", "2021-04-15", "2023-02-21", "v3")
_ACCOUNTS = {"main": MAIN, MAIN: MAIN, SECOND_LOCATION: SECOND_LOCATION}
_SMALLER = 10


class GHL:
    """The vendor under `/ghl`.

    `search_lag_seconds`: how far the searches follow behind, by the sandbox's clock; set it before the days pass.
    `tag_edits_move_date_updated`: whether a tag that comes or goes moves `dateUpdated`; the vendor does not say.
    `access.token_requests`: after how many requests a new access token ends; `access.expire()` ends all at once.
    `windows.interval_limit`, `windows.daily_limit`: requests in ten seconds (wall clock), and a day (sandbox).
    `payments_page_cap`: how many transactions, subscriptions or invoices a page holds at most, whatever is asked for.
    """

    name = "ghl"

    def __init__(self, world: World, clock: Clock, *, limits: bool = True, crowded: bool = False) -> None:
        self.clock = clock
        self.limits = limits
        self.crowded = crowded
        self.violations: list[Violation] = []
        self.forbidden: set[str] = set()
        self.windows = Windows(clock)
        self.access = Access(clock)
        self.search_lag_seconds = 0
        self.tag_edits_move_date_updated = True
        self.payments_page_cap = 100
        self._world = world
        self._books: dict[str, Books] = {}
        self._requests = count(1)

    def books(self, account: str = "main") -> Books:
        """Give a location's books, opened when somebody first looks."""
        location = _ACCOUNTS[account]
        return self._books.get(location) or self._open(location)

    def open(self) -> None:
        """Leave the books closed: a sandbox that is asked of other vendors needs none of them."""

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        trace = uuid(f"trace:{next(self._requests)}")
        try:
            return self._answer(request, trace)
        except errors.Refusal as refusal:
            return refusal.response(trace)

    def failure(self, kind: str) -> Response:
        """Say that a fault happened."""
        refusals = {
            "rate_limit": lambda: errors.failed(429),
            "server_error": lambda: errors.failed(500),
            "unavailable": lambda: errors.failed(503),
            "unauthorized": errors.wrong_token,
            "forbidden": errors.other_location,
        }
        response = refusals[kind]().response(uuid(f"trace:{next(self._requests)}"))
        response.headers.update(self.windows.headers(MAIN))
        return response

    def live_through(self, day_end: int) -> None:
        """Let a day pass in every location that was ever looked at."""
        for books in self._books.values():
            live_through(books, day_end, tags_move=self.tag_edits_move_date_updated)

    def forbid(self, stream: str, forbidden: bool = True) -> None:
        """Take the scope for a stream from every token, or give it back; deals and pipelines share one."""
        (self.forbidden.add if forbidden else self.forbidden.discard)(SCOPES[stream])

    def world_state(self, stream: str, account: str = "main") -> dict[str, Object]:
        """Give every object that is not deleted, by id, whatever the search's lag hides as yet.

        A contact has the search's shape without `searchAfter`, as an opportunity has: it depends on the sort, so
        whoever compares leaves it out.
        """
        books = self.books(account)
        if stream in books.setup.streams:
            return dict(books.setup.streams[stream])
        index = books.indexes[stream]
        return {identity: books.render(stream, fact) for identity, fact in index.facts.items()}

    def deleted(self, stream: str, account: str = "main") -> dict[str, int]:
        """Give when the objects that are no more were deleted; a merged contact is one of them."""
        index = self.books(account).indexes.get(stream)
        return dict(index.deleted) if index else {}

    def _open(self, location: str) -> Books:
        """Open a location and let it live through the days that passed before anybody looked."""
        world = self._world
        if location != MAIN:
            world = World(world.seed + 2_000_003, max(20, world.people // _SMALLER), world.epoch)
        today, self.clock.now = self.clock.now, world.now
        books = Books(world, self.clock, location, crowded=self.crowded)
        while self.clock.now < today:
            live_through(books, self.clock.now + DAY, tags_move=self.tag_edits_move_date_updated)
            self.clock.now += DAY
        self._books[location] = books
        return books

    def _answer(self, request: Request, trace: str) -> Response:
        if request.method == "POST" and request.path == "/oauth/token":
            return _json(self.access.token(request), trace)
        grant = self.access.grant(request)
        owner = grant.location or COMPANY
        try:
            self._count(owner, request)
            response = self._asked(request, grant, trace)
        except errors.Refusal as refusal:
            response = refusal.response(trace)
        response.headers.update(self.windows.headers(owner))
        return response

    def _asked(self, request: Request, grant: Grant, trace: str) -> Response:
        version = request.headers.get("version", "")
        if version not in VERSIONS:
            raise errors.no_version(bool(version))
        if (request.method, request.path) == ("POST", "/oauth/locationToken"):
            return _json(self.access.location_token(grant, request), trace)
        if (request.method, request.path) == ("GET", "/oauth/installedLocations"):
            return _json(self.access.installed_locations(grant, dict(request.query)), trace)
        route, parts = routes.route(request)
        if not grant.location:
            raise errors.wrong_user_type()
        if SCOPES[route.stream] in self.forbidden:
            raise errors.no_scope()
        given = read_given(request, parts)
        wanted = given.get(route.location) if route.location else grant.location
        if not wanted:
            raise errors.unprocessable(f"{route.location} can't be undefined", f"{route.location} must be a string")
        if wanted != grant.location:
            raise errors.other_location()
        books = self.books(grant.location)
        books.publish(self.search_lag_seconds)
        found = route.find(Asked(books, route.stream, given, trace, self.payments_page_cap))
        return Response(200, found) if isinstance(found, bytes) else _json(found, trace)

    def _count(self, owner: str, request: Request) -> None:
        refused = self.windows.refusal(owner) if self.limits else None
        if refused:
            self.violations.append(Violation(time.time(), self.name, owner, request.path, refused))
            raise errors.failed(429)


def _json(found: Object, trace: str) -> Response:
    return Response(200, msgspec.json.encode({**found, "traceId": trace}))

"""ManyChat's page API: whose token, how often, and what is answered; there is no call that lists subscribers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.people import World
from sandbox.server.limits import Limiter, Violation
from sandbox.server.manychat import definitions, errors
from sandbox.server.manychat.audience import Audience
from sandbox.server.manychat.days import live_through
from sandbox.server.manychat.render import PAGE_TIMEZONE
from sandbox.server.vendor import DAY
from sandbox.server.wire import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.server.vendor import Clock
    from sandbox.server.wire import Request

Object = dict[str, Any]
PAGE_ID, OTHER_PAGE_ID = "1234567", "7654321"
TOKEN, OTHER_TOKEN = f"{PAGE_ID}:sandbox", f"{OTHER_PAGE_ID}:sandbox"
_PAGES = {"main": PAGE_ID, PAGE_ID: PAGE_ID, "other": OTHER_PAGE_ID, OTHER_PAGE_ID: OTHER_PAGE_ID}
_SMALLER = 10
_MOST_FOUND = 100

STREAMS = ("subscribers", "page_info", "tags", "custom_fields", "bot_fields", "flows")
_PATHS = {
    "/fb/page/getInfo": ("page_info", "page"),
    "/fb/page/getTags": ("tags", "page"),
    "/fb/page/getCustomFields": ("custom_fields", "subscriber"),
    "/fb/page/getBotFields": ("bot_fields", "subscriber"),
    "/fb/page/getFlows": ("flows", "subscriber"),
    "/fb/page/getGrowthTools": ("growth_tools", "subscriber"),
    "/fb/page/getOtnTopics": ("otn_topics", "subscriber"),
    "/fb/subscriber/getInfo": ("subscribers", "subscriber"),
    "/fb/subscriber/getInfoByUserRef": ("subscribers", "subscriber"),
    "/fb/subscriber/findByName": ("subscribers", "subscriber"),
    "/fb/subscriber/findByCustomField": ("subscribers", "subscriber"),
    "/fb/subscriber/findBySystemField": ("subscribers", "system_field"),
}
"""Each operation with its stream and the limit it counts against; calls of 10 a second are counted together, which
is the strictest way to read the documentation."""


class ManyChat:
    """The vendor under `/manychat`; a token belongs to one page, and each page is a world of its own."""

    name = "manychat"

    def __init__(self, world: World, clock: Clock, *, limits: bool = True, crowded: bool = False) -> None:
        del crowded  # times decide nothing here
        self.clock = clock
        self.limits = limits
        self.violations: list[Violation] = []
        self.forbidden: set[str] = set()
        self.rates = {"page": 100.0, "subscriber": 10.0, "system_field": 50.0}
        self.limiter = Limiter()
        self.capitals_count = False
        """Whether an e-mail is found only as it is written; nobody knows what ManyChat does."""
        self._world = world
        self._audiences: dict[str, Audience] = {}

    def audience(self, account: str = "main") -> Audience:
        """Give a page's subscribers, made when somebody first looks."""
        page_id = _PAGES[account]
        return self._audiences.get(page_id) or self._open(page_id)

    def open(self) -> None:
        """Open the page of `main`."""
        self.audience()

    def answer(self, request: Request) -> Response:
        """Answer a request to `/fb/...`."""
        try:
            return self._answer(request)
        except errors.Refusal as refusal:
            return refusal.response()

    def failure(self, kind: str) -> Response:
        """Say that a fault happened."""
        answers: dict[str, Callable[[], Response]] = {
            "rate_limit": errors.too_fast,
            "server_error": lambda: errors.broken(500),
            "unavailable": lambda: errors.broken(503),
            "unauthorized": lambda: errors.wrong_token().response(),
            "forbidden": lambda: errors.forbidden().response(),
        }
        return answers[kind]()

    def live_through(self, day_end: int) -> None:
        """Let a day pass at every page that was ever looked at, and at `main`."""
        self.audience()
        for audience in self._audiences.values():
            live_through(audience, day_end)

    def forbid(self, stream: str, forbidden: bool = True) -> None:
        """Refuse the calls of a stream, as without the Pro plan, or answer them again."""
        if stream not in STREAMS:
            raise KeyError(stream)
        (self.forbidden.add if forbidden else self.forbidden.discard)(stream)

    def world_state(self, stream: str, account: str = "main") -> dict[str, Object]:
        """Give every object, by its id; flows by `ns`."""
        audience = self.audience(account)
        if stream == "subscribers":
            return {identity: audience.pull(identity) for identity in audience.subscribers}
        found = self._listed(stream, audience)
        rows = [found] if stream == "page_info" else found["flows"] if stream == "flows" else found
        return {str(row.get("id", row.get("ns"))): row for row in rows}

    def deleted(self, stream: str, account: str = "main") -> dict[str, int]:
        """Give when the subscribers that are no more were deleted or lost to a merge."""
        return dict(self.audience(account).deleted) if stream == "subscribers" else {}

    def _open(self, page_id: str) -> Audience:
        """Open a page and let it live through the days that passed before anybody looked."""
        world = self._world
        if page_id != PAGE_ID:
            world = World(world.seed + 2_000_003, max(20, world.people // _SMALLER), world.epoch)
        today, self.clock.now = self.clock.now, world.now
        audience = Audience(world, self.clock, page_id)
        while self.clock.now < today:
            live_through(audience, self.clock.now + DAY)
            self.clock.now += DAY
        self._audiences[page_id] = audience
        return audience

    def _answer(self, request: Request) -> Response:
        if request.path not in _PATHS or request.method != "GET":
            return errors.not_there()
        stream, bucket = _PATHS[request.path]
        audience = self._reader(request)
        if not self._counted(request, audience.page.id, bucket):
            return errors.too_fast()
        if stream in self.forbidden:
            raise errors.forbidden()
        data = self._found(request, stream, audience)
        return Response(200, msgspec.json.encode({"status": "success", "data": data}))

    def _found(self, request: Request, stream: str, audience: Audience) -> Any:
        if stream != "subscribers":
            return self._listed(stream, audience)
        call = request.path.rpartition("/")[2]
        given = dict(request.query)
        if call == "findBySystemField":
            return self._by_contact(given, audience)
        if call == "getInfo":
            return _one(_required(given, "subscriber_id"), audience)
        if call == "findByName":
            return _many(audience.with_name(_required(given, "name")), audience)
        if call == "findByCustomField":
            return _by_field(given, audience)
        raise errors.unknown(_required(given, "user_ref"))

    def _by_contact(self, given: dict[str, str], audience: Audience) -> Any:
        kinds = [kind for kind in ("email", "phone") if given.get(kind)]
        if len(kinds) != 1:
            raise errors.invalid("Exactly one of email, phone must be specified")
        kind, value = kinds[0], given[kinds[0]]
        for identity in audience.with_contact(kind, value):
            found = audience.pull(identity)
            if found[kind] == value or not self.capitals_count:
                return found
        if errors.shape_of(value) == 2:
            return []
        raise errors.unknown(value)

    def _listed(self, stream: str, audience: Audience) -> Any:
        listed: dict[str, Any] = {
            "page_info": _page_info(audience),
            "tags": [{"id": identity, "name": name} for name, identity in definitions.TAGS.items()],
            "custom_fields": [field._asdict() for field in definitions.CUSTOM_FIELDS],
            "bot_fields": definitions.BOT_FIELDS,
            "flows": definitions.FLOWS,
        }
        return listed.get(stream, [])

    def _reader(self, request: Request) -> Audience:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise errors.no_token()
        if token not in (TOKEN, OTHER_TOKEN):
            raise errors.wrong_token()
        return self.audience(token.partition(":")[0])

    def _counted(self, request: Request, page_id: str, bucket: str) -> bool:
        """Count a request; whether it may be answered."""
        name = f"{bucket} {page_id}"
        if not self.limits or not self.limiter.refusal({name: self.rates[bucket]}):
            return True
        self.violations.append(Violation(time.time(), self.name, page_id, request.path, bucket))
        return False


def _one(identity: str, audience: Audience) -> Object:
    if not identity.isdecimal():
        raise errors.invalid("subscriber_id: Must be an integer")
    if identity not in audience.subscribers:
        raise errors.unknown(identity)
    return audience.pull(identity)


def _many(identities: list[str], audience: Audience) -> list[Object]:
    return [audience.pull(identity) for identity in identities[:_MOST_FOUND]]


def _by_field(given: dict[str, str], audience: Audience) -> list[Object]:
    field_id, value = _required(given, "field_id"), _required(given, "field_value")
    if not field_id.isdecimal() or int(field_id) not in definitions.SEARCHABLE:
        raise errors.invalid("field_id: Only Text and Number fields can be searched")
    return _many(audience.with_field(int(field_id), value), audience)


def _required(given: dict[str, str], name: str) -> str:
    if not given.get(name):
        raise errors.invalid(f"{name}: This value should not be blank")
    return given[name]


def _page_info(audience: Audience) -> Object:
    return {
        "id": int(audience.page.id),
        "name": "Color y Forma" if audience.page.id == PAGE_ID else "Color y Forma Kids",
        "category": "Education",
        "avatar_link": None,
        "username": "colorforma",
        "about": "Talleres de acuarela",
        "description": None,
        "is_pro": True,
        "timezone": PAGE_TIMEZONE,
    }

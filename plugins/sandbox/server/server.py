"""The server itself: vendors under their names, the log, faults, latency and the control address."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from sandbox.server.control import Control
from sandbox.server.faults import Faults
from sandbox.server.ghl.vendor import GHL
from sandbox.server.manychat.vendor import ManyChat
from sandbox.server.paypal.vendor import PayPal
from sandbox.server.stripe.vendor import Stripe
from sandbox.server.vendor import DAY, Clock, Vendor
from sandbox.server.wire import Request, Response, talk

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

    from sandbox.people import World
    from sandbox.server.limits import Violation

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_LOG_LIMIT = 500_000
_STEPS_TO_ACCEPT = 5


@dataclass(frozen=True, slots=True)
class Logged:
    """A request as it was answered; `fault` names what was done to it on purpose."""

    time: float
    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    status: int
    fault: str | None = None


class SandboxServer:
    """`with SandboxServer(world) as sandbox:` answers at `sandbox.url` until the block ends."""

    def __init__(
        self,
        world: World,
        *,
        port: int = 0,
        latency_ms: tuple[int, int] = (0, 0),
        limits: bool = True,
        crowded: bool = False,
        only: str | None = None,
    ) -> None:
        self.world = world
        self.clock = Clock(world.now)
        self.faults = Faults()
        self.log: list[Logged] = []
        self.stripe = Stripe(world, self.clock, limits=limits, crowded=crowded)
        self.ghl = GHL(world, self.clock, limits=limits, crowded=crowded)
        self.manychat = ManyChat(world, self.clock, limits=limits, crowded=crowded)
        self.paypal = PayPal(world, self.clock, limits=limits, crowded=crowded)
        self.vendors: dict[str, Vendor] = {
            vendor.name: vendor
            for vendor in (self.stripe, self.ghl, self.manychat, self.paypal)
            if only in (None, vendor.name)
        }
        self.days = 0
        self.latency_ms = latency_ms
        self._port = port
        self._delays = random.Random(world.seed)
        self._lock = threading.RLock()
        self._control = Control(self)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._writers: WeakSet[asyncio.StreamWriter] = WeakSet()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._refused: OSError | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the vendors are: Stripe's base address is `<url>/stripe`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def violations(self) -> list[Violation]:
        """Every request that went beyond a vendor's limit, oldest first; none may be there after a good run."""
        return sorted((one for vendor in self.vendors.values() for one in vendor.violations), key=lambda one: one.time)

    def start(self) -> None:
        """Listen; from here on the port is known, and no first answer is slow."""
        for vendor in self.vendors.values():
            vendor.open()
        self._thread.start()
        self._ready.wait()
        if self._refused:
            raise self._refused

    def stop(self) -> None:
        """Close all connections, those that hang too."""
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def advance(self, days: int = 1) -> None:
        """Let days pass at every vendor: new rows, updates of old ones, deletions."""
        with self._lock:
            for _ in range(days):
                self.days += 1
                for vendor in self.vendors.values():
                    vendor.live_through(self.clock.now + DAY)
                self.clock.now += DAY

    def world_state(self, stream: str, account: str = "main", vendor: str = "stripe") -> dict[str, dict[str, Any]]:
        """Give what a perfect download holds now, by id."""
        with self._lock:
            return self.vendors[vendor].world_state(stream, account)

    def deleted(self, stream: str, account: str = "main", vendor: str = "stripe") -> dict[str, int]:
        """Give the ids that were deleted, with the second at which."""
        with self._lock:
            return self.vendors[vendor].deleted(stream, account)

    def _run(self) -> None:
        with closing(asyncio.new_event_loop()) as loop:
            try:
                listening = loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self._port))
            except OSError as error:
                self._refused = error
                return self._ready.set()
            self._loop = loop
            self._port = listening.sockets[0].getsockname()[1]
            self._ready.set()
            loop.run_forever()
            loop.run_until_complete(self._end_all(listening))
        return None

    async def _end_all(self, listening: asyncio.Server) -> None:
        for _ in range(_STEPS_TO_ACCEPT):  # connections that are being accepted now are made first
            await asyncio.sleep(0)
        listening.close()
        transports = [writer.transport for writer in self._writers]
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for transport in transports:  # who was killed reads no more: closing would wait for them
            transport.abort()
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Coroutine[None, None, None]:
        self._writers.add(writer)
        return self._talk(reader, writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            await talk(reader, writer, self._answer)

    async def _answer(self, request: Request) -> Response:
        if request.path.startswith("/control/"):
            return self._control.answer(request)
        with self._lock:
            response, fault = self._faulty(request)
            params = tuple(request.query)
            self.log.append(Logged(time.time(), request.method, request.path, params, response.status, fault))
            del self.log[:-_LOG_LIMIT]
        response.headers.setdefault("Date", formatdate(self.clock.now, usegmt=True))
        if self.latency_ms[1]:
            await asyncio.sleep(self._delays.uniform(*self.latency_ms) / 1000)
        return response

    def _faulty(self, request: Request) -> tuple[Response, str | None]:
        fault = self.faults.next(request.path)
        name, _, rest = request.path.lstrip("/").partition("/")
        vendor = self.vendors.get(name)
        if vendor is None:
            return Response(404, b'{"error": "There is no such vendor here."}'), fault
        if fault == "advance":
            self.advance()
        request = Request(request.method, f"/{rest}", request.query, request.headers, request.body)
        if fault in ("rate_limit", "server_error", "unavailable", "unauthorized", "forbidden"):
            return vendor.failure(fault), fault
        return _spoilt(vendor.answer(request), fault), fault


def _spoilt(response: Response, fault: str | None) -> Response:
    if fault in ("cut", "hang"):
        response.sending = fault
    elif fault == "truncated":
        response.body = response.body[: len(response.body) // 2]
    elif fault == "html":
        return Response(200, _HTML, content_type="text/html; charset=utf-8")
    return response

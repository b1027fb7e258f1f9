"""Pages that follow the database: one reader for all browsers, once a second, and only while somebody looks."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool

from sync_center.security.roles import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sync_center.panel import Panel
    from sync_center.security.roles import Role

SECONDS_BETWEEN = 1.0
MOST_WAITING = 4
"""Messages that wait for one browser; the one that reads too slowly loses the oldest, and the newest tells all."""
BADGE_SECONDS = 2.0
READERS_TOKEN = "the-form-token-of-the-reader"  # noqa: S105
"""Stands in a fragment that is rendered once for many; each browser gets its own in its place."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveView:
    """A part of a page that is sent anew when `fingerprint` says something else."""

    template: str
    fingerprint: Callable[[Panel], object]
    """Must be cheap: it is asked once a second."""
    read: Callable[[Panel], dict[str, Any]]
    """What the template needs beside `user`, `url_for` and `form_token`."""


@dataclass(frozen=True)
class Audience:
    """Those who see the same: one page, one language, one role."""

    page: str
    language: str
    role: Role


class Broadcaster:
    """Looks at the database while there are listeners; renders once for each audience; never waits for a browser."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._views = {page.name: page.live for page in panel.pages if page.live}
        self._listeners: dict[Audience, set[asyncio.Queue[str]]] = defaultdict(set)
        self._seen: dict[str, object] = {}
        self._sent: dict[Audience, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._badges: dict[str, int] = {}
        self._badges_at = 0.0

    def __contains__(self, page: str) -> bool:
        return page in self._views

    @property
    def listeners(self) -> int:
        """How many browsers listen."""
        return sum(len(queues) for queues in self._listeners.values())

    @property
    def badges(self) -> dict[str, int]:
        """What waits on each page, counted at most every two seconds."""
        if time.monotonic() - self._badges_at > BADGE_SECONDS:
            self._badges_at = time.monotonic()
            self._badges = {page.name: page.badge(self._panel) for page in self._panel.pages if page.badge}
        return self._badges

    async def follow(self, audience: Audience, token: str) -> Any:
        """The fragments for one browser: the state now, then each change."""
        queue: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._listeners[audience].add(queue)
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._watch())
            yield _for_reader(await run_in_threadpool(self._render, audience), token)
            while True:
                yield _for_reader(await queue.get(), token)
        finally:
            self._listeners[audience].discard(queue)

    async def _watch(self) -> None:
        while self.listeners:
            await asyncio.sleep(SECONDS_BETWEEN)
            try:
                news = await run_in_threadpool(lambda: list(self._look()))
            except (psycopg.Error, PoolTimeout) as error:  # it is away: the page says what it knew until it is back
                _log.warning("The database does not answer: %s", type(error).__name__)
                continue
            for audience, html in news:
                for queue in self._listeners[audience]:
                    if queue.full():
                        queue.get_nowait()
                    queue.put_nowait(html)

    def _look(self) -> Iterator[tuple[Audience, str]]:
        """What has changed for whom."""
        audiences = [audience for audience, queues in list(self._listeners.items()) if queues]
        for page in {audience.page for audience in audiences}:
            mark = self._views[page].fingerprint(self._panel)
            if self._seen.get(page) == mark:
                continue
            self._seen[page] = mark
            for audience in (audience for audience in audiences if audience.page == page):
                html = self._render(audience)
                if self._sent.get(audience) != html:
                    self._sent[audience] = html
                    yield audience, html

    def _render(self, audience: Audience) -> str:
        view = self._views[audience.page]
        around = {"user": User("", audience.role), "form_token": READERS_TOKEN, "url_for": self._panel.renderer.url_for}
        return self._panel.renderer.fragment(view.template, audience.language, **around, **view.read(self._panel))


def _for_reader(html: str, token: str) -> str:
    return html.replace(READERS_TOKEN, token)

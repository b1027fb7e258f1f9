"""Commits pushes that arrive together at once: each is answered after its commit, and a burst costs few commits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_center.pages.inbox.store import Outcome

MOST_AT_ONCE = 200
MOST_WAITING = 2000


class FullError(Exception):
    """More wait than can be committed soon."""


class Collector:
    """`commit` stores bodies and says of each what became of it."""

    def __init__(self, commit: Callable[[list[bytes]], list[Outcome]]) -> None:
        self._commit = commit
        self._waiting: list[tuple[bytes, asyncio.Future[Outcome]]] = []
        self._task: asyncio.Task[None] | None = None

    async def store(self, body: bytes) -> Outcome:
        """Store a body and return when it is committed.

        Raises:
            FullError: too many wait already.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise FullError
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((body, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            answers: list[Outcome | Exception]
            try:
                answers = list(await run_in_threadpool(self._commit, [body for body, _ in taken]))
            except Exception as error:
                answers = [error] * len(taken)
            for (_, future), answer in zip(taken, answers, strict=True):
                _answer(future, answer)


def _answer(future: asyncio.Future[Outcome], answer: Outcome | Exception) -> None:
    if future.done():  # who sent it has gone
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)

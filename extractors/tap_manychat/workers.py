"""Asks many questions at once and gives the answers in the order of the questions, so that a position can be kept."""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_Question = TypeVar("_Question")
_Answer = TypeVar("_Answer")

AHEAD = 200
"""Answers that wait for an older one: one slow answer does not stop the others."""


def in_order(
    questions: Iterable[_Question], ask: Callable[[_Question], _Answer], allowed: Callable[[], int], most: int
) -> Generator[_Answer, None, None]:
    """Yield the answers; `allowed` says how many may be under way now, never more than `most`."""
    pool = ThreadPoolExecutor(most, "manychat")
    under_way: deque[Future[_Answer]] = deque()
    left = iter(questions)
    try:
        while True:
            running = [future for future in under_way if not future.done()]
            while len(running) < allowed() and len(under_way) < AHEAD:
                try:
                    future = pool.submit(ask, next(left))
                except StopIteration:
                    break
                under_way.append(future)
                running.append(future)
            if not under_way:
                return
            if under_way[0].done():
                yield under_way.popleft().result()
            else:
                wait(running, return_when=FIRST_COMPLETED)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)

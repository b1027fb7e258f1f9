"""A panel as a process of its own, with people logged in who look on and click."""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import requests
from sync_center.database import Database
from sync_center.security import sessions, users
from sync_center.security.passwords import random_password

from benchmarks.bench import BIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PORT = 25_600
SECONDS_TO_START = 30


@dataclass
class Visitor:
    """Somebody who is logged in."""

    address: str
    session: requests.Session = field(default_factory=requests.Session)

    def milliseconds(self, path: str) -> float:
        """How long a page takes on this machine, from the request's first byte to the answer's last."""
        began = time.perf_counter()
        answer = self.session.get(self.address + path, timeout=60)
        answer.raise_for_status()
        return (time.perf_counter() - began) * 1000

    def links(self, path: str, pattern: str, most: int) -> list[str]:
        """Addresses on a page that look like this."""
        page = self.session.get(self.address + path, timeout=60).text
        return list(dict.fromkeys(re.findall(f'href="({pattern})"', page)))[:most]


class PanelProcess:
    """`sync-center serve` for a database."""

    def __init__(self, url: str, log: str) -> None:
        self.address = f"http://127.0.0.1:{PORT}"
        self._url = url
        self._log = log

    @contextlib.contextmanager
    def running(self) -> Iterator[PanelProcess]:
        """Start it, wait until it answers, end it."""
        words = [str(BIN / "sync-center"), "serve", "--port", str(PORT)]
        with (
            open(self._log, "ab") as log,
            subprocess.Popen(words, stdout=log, stderr=log, env=_environment(self._url)) as child,
        ):
            self.process = psutil.Process(child.pid)
            try:
                self._wait()
                yield self
            finally:
                child.terminate()

    def visitors(self, count: int) -> list[Visitor]:
        """People with open logins, which nobody had to wait for."""
        database = Database(self._url)
        database.open()
        with contextlib.closing(database):
            with contextlib.suppress(Exception), database.connection() as connection:
                users.add(connection, "bench", "owner", random_password())
            found = [Visitor(self.address) for _ in range(count)]
            for visitor in found:
                visitor.session.cookies.set(sessions.COOKIE, sessions.begin(database, "bench", 1))
        return found

    @contextlib.contextmanager
    def watched_by(self, visitors: Sequence[Visitor], page: str = "home") -> Iterator[None]:
        """These people have a live page open."""
        answers = [visitor.session.get(f"{self.address}/live/{page}", stream=True, timeout=60) for visitor in visitors]
        readers = [threading.Thread(target=_read_on, args=[answer], daemon=True) for answer in answers]
        for reader in readers:
            reader.start()
        try:
            yield
        finally:
            for answer in answers:
                answer.close()

    def cpu_share(self, seconds: float) -> float:
        """Which part of a core the process uses, in percent."""
        before = sum(self.process.cpu_times()[:2])
        time.sleep(seconds)
        return (sum(self.process.cpu_times()[:2]) - before) / seconds * 100

    def memory_mb(self) -> float:
        """Private and shared memory of the process."""
        return float(self.process.memory_info().rss) / 2**20

    def _wait(self) -> None:
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.address}/health", timeout=5).ok:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"The panel does not answer; see {self._log}")


def clicking(visitors: Sequence[Visitor], paths: Sequence[str], rounds: int) -> list[float]:
    """Milliseconds of every page, asked for by all of them at once, each in an order of their own."""

    def click(number: int) -> list[float]:
        turned = [*paths[number % len(paths) :], *paths[: number % len(paths)]]
        return [visitors[number].milliseconds(path) for _ in range(rounds) for path in turned]

    with ThreadPoolExecutor(len(visitors)) as crowd:
        return [one for found in crowd.map(click, range(len(visitors))) for one in found]


def _read_on(answer: requests.Response) -> None:
    with contextlib.suppress(requests.RequestException, OSError, AttributeError, ValueError):
        for _ in answer.iter_content(4096):
            pass


def _environment(url: str) -> dict[str, str]:
    import os

    from warehouse.address import libpq_environment

    return {**os.environ, "DATABASE_URL": url, **libpq_environment(url), "MALLOC_ARENA_MAX": "2"}

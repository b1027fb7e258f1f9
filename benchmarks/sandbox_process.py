"""The sandbox as a process of its own, so that its work is not ours, and what its control address tells."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 25_498
OPENING_SECONDS = 300


@dataclass(frozen=True)
class Request:
    """One line of the sandbox's log."""

    time: float
    path: str
    status: int


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    url: str

    def log(self, vendor: str) -> list[Request]:
        """All requests to a vendor, oldest first."""
        found = [Request(one["time"], one["path"], one["status"]) for one in self._get("log")]
        return [one for one in found if one.path.startswith(f"/{vendor}/")]

    def violations(self) -> int:
        """Requests beyond a limit."""
        return len(self._get("violations"))

    def objects(self, vendor: str, stream: str, account: str = "main") -> dict[str, Any]:
        """What a perfect download of a stream holds, by id."""
        found: dict[str, Any] = self._get(f"truth?vendor={vendor}&stream={stream}&account={account}")
        return found

    def _get(self, what: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/control/{what}", timeout=120) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def sandbox_process(people: int, *options: str, latency_ms: str = "150-300", port: int = PORT) -> Iterator[Sandbox]:
    """Start it, wait until it answers, and stop it."""
    command = [sys.executable, "-m", "sandbox", "serve", "--port", str(port), "--people", str(people)]
    child = subprocess.Popen(
        [*command, "--latency-ms", latency_ms, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    sandbox = Sandbox(f"http://127.0.0.1:{port}")
    try:
        _wait(sandbox, child)
        yield sandbox
    finally:
        child.terminate()
        child.wait()


def _wait(sandbox: Sandbox, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + OPENING_SECONDS
    while time.monotonic() < until:
        if child.poll() is not None:
            raise RuntimeError("the sandbox ended at once; is its port taken?")
        try:
            sandbox._get("clock")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the sandbox did not open in time")

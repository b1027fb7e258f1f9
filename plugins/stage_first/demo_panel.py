"""The panel on the demo's data, which goes on when the demo has ended, and a user for it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from typing import NamedTuple

import requests

from stage_first import background, project
from stage_first.settings import UsageError, without_plugins

NAME = "demo-panel"
USER = "owner"
_DEFAULT_PORT = 8765
_SECONDS_TO_START = 60


class Opened(NamedTuple):
    """Where it is, and how to get in."""

    address: str
    user: str
    password: str


def open_panel() -> Opened:
    """Start it and give the demo's user a new password, since nobody can read the one of the last demo.

    Raises:
        UsageError: it does not answer.
    """
    background.stop(NAME)
    port = _free_port()
    command = [str(project.BIN / "sync-center"), "--environment", project.DEMO]
    background.start(NAME, [*command, "serve", "--port", str(port)])
    address = f"http://127.0.0.1:{port}"
    _wait_for(address)
    adding = [*command, "users", "add", USER, "--role", "owner", "--renew"]
    said = subprocess.run(adding, env=without_plugins(os.environ), check=True, capture_output=True, text=True).stdout
    return Opened(f"{address}/", USER, said.rpartition("Password: ")[2].strip())


def _free_port() -> int:
    """The usual port, or where somebody has it the next that nobody has."""
    first = int(os.environ.get("STAGE_FIRST_PANEL_PORT") or _DEFAULT_PORT)
    for port in range(first, first + 50):
        with socket.socket() as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if _can_bind(found, port):
                return port
    raise UsageError(f"No port from {first} on is free; set STAGE_FIRST_PANEL_PORT.")


def _can_bind(found: socket.socket, port: int) -> bool:
    try:
        found.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _wait_for(address: str) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until:
        background.check_running(NAME, "The panel")
        try:
            if requests.get(f"{address}/health", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise UsageError(f"The panel does not answer; its log is {background.log_of(NAME)}.")

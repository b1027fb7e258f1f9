"""Runs tap-ghl in this process and keeps what the loader would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

from support import tap_runs, tap_warehouse
from support.tap_runs import run_tap
from tap_ghl.streams import STREAMS
from tap_ghl.tap import TapGHL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.server import SandboxServer

MAIN, SECOND = "loc_sandbox", "loc_sandbox_2"
ONE = {"location_id": MAIN, "private_token": "pit-sandbox"}
TWO = {"locations": [ONE, {"location_id": SECOND, "private_token": "pit-sandbox-2"}]}
NAMES = tuple(stream.name for stream in STREAMS)
SEARCHED = ("contacts", "opportunities")


class Outcome(tap_runs.Outcome):
    """What a run wrote, in order."""

    def bookmark(self, stream: str, account: str = MAIN) -> dict[str, Any]:
        """A stream's last bookmark."""
        found: dict[str, Any] = self.state["bookmarks"][stream]["accounts"][account]
        return found


def run(
    sandbox: SandboxServer | str,
    state: Mapping[str, Any] | None = None,
    streams: tuple[str, ...] = (),
    **settings: Any,
) -> Outcome:
    """Run the tap once; every page gets its checkpoint and nobody waits."""
    url = sandbox if isinstance(sandbox, str) else f"{sandbox.url}/ghl"
    who = {} if {"locations", "client_id"} & settings.keys() else ONE
    config = {"api_url": url, "requests_per_second": 5000, **who, **settings}
    with mock.patch("tap_ghl.client.INTERVAL_HEADER", "X-Not-Sent"):
        done = run_tap(TapGHL, config, state, streams)
    return Outcome(done.exit_code, done.lines)


class Warehouse(tap_warehouse.Warehouse):
    """Rows of the main location, unless another is named."""

    account = MAIN


def truth(sandbox: SandboxServer, stream: str, account: str = MAIN) -> dict[str, dict[str, Any]]:
    """What the location has."""
    name = "location" if stream == "locations" else stream
    return sandbox.world_state(name, account, "ghl")


def differences(
    warehouse: Warehouse, sandbox: SandboxServer, account: str = MAIN, streams: tuple[str, ...] = NAMES
) -> list[str]:
    """Where what was loaded is not what the location has; what was deleted since the last listing may be left."""
    found = []
    for stream in streams:
        real, loaded = truth(sandbox, stream, account), warehouse.alive(stream, account)
        unnoticed = sandbox.deleted(stream, account, "ghl") if stream in SEARCHED else {}
        keys = sorted(real.keys() | loaded.keys() - unnoticed.keys())
        found += [f"{stream} {key}" for key in keys if real.get(key) != loaded.get(key)]
    return found


def requests_of(sandbox: SandboxServer, since: int = 0) -> list[str]:
    """Paths that were asked for, after the first `since` requests."""
    return [logged.path.removeprefix("/ghl") for logged in sandbox.log[since:]]

"""Runs tap-stripe in this process and keeps what the loader would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.tap_runs import Outcome, run_tap
from support.tap_warehouse import Warehouse
from tap_stripe.streams import STREAMS
from tap_stripe.tap import TapStripe

if TYPE_CHECKING:
    from sandbox.server import SandboxServer

KEY = "sk_test_sandbox"
FAST = {"requests_per_second": 5000, "endpoint_requests_per_second": 5000}


def run(
    url: str,
    state: dict[str, Any] | None = None,
    streams: tuple[str, ...] = (),
    raw_lines: list[bytes] | None = None,
    **settings: Any,
) -> Outcome:
    """Run the tap once; every page gets its checkpoint and nobody waits long."""
    outcome = run_tap(TapStripe, {"api_key": KEY, "api_url": url, **FAST, **settings}, state, streams)
    if raw_lines is not None:
        raw_lines += outcome.lines
    return outcome


def differences(warehouse: Warehouse, sandbox: SandboxServer, *, account: str = "main") -> list[str]:
    """Where what was loaded is not what Stripe has."""
    found = []
    for stream in STREAMS:
        truth, loaded = sandbox.world_state(stream.name, account), warehouse.alive(stream.name)
        keys = sorted(truth.keys() | loaded.keys())
        found += [f"{stream.name} {key}" for key in keys if truth.get(key) != loaded.get(key)]
    return found


def requests_of(sandbox: SandboxServer, since: int = 0) -> list[str]:
    """Paths that were asked for, after the first `since` requests."""
    return [logged.path.removeprefix("/stripe") for logged in sandbox.log[since:]]

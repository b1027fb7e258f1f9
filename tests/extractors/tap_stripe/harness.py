"""Runs tap-stripe in this process and keeps what the loader would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.tap_runs import Outcome, run_tap
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


class Warehouse:
    """Does to dicts what the loader does to tables."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, dict[str, Any]]] = {}

    def load(self, messages: list[dict[str, Any]]) -> Warehouse:
        """Take messages in order."""
        for message in messages:
            if message["type"] == "RECORD" and message["stream"] != "_rejected_records":
                self.tables.setdefault(message["stream"], {})[message["record"]["id"]] = message["record"]
        return self

    def alive(self, stream: str) -> dict[str, dict[str, Any]]:
        """Objects that are not deleted."""
        rows = self.tables.get(stream, {})
        return {key: row["record"] for key, row in rows.items() if not row.get("_sdc_deleted_at")}

    def deleted(self, stream: str) -> set[str]:
        """Ids that are."""
        return {key for key, row in self.tables.get(stream, {}).items() if row.get("_sdc_deleted_at")}


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

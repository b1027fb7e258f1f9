"""Runs tap-paypal in this process and keeps what the loader would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.server.paypal.facts import Row
from support.tap_runs import Outcome, run_tap
from support.tap_warehouse import Warehouse
from tap_paypal.tap import TapPayPal

if TYPE_CHECKING:
    from sandbox.server import SandboxServer
    from sandbox.server.server import Logged

APP = {"client_id": "sandbox_client", "client_secret": "sandbox_secret"}
EVERYTHING = (
    "transactions",
    "subscriptions",
    "subscription_transactions",
    "plans",
    "products",
    "invoices",
    "disputes",
)
"""Streams of which the sandbox tells what a perfect download holds; of balances it knows the present only."""
FAST = {"requests_per_second": 5000, "start_date": "2000-01-01T00:00:00Z"}


def run(
    url: str,
    state: dict[str, Any] | None = None,
    streams: tuple[str, ...] = (),
    raw_lines: list[bytes] | None = None,
    **settings: Any,
) -> Outcome:
    """Run the tap once; every page gets its checkpoint and nobody waits long."""
    outcome = run_tap(TapPayPal, {**APP, "api_url": url, **FAST, **settings}, state, streams)
    if raw_lines is not None:
        raw_lines += outcome.lines
    return outcome


def differences(
    warehouse: Warehouse, sandbox: SandboxServer, streams: tuple[str, ...] = ("transactions",)
) -> list[str]:
    """Where what was loaded is not what PayPal has."""
    found = []
    for stream in streams:
        truth, loaded = sandbox.paypal.world_state(stream), warehouse.alive(stream)
        keys = sorted(truth.keys() | loaded.keys())
        found += [f"{stream} {key}" for key in keys if truth.get(key) != loaded.get(key)]
    return found


def unknowable(sandbox: SandboxServer) -> set[str]:
    """What nothing tells yet: a change whose own row is not published, and changes of finished memberships."""
    books = sandbox.paypal.books
    hidden = [row for row in books.shelf.rows if not books.moment.holds(row)]
    ids = {row.reference for row in hidden} | {row.id for row in hidden}
    keys = [key for key in sandbox.paypal.world_state("transactions") if key.split(":")[0] in ids]
    finished = [one.id for one in books.subscriptions.values() if one.status in ("CANCELLED", "EXPIRED")]
    return {
        *(f"transactions {key}" for key in keys),
        *(f"subscription_transactions {identity}" for identity in ids),
        *(f"subscriptions {identity}" for identity in finished),
    }


def add_rows(sandbox: SandboxServer, at: int, *cents: int, identity: str = "TWIN0000000000001", **more: Any) -> None:
    """Enter rows of one id, code and second; they are published at once."""
    rows = [Row(identity, "T0006", at, "USD", amount, **{"published": at, **more}) for amount in cents]
    sandbox.paypal.books.add(*rows)


def add_crowd(sandbox: SandboxServer, at: int, size: int) -> None:
    """Enter rows of one second, each with an id of its own."""
    for number in range(size):
        add_rows(sandbox, at, 100 + number, identity=f"CROWD{number:012}")


def add_twins(sandbox: SandboxServer, at: int, size: int) -> None:
    """Enter three rows of each of many ids, an id every other second: any page border parts some of them."""
    for number in range(size):
        add_rows(sandbox, at + 2 * (number // 2), 300 + number, -5, 7, identity=f"TRIPLET{number:010}")


def requests_of(sandbox: SandboxServer, since: int = 0) -> list[str]:
    """Paths that were asked for, after the first `since` requests."""
    return [logged.path.removeprefix("/paypal") for logged in sandbox.log[since:]]


def windows_of(sandbox: SandboxServer, since: int = 0) -> list[Logged]:
    """Questions for transactions that were answered well, the least questions left out."""
    asked = [one for one in sandbox.log[since:] if one.path.endswith("/reporting/transactions")]
    return [one for one in asked if dict(one.params)["page_size"] != "1" and one.status == 200]

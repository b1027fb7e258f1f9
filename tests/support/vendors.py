"""The four vendors as the sandbox plays them: how each tap is set up, and what staging must hold afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from support.pipes import Pipe

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.server import SandboxServer

Object = dict[str, Any]
DAY = 86_400
Settings = Callable[["SandboxServer", "Path"], Object]


@dataclass(frozen=True)
class Vendor:
    """One source: settings of its tap, its streams, and a path that the faults are ordered for."""

    name: str
    settings: Settings
    streams: tuple[str, ...]
    busy_path: str
    """Where most pages are asked for, `page_size` objects of `busy_stream` a page."""
    busy_stream: str
    page_size: int
    asked_anyway: int = 6
    """Pages that a run after a kill may ask for although rows of theirs are in: a begun interval for each worker."""
    account: str = "main"
    staged_account: str = "main"
    not_stored: tuple[str, ...] = ()
    """Members that the tap leaves out of `record`."""
    faults: tuple[str, ...] = ()
    people: int = 300
    """How many people live in the sandbox: some vendors let us ask slowly."""
    deletions_known_after: int = 0
    """Days until a deletion is found where only a full re-list tells it."""
    unknowable: Callable[[SandboxServer], set[str]] = lambda _: set()
    """Rows, as `<stream> <id>`, that changed at the vendor in a way that no address shows yet."""

    def pipe(self, sandbox: SandboxServer, folder: Path, database_url: str, **settings: Any) -> Pipe:
        """The tap and the loader, ready to run."""
        config = {**self.settings(sandbox, folder), "database_url": database_url, **settings}
        return Pipe(folder, database_url, config, {"flush_seconds": 0, "batch_rows": 2000}, source=self.name)

    def differences(self, sandbox: SandboxServer, database_url: str, *, patient: bool = False) -> list[str]:
        """Where staging is not what the vendor has; `patient` allows for deletions that no re-list could show yet."""
        found, hidden = [], self.unknowable(sandbox)
        for stream in self.streams:
            world = sandbox.world_state(stream, self.account, self.name)
            truth = {key: self._as_stored(record) for key, record in world.items()}
            staged = living(database_url, self.name, stream, self.staged_account)
            found += [f"{stream} {key} is missing" for key in sorted(truth.keys() - staged.keys())]
            known = self._recently_deleted(sandbox, stream) if patient else set()
            found += [f"{stream} {key} is gone at the vendor" for key in sorted(staged.keys() - truth.keys() - known)]
            both = sorted(truth.keys() & staged.keys())
            changed = [key for key in both if truth[key] != staged[key]]
            found += [f"{stream} {key} is another" for key in changed if f"{stream} {key}" not in hidden]
        return found

    def _recently_deleted(self, sandbox: SandboxServer, stream: str) -> set[str]:
        since = sandbox.clock.now - self.deletions_known_after * DAY
        return {key for key, at in sandbox.deleted(stream, self.account, self.name).items() if at >= since}

    def _as_stored(self, record: Object) -> Object:
        return {name: value for name, value in record.items() if name not in self.not_stored}


def living(database_url: str, source: str, stream: str, account: str) -> dict[str, Object]:
    """Rows that are not deleted, by id."""
    with psycopg.connect(database_url) as connection:
        if not connection.execute("select to_regclass(%s)", [f"staging_{source}.{stream}"]).fetchone()[0]:  # type: ignore[index]
            return {}
        query = sql.SQL("select id, record::text from {} where account = %s and _deleted_at is null").format(
            sql.Identifier(f"staging_{source}", stream)
        )
        return {key: json.loads(text) for key, text in connection.execute(query, [account])}


def violations(sandbox: SandboxServer) -> list[str]:
    """What was beyond a limit and not ordered as a fault."""
    return [f"{one.vendor} {one.path} {one.limit}" for one in sandbox.violations]


def _stripe(sandbox: SandboxServer, _folder: Path) -> Object:
    return {"api_key": "sk_test_sandbox", "api_url": f"{sandbox.url}/stripe"}


STRIPE = Vendor(
    name="stripe",
    settings=_stripe,
    streams=(
        "customers", "charges", "payment_intents", "invoices", "subscriptions", "refunds", "disputes", "payouts",
        "balance_transactions", "credit_notes", "checkout_sessions", "invoice_payments", "products", "prices",
    ),
    busy_path="/stripe/v1/charges",
    busy_stream="charges",
    page_size=100,
    faults=("rate_limit", "server_error", "unavailable", "cut", "hang", "html", "truncated", "advance"),
)  # fmt: skip


def _ghl(sandbox: SandboxServer, _folder: Path) -> Object:
    return {"private_token": "pit-sandbox", "location_id": "loc_sandbox", "api_url": f"{sandbox.url}/ghl"}


GHL = Vendor(
    name="ghl",
    settings=_ghl,
    streams=(
        "contacts", "custom_fields", "custom_values", "tags", "users", "opportunities", "pipelines",
        "payment_transactions", "payment_subscriptions", "invoices",
    ),
    busy_path="/ghl/contacts/search",
    busy_stream="contacts",
    page_size=500,
    staged_account="loc_sandbox",
    not_stored=("searchAfter",),
    deletions_known_after=8,
    faults=("rate_limit", "server_error", "unavailable", "cut", "hang", "html", "truncated", "advance"),
)  # fmt: skip


def _manychat(sandbox: SandboxServer, folder: Path) -> Object:
    """ManyChat cannot list: the ids come from a file, as an export would. Limits here are ten times the true ones."""
    sandbox.manychat.rates = {"page": 1000.0, "subscriber": 100.0, "system_field": 500.0}
    ids = sandbox.world_state("subscribers", "main", "manychat")
    (folder / "ids.txt").write_text("\n".join(ids))
    return {
        "api_token": "1234567:sandbox",
        "api_url": f"{sandbox.url}/manychat",
        "subscriber_ids_file": str(folder / "ids.txt"),
        "reread_days": 0,
        "requests_per_second": 100,
        "lookup_requests_per_second": 500,
    }


MANYCHAT = Vendor(
    name="manychat",
    settings=_manychat,
    streams=("subscribers", "page_info", "tags", "custom_fields", "bot_fields"),
    busy_path="/manychat/fb/subscriber/getInfo",
    busy_stream="subscribers",
    page_size=1,
    asked_anyway=60,  # answers of one row each, committed fifty at a time
    faults=("rate_limit", "server_error", "unavailable", "cut", "hang", "html", "truncated"),
    people=60,
)


def _paypal(sandbox: SandboxServer, _folder: Path) -> Object:
    credential = {"client_id": "sandbox_client", "client_secret": "sandbox_secret"}
    return {**credential, "api_url": f"{sandbox.url}/paypal"}


def paypal_unknowable(sandbox: SandboxServer) -> set[str]:
    """A payment is void before the row of its refund is published, and finished memberships change unseen."""
    books = sandbox.paypal.books
    hidden = [row for row in books.shelf.rows if not books.moment.holds(row)]
    ids = {name for row in hidden for name in (row.reference, row.id)}
    keys = [key for key in sandbox.world_state("transactions", "main", "paypal") if key.split(":")[0] in ids]
    finished = [one.id for one in books.subscriptions.values() if one.status in ("CANCELLED", "EXPIRED")]
    return {*(f"transactions {key}" for key in keys), *(f"subscriptions {identity}" for identity in finished)}


PAYPAL = Vendor(
    name="paypal",
    settings=_paypal,
    streams=("transactions", "subscriptions", "plans", "products", "invoices", "disputes"),
    busy_path="/paypal/v1/reporting/transactions",
    busy_stream="transactions",
    page_size=500,
    asked_anyway=42,  # as many windows as three years have
    unknowable=paypal_unknowable,
    faults=("rate_limit", "server_error", "unavailable", "cut", "hang", "html", "truncated", "advance", "unauthorized"),
)

VENDORS = (STRIPE, GHL, MANYCHAT, PAYPAL)

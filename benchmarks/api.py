"""API taps against the sandbox with true latency and limits: how close to the limit, how much faster than in turn."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks.bench import Bench
from benchmarks.results import Result, at_least, at_most
from benchmarks.sandbox_process import Request, Sandbox, sandbox_process

if TYPE_CHECKING:
    from pathlib import Path

RAMP_SECONDS = 6.0
STEADY_SECONDS = 24.0
PEOPLE = 6_000


@dataclass(frozen=True)
class Limit:
    """Requests a second that a vendor permits on the paths that begin so."""

    path: str
    per_second: float


@dataclass(frozen=True)
class Load:
    """Work for one tap that lasts longer than the measure; a small `page_size` makes a small world last."""

    source: str
    settings: dict[str, Any]
    limits: tuple[Limit, ...]
    streams: tuple[str, ...] = ()
    page_size: int = 0
    page_module: str = "client"


STRIPE = {"api_key": "sk_test_sandbox"}
GHL = {"private_token": "pit-sandbox", "location_id": "loc_sandbox"}
PAYPAL = {"client_id": "sandbox_client", "client_secret": "sandbox_secret"}
MANYCHAT = {"api_token": "1234567:sandbox"}
CLASSES = {"stripe": "TapStripe", "ghl": "TapGHL", "paypal": "TapPayPal", "manychat": "TapManyChat"}

LOADS = {
    "stripe_endpoint": Load("stripe", STRIPE, (Limit("/stripe/v1/charges", 25),), ("charges",), 5),
    "stripe": Load("stripe", STRIPE, (Limit("/stripe/", 100),), (), 5),
    "ghl": Load("ghl", GHL, (Limit("/ghl/contacts/search", 10),), ("contacts",), 10, "search"),
    "paypal": Load("paypal", PAYPAL, (Limit("/paypal/v1/reporting/transactions", 30),), ("transactions",), 5),
    "manychat": Load(
        "manychat",
        MANYCHAT,
        (Limit("/manychat/fb/subscriber/getInfo", 10), Limit("/manychat/fb/subscriber/findBySystemField", 50)),
    ),
}


def measure(bench: Bench) -> list[Result]:
    """Rates at the limit, violations, and how much faster that is than one request at a time."""
    shares: dict[str, float] = {}
    violations = 0
    alone: dict[str, float] = {}
    with sandbox_process(PEOPLE) as sandbox:
        seed_manychat(bench, sandbox)
        for name, load in LOADS.items():
            shares[name] = share_of_limit(bench, sandbox, load)
        for name in ("stripe_endpoint", "ghl"):
            load = LOADS[name]
            alone[name] = share_of_limit(bench, sandbox, load, max_concurrency=1)
        violations = sandbox.violations()
    stripe = min(shares["stripe"], shares["stripe_endpoint"])
    what = "requests achieved over requests permitted in steady state, 150-300 ms latency: "
    return [
        at_least("api_rate_ghl", what + "GHL 10/s", [shares["ghl"]], 0.95),
        at_least("api_rate_stripe", what + "Stripe 25/s an endpoint, 100/s in all", [stripe], 0.95, _both(shares)),
        at_least("api_rate_paypal", what + "PayPal 30/s", [shares["paypal"]], 0.95),
        at_least("api_rate_manychat", what + "ManyChat 10/s and 50/s", [shares["manychat"]], 0.95),
        at_most("api_violations", "requests beyond a limit in all of these", [float(violations)], 0),
        at_least(
            "api_vs_sequential_stripe",
            "over one request at a time",
            [shares["stripe_endpoint"] / alone["stripe_endpoint"]],
            5.0,
        ),
        at_least("api_vs_sequential_ghl", "over one request at a time", [shares["ghl"] / alone["ghl"]], 2.0),
    ]


def _both(shares: dict[str, float]) -> str:
    return f"(endpoint {shares['stripe_endpoint']:.3f}, all {shares['stripe']:.3f})"


def share_of_limit(bench: Bench, sandbox: Sandbox, load: Load, **settings: Any) -> float:
    """The share of the permitted requests that were made in steady state; of several limits the least."""
    began = time.time()
    child = start(bench, sandbox, load, **settings)
    try:
        child.wait(RAMP_SECONDS + STEADY_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    else:
        raise RuntimeError(f"tap-{load.source} ran out of work; see {bench.folder / 'output.log'}")
    log = [one for one in sandbox.log(load.source) if one.time >= began]
    return min(_share(log, limit) for limit in load.limits)


def _share(log: list[Request], limit: Limit) -> float:
    times = [one.time for one in log if one.path.startswith(limit.path)]
    first = times[0] + RAMP_SECONDS / 2
    last = max(times)
    return sum(first <= moment < last for moment in times) / (last - first) / limit.per_second


def start(bench: Bench, sandbox: Sandbox, load: Load, **settings: Any) -> subprocess.Popen[bytes]:
    """Start a tap that writes to nowhere."""
    code = f"from tap_{load.source}.tap import {CLASSES[load.source]} as Tap; Tap.cli()"
    if load.page_size:
        module = f"tap_{load.source}.{load.page_module}"
        code = f"import {module} as pages; pages.PAGE_SIZE = {load.page_size}; {code}"
    config = {"api_url": f"{sandbox.url}/{load.source}", "database_url": bench.url, **load.settings, **settings}
    command = [sys.executable, "-c", code, "--config", str(write_json(bench.folder / "tap.json", config))]
    if load.streams:
        command += ["--catalog", str(catalog(bench, load, command))]
    with (bench.folder / "output.log").open("ab") as log:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)


def catalog(bench: Bench, load: Load, command: list[str]) -> Path:
    """The tap's catalog with the wanted streams only."""
    found = subprocess.run([*command, "--discover"], check=True, capture_output=True)
    streams = [one for one in json.loads(found.stdout)["streams"] if one["stream"] in load.streams]
    return write_json(bench.folder / "catalog.json", {"streams": streams})


def seed_manychat(bench: Bench, sandbox: Sandbox) -> None:
    """Ids that ManyChat knows, and e-mails staged from elsewhere, so that both of its queues have work."""
    subscribers = sandbox.objects("manychat", "subscribers")
    with psycopg.connect(bench.url, autocommit=True) as connection:
        _stage(connection, "staging_csv", "imports", [(f"manychat_subscribers:{key}", {}) for key in subscribers])
        contacts = [(f"c{number}", {"email": f"nobody{number}@example.com"}) for number in range(5000)]
        _stage(connection, "staging_ghl", "contacts", contacts)


def _stage(
    connection: psycopg.Connection[Any], schema: str, table: str, rows: list[tuple[str, dict[str, Any]]]
) -> None:
    statement = (
        f"insert into {schema}.{table} (account, id, record, _first_loaded_at, _loaded_at, _run_id, _batch_id)"
        " values ('main', %s, %s, now(), now(), gen_random_uuid(), 1) on conflict do nothing"
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(key, json.dumps(record)) for key, record in rows])


def write_json(path: Path, value: Any) -> Path:
    """Write a file and say where."""
    path.write_text(json.dumps(value))
    return path

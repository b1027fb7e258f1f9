"""The SDK's standard suite, whole downloads, and whose data they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from support.tap_runs import after
from support.tap_warehouse import Warehouse
from tap_paypal.streams import STREAMS
from tap_paypal.tap import TapPayPal

from tests.extractors.scripted_server import Answer, serving
from tests.extractors.tap_paypal.harness import (
    APP,
    EVERYTHING,
    differences,
    requests_of,
    run,
    unknowable,
    windows_of,
)

SHARED = Path(__file__).parents[4] / "shared"
STANDARD = SandboxServer(World(7, 300), limits=False)
STANDARD.start()  # for the class below, which is made when this file is read; it ends with the process
DAY = 86_400
MEMBERSHIPS = STANDARD.world_state("subscriptions", vendor="paypal")

TestStandardSuite = pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records")(
    get_tap_test_class(
        TapPayPal,
        config={**APP, "api_url": f"{STANDARD.url}/paypal", "subscription_ids": [*MEMBERSHIPS][:2]},
        suite_config=SuiteConfig(ignore_no_records_for_streams=["disputes"]),
    )
)


def test_the_first_run_brings_everything_and_the_second_nothing(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/paypal")
    warehouse = Warehouse().load(first.messages)
    assert (first.exit_code, first.finished) == (0, True)
    assert differences(warehouse, sandbox, EVERYTHING) == []
    assert {stream.name for stream in STREAMS} - warehouse.tables.keys() <= {"disputes"}

    asked = len(sandbox.log)
    second = run(f"{sandbox.url}/paypal", first.state)
    assert len(requests_of(sandbox, asked)) <= 30
    assert differences(warehouse.load(second.messages), sandbox, EVERYTHING) == []


def test_days_one_after_another_and_a_pause_of_forty(sandbox: SandboxServer) -> None:
    outcome = run(f"{sandbox.url}/paypal")
    warehouse = Warehouse().load(outcome.messages)
    for days in (1, 1, 1, 40, 1):
        sandbox.advance(days)
        outcome = run(f"{sandbox.url}/paypal", outcome.state)
        assert outcome.finished
        assert differences(warehouse.load(outcome.messages), sandbox, EVERYTHING) == [], sandbox.days
    gone = set(sandbox.deleted("invoices", vendor="paypal"))
    assert warehouse.deleted("invoices") == gone & warehouse.ids("invoices")


def test_payments_and_refunds_that_are_no_edits_are_seen(sandbox: SandboxServer) -> None:
    only = ("invoices",)
    sandbox.paypal.payments_move_last_update_time = False
    outcome = run(f"{sandbox.url}/paypal", streams=only)
    warehouse = Warehouse().load(outcome.messages)
    first = sandbox.world_state("invoices", vendor="paypal")
    for _ in range(30):
        sandbox.advance()
        outcome = run(f"{sandbox.url}/paypal", outcome.state, only)
        assert differences(warehouse.load(outcome.messages), sandbox, only) == [], sandbox.days
    last = sandbox.world_state("invoices", vendor="paypal")
    quiet = [key for key in last if key in first and is_quiet(first[key], last[key])]
    assert {last[key]["status"] for key in quiet} == {"PAID", "REFUNDED"}


def is_quiet(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return bool(old != new and old["detail"]["metadata"] == new["detail"]["metadata"])


@pytest.mark.parametrize(("status", "asked_for"), [("PARTIALLY_REFUNDED", True), ("PAID", False), ("SENT", False)])
def test_only_what_may_change_unseen_is_asked_for_again(sandbox: SandboxServer, status: str, asked_for: bool) -> None:
    only, bills = ("invoices",), sandbox.paypal.books.invoices
    for bill in bills.values():
        bill.status, bill.updated = status, bill.created
    first = run(f"{sandbox.url}/paypal", streams=only)
    asked = len(sandbox.log)
    again = run(f"{sandbox.url}/paypal", first.state, only, relist_days=0)
    old = {bill.id for bill in bills.values() if bill.created < sandbox.clock.now - DAY}
    read = {path.rpartition("/")[2] for path in requests_of(sandbox, asked) if "/invoices/" in path}
    assert len(old) > 10
    assert read & old == (old if asked_for else set())
    assert len(again.state["bookmarks"]["invoices"]["told"]) == (0 if status == "PAID" else len(bills))


@pytest.mark.parametrize("most_pages", [1000, 1])
def test_a_payment_that_is_no_edit_is_seen_after_a_kill_at_any_page(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, most_pages: int
) -> None:
    monkeypatch.setattr("tap_paypal.invoices.INVOICE_SIZE", 3)
    monkeypatch.setattr("tap_paypal.invoices.MOST_PAGES", most_pages)
    only, bills = ("invoices",), sandbox.paypal.books.invoices
    first = run(f"{sandbox.url}/paypal", streams=only)
    for bill in bills.values():
        bill.status = {"SENT": "PAID", "PAID": "REFUNDED"}.get(bill.status, bill.status)
    whole = run(f"{sandbox.url}/paypal", first.state, only, relist_days=0)
    assert len(whole.states) > 5
    for checkpoint in range(len(whole.states)):
        messages, state = after(whole, checkpoint)
        rest = run(f"{sandbox.url}/paypal", state, only, relist_days=0)
        warehouse = Warehouse().load(first.messages).load(messages).load(rest.messages)
        assert differences(warehouse, sandbox, only) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_sixty_days_of_daily_runs(seed: int) -> None:
    with SandboxServer(World(seed, 1_000), limits=False) as world:
        outcome = run(f"{world.url}/paypal")
        warehouse = Warehouse().load(outcome.messages)
        for _ in range(60):
            world.advance()
            outcome = run(f"{world.url}/paypal", outcome.state)
            warehouse.load(outcome.messages)
            assert set(differences(warehouse, world, EVERYTHING)) <= unknowable(world), world.days


def test_balances_are_an_object_a_day(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/paypal", streams=("balances",), balance_days=10)
    rows = first.records("balances")
    assert sorted(row["id"] for row in rows) == [f"2026-10-{day}" for day in range(21, 31)]
    assert {row["record"]["as_of_time"][:10] for row in rows} == {row["id"] for row in rows}
    assert all(row["created_at"].endswith("23:59:59.000Z") for row in rows)
    asked = len(sandbox.log)
    assert run(f"{sandbox.url}/paypal", first.state, ("balances",), balance_days=10).records("balances") == []
    assert "/v1/reporting/balances" not in requests_of(sandbox, asked)
    sandbox.advance()
    second = run(f"{sandbox.url}/paypal", first.state, ("balances",), balance_days=10)
    assert {row["id"] for row in second.records("balances")} == {f"2026-10-{day}" for day in range(28, 32)}


def test_an_earlier_start_date_reads_what_is_missing(sandbox: SandboxServer) -> None:
    only = ("transactions",)
    first = run(f"{sandbox.url}/paypal", streams=only, start_date="2026-03-01T00:00:00Z")
    warehouse = Warehouse().load(first.messages)
    late = len(warehouse.tables["transactions"])
    assert 0 < late < len(sandbox.world_state("transactions", vendor="paypal"))
    second = run(f"{sandbox.url}/paypal", first.state, only)
    assert differences(warehouse.load(second.messages), sandbox) == []
    assert len(second.records("transactions")) < len(sandbox.world_state("transactions", vendor="paypal"))


@pytest.mark.parametrize("days", [0, 1])
def test_an_earlier_start_date_reads_the_invoices_before(sandbox: SandboxServer, days: int) -> None:
    only = ("invoices",)
    first = run(f"{sandbox.url}/paypal", streams=only, start_date="2026-06-01T00:00:00Z")
    warehouse = Warehouse().load(first.messages)
    assert 0 < len(warehouse.tables["invoices"]) < len(sandbox.world_state("invoices", vendor="paypal"))
    sandbox.advance(days)
    second = run(f"{sandbox.url}/paypal", first.state, only)
    assert differences(warehouse.load(second.messages), sandbox, only) == []
    known = {row["id"] for row in first.records("invoices")} & {row["id"] for row in second.records("invoices")}
    assert bool(known) is bool(days)


@pytest.mark.parametrize("is_listing", [False, True])
def test_an_earlier_start_date_survives_a_kill_and_the_next_listing(sandbox: SandboxServer, is_listing: bool) -> None:
    only = ("invoices",)
    outcome = run(f"{sandbox.url}/paypal", streams=only, start_date="2026-06-01T00:00:00Z")
    warehouse = Warehouse().load(outcome.messages)
    state = outcome.state
    if is_listing:
        sandbox.advance()
        messages, state = after(run(f"{sandbox.url}/paypal", state, only, start_date="2026-06-01T00:00:00Z"), 1)
        warehouse.load(messages)
        assert "listing_since" in state["bookmarks"]["invoices"]
    messages, state = after(run(f"{sandbox.url}/paypal", state, only), 1)
    warehouse.load(messages)
    sandbox.advance()
    third = run(f"{sandbox.url}/paypal", state, only)
    assert differences(warehouse.load(third.messages), sandbox, only) == []


def test_only_the_selected_streams_are_asked_for(sandbox: SandboxServer) -> None:
    run(f"{sandbox.url}/paypal", streams=("plans",))
    assert set(requests_of(sandbox)) == {"/v1/oauth2/token", "/v1/reporting/transactions", "/v1/billing/plans"}
    assert windows_of(sandbox) == []


def test_paypals_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_paypal.client.PAGE_SIZE", 10)
    with SandboxServer(World(7, 300)) as limited:
        limited.paypal.rates = {"account": 60.0, "token": 5.0}
        outcome = run(f"{limited.url}/paypal", streams=("transactions", "plans"), requests_per_second=60)
        assert len(limited.log) > 50
        assert limited.violations == []
    assert outcome.finished


@pytest.mark.parametrize("wrong", [{"client_secret": "wrong_secret"}, {"client_id": "wrong_client"}])
def test_wrong_credentials_are_a_sentence_before_anything_is_read(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, wrong: dict[str, str]
) -> None:
    outcome = run(f"{sandbox.url}/paypal", **wrong)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert "TAP_PAYPAL_CLIENT_ID" in caplog.text
    assert "TAP_PAYPAL_CLIENT_SECRET" in caplog.text
    assert "Apps & Credentials" in caplog.text
    assert set(requests_of(sandbox)) == {"/v1/oauth2/token"}
    assert next(iter(wrong.values())) not in caplog.text


@pytest.mark.parametrize(
    "other", [{"account_number": "ANOTHERMERCHANT"}, {"mode": "live"}, {"account_number": None, "app": "another"}]
)
def test_another_merchants_data_never_mix(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, other: dict[str, Any]
) -> None:
    state = run(f"{sandbox.url}/paypal", streams=("plans",)).state
    state["bookmarks"]["plans"] |= other
    outcome = run(f"{sandbox.url}/paypal", state, ("plans", "products"))
    assert outcome.exit_code == 1
    assert "they never mix" in caplog.text
    assert outcome.records("products") == []


def test_a_new_app_of_the_same_merchant_goes_on(sandbox: SandboxServer) -> None:
    state = run(f"{sandbox.url}/paypal", streams=("plans",)).state
    state["bookmarks"]["plans"]["app"] = "the app before"
    assert run(f"{sandbox.url}/paypal", state, ("plans",)).exit_code == 0


def test_a_feature_that_is_off_is_left_out_and_said_so(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.paypal.forbid("transactions")
    first = run(f"{sandbox.url}/paypal")
    assert (first.exit_code, first.finished) == (0, True)
    assert "transactions is unavailable and left out" in caplog.text
    assert "tick Transaction search" in caplog.text
    assert first.progress["transactions"]["note"].startswith("unavailable: PayPal does not let the app read")
    assert differences(Warehouse().load(first.messages), sandbox, ("plans", "products", "invoices")) == []
    sandbox.paypal.forbid("transactions", forbidden=False)
    second = run(f"{sandbox.url}/paypal", first.state)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox, EVERYTHING) == []


def test_denied_fields_are_gone_before_anything_is_written(sandbox: SandboxServer) -> None:
    deny = ["payer_info.email_address", "shipping_info"]
    outcome = run(f"{sandbox.url}/paypal", streams=("transactions",), deny=deny)
    assert outcome.records("transactions")
    assert all("shipping_info" not in row["record"] for row in outcome.records("transactions"))
    assert b"email_address" not in json.dumps(outcome.messages).encode()


@pytest.mark.needs_shared
def test_the_official_examples_load_unchanged() -> None:
    billing = json.loads((SHARED / "specs" / "paypal" / "billing_subscriptions_v1.json").read_text("utf-8"))
    invoicing = json.loads((SHARED / "specs" / "paypal" / "invoicing_v2.json").read_text("utf-8"))
    plan, subscription = (_response(billing, f"/v1/billing/{name}s", name) for name in ("plan", "subscription"))
    invoice = invoicing["components"]["examples"]["invoice_draft"]["value"]
    report = {**REPORT, "last_refreshed_datetime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S+0000}"}
    answers = {
        "/v1/oauth2/token": {"access_token": "A21AA", "expires_in": 32400},
        "/v1/reporting/transactions": report,
        "/v1/billing/plans": {"plans": [plan], "total_items": 1, "total_pages": 1},
        f"/v1/billing/subscriptions/{subscription['id']}": subscription,
        "/v2/invoicing/search-invoices": {"items": [invoice], "total_items": 1, "total_pages": 1},
        f"/v2/invoicing/invoices/{invoice['id']}": invoice,
    }
    streams = ("transactions", "plans", "subscriptions", "invoices")
    with serving(lambda path, _: Answer(body=json.dumps(answers[path], indent=2).encode())) as url:
        outcome = run(url, None, streams, subscription_ids=[subscription["id"]])
    assert outcome.finished
    loaded = Warehouse().load(outcome.messages)
    wanted = (REPORT["transaction_details"][0], plan, subscription, invoice)
    assert [list(loaded.alive(stream).values()) for stream in streams] == [[one] for one in wanted]


def _response(spec: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = spec["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]
    example: dict[str, Any] = found["examples"][name]["value"]
    return example


REPORT: dict[str, Any] = {
    "transaction_details": [
        {
            "transaction_info": {
                "paypal_account_id": "6STWC2LSUYYYE",
                "transaction_id": "5TY05013RG002845M",
                "transaction_event_code": "T0006",
                "transaction_initiation_date": "2014-07-11T04:03:52+0000",
                "transaction_updated_date": "2014-07-11T04:03:52+0000",
                "transaction_amount": {"currency_code": "USD", "value": "465.00"},
                "fee_amount": {"currency_code": "USD", "value": "-13.79"},
                "transaction_status": "S",
                "invoice_id": "Invoice-005",
            },
            "payer_info": {"account_id": "6STWC2LSUYYYE", "payer_name": {"given_name": "test"}, "country_code": "US"},
            "cart_info": {"item_details": [{"item_quantity": "2"}]},
        }
    ],
    "account_number": "XZXSPECPDZHZU",
    "last_refreshed_datetime": "2017-01-02T06:59:59+0000",
    "page": 1,
    "total_items": 1,
    "total_pages": 1,
}

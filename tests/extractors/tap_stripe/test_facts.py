"""What is special about Stripe's API, a test each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sandbox.server import SandboxServer
from support.tap_runs import after
from support.tap_warehouse import Warehouse
from tap_core import raw_json
from tap_stripe.events import changes_of

from tests.extractors.scripted_server import Answer, serving
from tests.extractors.tap_stripe.harness import (
    differences,
    requests_of,
    run,
)

NOW = 1_780_000_000


def listing(objects: list[dict[str, Any]], has_more: bool = False) -> Answer:
    return Answer(body=json.dumps({"object": "list", "url": "", "has_more": has_more, "data": objects}).encode())


def test_stripe_events_older_than_retention(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    first = run(f"{sandbox.url}/stripe")
    warehouse = Warehouse().load(first.messages)
    sandbox.advance(40)
    asked = len(sandbox.log)
    second = run(f"{sandbox.url}/stripe", first.state)
    warehouse.load(second.messages)
    assert "charges: the bookmark is 40 days old and Stripe forgets events: all is read." in caplog.text
    assert requests_of(sandbox, asked).count("/v1/events") == 1
    kept = [name for name in differences(warehouse, sandbox) if name.split()[0] not in ("customers", "invoices")]
    assert kept == []
    gone = set(sandbox.deleted("customers")) | set(sandbox.deleted("invoices"))
    assert {name.split()[1] for name in differences(warehouse, sandbox)} <= gone


def test_stripe_events_within_retention_are_trusted(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    first = run(f"{sandbox.url}/stripe")
    sandbox.advance(10)
    second = run(f"{sandbox.url}/stripe", first.state)
    assert "all is read" not in caplog.text
    assert len(second.records("payment_intents")) < len(sandbox.world_state("payment_intents")) / 2
    assert differences(Warehouse().load(first.messages + second.messages), sandbox) == []


def test_stripe_deleted_customers_are_tombstones_with_their_last_state(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/stripe", streams=("customers",))
    warehouse = Warehouse().load(first.messages)
    sandbox.advance(15)
    second = run(f"{sandbox.url}/stripe", first.state, streams=("customers",))
    tombstones = [row for row in second.records("customers") if row.get("_sdc_deleted_at")]
    assert {row["id"] for row in tombstones} == set(sandbox.deleted("customers"))
    assert tombstones
    assert set(warehouse.load(second.messages).alive("customers")) == set(sandbox.world_state("customers"))
    assert all(row["origin"]["event"].startswith("evt_") for row in tombstones)


def test_stripe_subscription_deleted_is_a_cancellation(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/stripe", streams=("subscriptions",))
    sandbox.advance(25)
    second = run(f"{sandbox.url}/stripe", first.state, streams=("subscriptions",))
    warehouse = Warehouse().load(first.messages + second.messages)
    assert warehouse.deleted("subscriptions") == set()
    cancelled = [one for one in warehouse.alive("subscriptions").values() if one["status"] == "canceled"]
    assert cancelled
    assert warehouse.alive("subscriptions") == sandbox.world_state("subscriptions")


@pytest.mark.parametrize(("stream", "nested"), [("invoices", "lines"), ("subscriptions", "items")])
def test_stripe_nested_lists_are_read_beyond_their_first_page(sandbox: SandboxServer, stream: str, nested: str) -> None:
    rows = run(f"{sandbox.url}/stripe", streams=(stream,)).records(stream)
    lists = [row["record"][nested] for row in rows]
    assert not any(one["has_more"] for one in lists)
    longest = max(len(one["data"]) for one in sandbox_lists(sandbox, stream, nested))
    assert max(len(one["data"]) for one in lists) == longest
    assert longest > 10


def sandbox_lists(sandbox: SandboxServer, stream: str, nested: str) -> list[dict[str, Any]]:
    return [one[nested] for one in sandbox.world_state(stream).values()]


def test_stripe_forbidden_stream_is_left_out_and_said_so(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.stripe.forbid("disputes")
    sandbox.stripe.forbid("charges")
    outcome = run(f"{sandbox.url}/stripe", api_key="rk_test_sandbox")
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert "charges is unavailable and left out; all other streams go on" in caplog.text
    assert outcome.progress["charges"]["note"].startswith("unavailable: Stripe answered 403")
    loaded = Warehouse().load(outcome.messages)
    assert {name.split()[0] for name in differences(loaded, sandbox)} <= {"charges", "disputes"}
    assert "charges" not in loaded.tables


def test_stripe_without_permission_for_events_every_run_reads_all(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.stripe.forbid("events")
    first = run(f"{sandbox.url}/stripe", api_key="rk_test_sandbox")
    assert "Give it `Events: read`" in caplog.text
    sandbox.advance(3)
    second = run(f"{sandbox.url}/stripe", first.state, api_key="rk_test_sandbox")
    warehouse = Warehouse().load(first.messages + second.messages)
    assert warehouse.alive("charges") == sandbox.world_state("charges")


def test_stripe_changes_that_nobody_could_read_are_read_when_events_are_granted(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load that is cut off, resumed without events, and then goes on with them."""
    monkeypatch.setattr("tap_stripe.client.PAGE_SIZE", 10)
    key, streams = {"api_key": "rk_test_sandbox"}, ("invoices",)
    sandbox.stripe.forbid("events")
    whole = run(f"{sandbox.url}/stripe", streams=streams, max_concurrency=1, **key)
    messages, state = after(whole, len(whole.states) // 2)
    sandbox.advance(6)
    resumed = run(f"{sandbox.url}/stripe", state, streams, **key)
    assert 0 < len(resumed.records("invoices")) < len(whole.records("invoices"))
    sandbox.stripe.forbid("events", forbidden=False)
    last = run(f"{sandbox.url}/stripe", resumed.state, streams, **key)
    warehouse = Warehouse().load(messages + resumed.messages + last.messages)
    assert warehouse.alive("invoices") == sandbox.world_state("invoices")


def test_stripe_cursor_of_a_deleted_object_restarts_its_second() -> None:
    objects = [{"id": f"cus_{number}", "created": NOW - number // 4} for number in range(12)]
    asked: list[dict[str, str]] = []

    def answer(path: str, parameters: dict[str, str]) -> Answer:
        if path != "/v1/customers":
            return listing([])
        asked.append(parameters)
        start, end = int(parameters["created[gte]"]), int(parameters["created[lt]"])
        inside = [one for one in objects if start <= one["created"] < end]
        cursor = parameters.get("starting_after")
        if cursor == "cus_5":
            error = {"message": "No such customer: 'cus_5'", "code": "resource_missing", "param": "starting_after"}
            return Answer(400, json.dumps({"error": error}).encode())
        place = 1 + [one["id"] for one in inside].index(cursor) if cursor else 0
        return listing(inside[place : place + 6], len(inside) > place + 6)

    with serving(answer) as url:
        outcome = run(url, streams=("customers",), max_concurrency=1)
    assert outcome.exit_code == 0
    assert {row["id"] for row in outcome.records("customers")} == {one["id"] for one in objects}
    assert [one.get("starting_after") for one in asked].count("cus_5") == 1


def test_stripe_list_out_of_order_is_an_error_of_that_stream(caplog: pytest.LogCaptureFixture) -> None:
    def answer(path: str, _parameters: dict[str, str]) -> Answer:
        upside_down = [{"id": "a", "created": NOW - 5}, {"id": "b", "created": NOW}]
        return listing(
            upside_down if path == "/v1/charges" else [{"id": "c", "created": NOW}] if path != "/v1/events" else []
        )

    with serving(answer) as url:
        outcome = run(url, streams=("charges", "refunds"))
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert "does not list by `created` any more" in caplog.text
    assert len(outcome.records("refunds")) == 1


def test_stripe_more_without_objects_is_an_error_not_a_loop(caplog: pytest.LogCaptureFixture) -> None:
    with serving(lambda path, _: listing([], has_more=path == "/v1/charges")) as url:
        outcome = run(url, streams=("charges", "refunds"))
    assert outcome.exit_code == 1
    assert "an empty page" in caplog.text


def test_stripe_cursor_that_is_ignored_is_an_error_not_a_loop(caplog: pytest.LogCaptureFixture) -> None:
    same = listing([{"id": "ch_1", "created": NOW}], has_more=True)
    with serving(lambda path, _: same if path == "/v1/charges" else listing([])) as url:
        outcome = run(url, streams=("charges",), max_concurrency=1)
    assert outcome.exit_code == 1
    assert "the vendor ignores it" in caplog.text


def test_stripe_prints_over_many_lines_and_digits_stay_as_they_are() -> None:
    printed = b"""{
      "object": "list", "url": "/v1/products", "has_more": false,
      "data": [{
        "id": "prod_1",
        "created": 1780000000, "updated": 1780000060,
        "package_dimensions": {"height": 1.10, "depth": 12345678901234567890}
      }]
    }"""
    lines: list[bytes] = []
    with serving(lambda path, _: Answer(body=printed) if path == "/v1/products" else listing([])) as url:
        outcome = run(url, streams=("products",), raw_lines=lines)
    (line,) = [line for line in lines if b'"RECORD"' in line]
    assert b'{"height":1.10,"depth":12345678901234567890}' in line
    assert outcome.records("products")[0]["updated_at"] == "2026-05-28T20:27:40.000Z"


def test_stripe_feature_that_is_off_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    off = Answer(400, json.dumps({"error": {"message": "Your account is not set up to use Billing."}}).encode())
    with serving(lambda path, _: off if path == "/v1/invoices" else listing([])) as url:
        outcome = run(url, streams=("invoices", "refunds"))
    assert outcome.exit_code == 0
    assert "invoices is unavailable" in caplog.text


@pytest.mark.parametrize(
    ("kind", "subject", "changed"),
    [
        ("charge.updated", {"object": "charge", "id": "ch_1"}, {("charge", "ch_1", True)}),
        (
            "refund.created",
            {"object": "refund", "id": "re_1", "charge": "ch_1"},
            {("refund", "re_1", True), ("charge", "ch_1", True)},
        ),
        ("charge.dispute.closed", {"object": "dispute", "id": "dp_1", "charge": None}, {("dispute", "dp_1", True)}),
        (
            "credit_note.created",
            {"object": "credit_note", "id": "cn_1", "invoice": "in_1"},
            {("credit_note", "cn_1", True), ("invoice", "in_1", True)},
        ),
        ("customer.deleted", {"object": "customer", "id": "cus_1", "deleted": True}, {("customer", "cus_1", False)}),
        ("customer.subscription.deleted", {"object": "subscription", "id": "sub_1"}, {("subscription", "sub_1", True)}),
        ("invoice.upcoming", {"object": "invoice"}, set()),
        ("balance.available", {"object": "balance", "livemode": False}, set()),
    ],
)
def test_what_an_event_says_has_changed(
    kind: str, subject: dict[str, Any], changed: set[tuple[str, str, bool]]
) -> None:
    event = {"id": "evt_1", "type": kind, "created": NOW, "data": {"object": subject}}
    found = changes_of(raw_json.encode(event))
    assert {(change.kind, change.id, change.last_state is None) for change in found} == changed


def test_fields_are_denied_through_arrays_and_digits_stay() -> None:
    record = raw_json.encode({"a": [{"b": 1, "c": "x"}, {"c": 2}], "c": 1})
    assert bytes(raw_json.without(record, [["a", "c"]])) == b'{"a":[{"b":1},{}],"c":1}'

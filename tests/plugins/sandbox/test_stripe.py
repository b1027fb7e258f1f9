"""Stripe's protocol, a test for each fact that a client can trip over."""

from __future__ import annotations

import base64
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.exports import EXPORTS
from sandbox.people import World
from sandbox.server import SandboxServer
from sandbox.server.stripe.books import STREAMS

from tests.plugins.sandbox.stripe_client import PATHS, VERSION, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).parents[4] / "shared" / "specs" / "stripe" / "fixtures3.json"
FIXTURES = {"checkout_sessions": "checkout.session", "balance_transactions": "balance_transaction"}
MONTH = 30 * 86_400


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World(7, 1000), limits=False) as started:
        yield started


@pytest.fixture(scope="module")
def client(sandbox: SandboxServer) -> Iterator[Client]:
    with Client(sandbox) as connected:
        yield connected


def by_id(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in objects}


@pytest.mark.parametrize("stream", STREAMS)
def test_following_starting_after_gives_every_object_once(sandbox: SandboxServer, client: Client, stream: str) -> None:
    found = client.everything(stream)
    assert len(found) > 3
    assert len({one["id"] for one in found}) == len(found)
    assert by_id(found) == sandbox.world_state(stream)


@pytest.mark.parametrize("stream", STREAMS)
def test_lists_begin_with_the_newest(client: Client, stream: str) -> None:
    dates = [one["created"] for one in client.everything(stream)]
    assert all(newer >= older for newer, older in pairwise(dates))


def test_a_page_has_ten_objects_no_total_and_its_own_url(client: Client) -> None:
    page = client.ok("/v1/customers")
    assert len(page["data"]) == 10
    assert {key: page[key] for key in page if key != "data"} == {
        "object": "list",
        "url": "/v1/customers",
        "has_more": True,
    }


def test_the_last_page_may_be_full(client: Client) -> None:
    page = client.ok("/v1/products", {"limit": 6})
    assert (len(page["data"]), page["has_more"]) == (6, False)
    last = client.ok("/v1/products", {"starting_after": page["data"][-1]["id"]})
    assert (last["data"], last["has_more"]) == ([], False)


def test_ending_before_gives_the_next_newer_ones_newest_first(client: Client) -> None:
    ids = [one["id"] for one in client.ok("/v1/charges", {"limit": 10})["data"]]
    page = client.ok("/v1/charges", {"limit": 3, "ending_before": ids[6]})
    assert [one["id"] for one in page["data"]] == ids[3:6]
    assert page["has_more"]
    assert not client.ok("/v1/charges", {"limit": 3, "ending_before": ids[3]})["has_more"]


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({"created[gte]": 0, "created[lte]": 0}, lambda offset: offset == 0),
        ({"created[gt]": 0}, lambda offset: offset > 0),
        ({"created[gte]": 0}, lambda offset: offset >= 0),
        ({"created[lt]": 0}, lambda offset: offset < 0),
        ({"created[lte]": 0}, lambda offset: offset <= 0),
        ({"created": 0}, lambda offset: offset == 0),
        ({"created[gte]": -MONTH, "created[lt]": 0}, lambda offset: -MONTH <= offset < 0),
    ],
)
def test_created_bounds(client: Client, params: dict[str, int], kept: Any) -> None:
    everything = client.everything("charges")
    pivot = everything[len(everything) // 2]["created"]
    found = client.everything("charges", **{name: pivot + offset for name, offset in params.items()})
    assert found
    assert found == [one for one in everything if kept(one["created"] - pivot)]


@pytest.mark.parametrize(
    ("path", "params", "param", "code"),
    [
        ("/v1/customers", {"limit": 101}, "limit", "parameter_invalid_integer"),
        ("/v1/customers", {"limit": 0}, "limit", "parameter_invalid_integer"),
        ("/v1/customers", {"limit": "ten"}, "limit", "parameter_invalid_integer"),
        ("/v1/customers", {"created[gte]": "2026-01-01"}, "created[gte]", "parameter_invalid_integer"),
        ("/v1/customers", {"updated[gte]": 1}, "updated[gte]", "parameter_unknown"),
        ("/v1/customers", {"starting_after": ""}, "starting_after", "parameter_invalid_empty"),
        ("/v1/customers", {"starting_after": "cus_no"}, "starting_after", "resource_missing"),
        ("/v1/charges", {"ending_before": "ch_no"}, "ending_before", "resource_missing"),
        ("/v1/customers", {"starting_after": "a", "ending_before": "b"}, "ending_before", None),
        ("/v1/subscriptions", {"status": "gone"}, "status", None),
        ("/v1/charges", {"expand[]": "refunds"}, "expand", None),
        ("/v1/charges", {"expand[]": "data.nothing"}, "expand", None),
        ("/v1/events", {"types[]": [f"a.{number}" for number in range(21)]}, "types", None),
        ("/v1/subscription_items", {}, "subscription", "parameter_missing"),
    ],
)
def test_a_bad_parameter_is_a_400_that_names_it(
    client: Client, path: str, params: dict[str, Any], param: str, code: str | None
) -> None:
    error = client.error(path, 400, params)
    assert (error["type"], error["param"], error.get("code")) == ("invalid_request_error", param, code)


def test_an_unknown_id_is_404_resource_missing(client: Client) -> None:
    error = client.error("/v1/customers/cus_no", 404)
    assert (error["code"], error["message"]) == ("resource_missing", "No such customer: 'cus_no'")


def test_an_unknown_address_is_404(client: Client) -> None:
    assert "Unrecognized request URL (GET: /v1/people)" in client.error("/v1/people", 404)["message"]


@pytest.mark.parametrize("stream", [stream for stream in STREAMS if stream != "events"])
def test_one_object_by_id_is_the_same_as_in_the_list(sandbox: SandboxServer, client: Client, stream: str) -> None:
    identity = next(iter(sandbox.world_state(stream)))
    one = client.whole(client.ok(f"/v1/{PATHS.get(stream, stream)}/{identity}"))
    assert one == sandbox.world_state(stream)[identity]


def test_subscriptions_hide_cancelled_ones_without_status_all(client: Client) -> None:
    usual = client.everything("subscriptions", status="active") + client.everything("subscriptions", status="past_due")
    hidden = client.everything("subscriptions", status="canceled")
    everything = client.everything("subscriptions")
    default = client.ok("/v1/subscriptions", {"limit": 100})["data"]
    assert hidden
    assert {one["status"] for one in default} == {"active", "past_due"}
    assert len(usual) + len(hidden) == len(everything)


def test_nested_lists_end_after_ten_and_go_on_at_their_own_url(client: Client) -> None:
    invoices = client.ok("/v1/invoices", {"limit": 100})["data"]
    long = next(one for one in invoices if one["lines"]["has_more"])
    assert len(long["lines"]["data"]) == 10
    assert long["lines"]["url"] == f"/v1/invoices/{long['id']}/lines"
    assert len(client.whole(long)["lines"]["data"]) > 10
    assert sum(line["amount"] for line in long["lines"]["data"]) == long["total"]


def test_refunds_of_a_charge_are_only_there_when_expanded_and_end_after_ten(client: Client) -> None:
    charges = client.everything("charges", **{"expand[]": "data.refunds"})
    assert max(len(one["refunds"]["data"]) for one in charges) == 13
    for one in charges:
        assert sum(refund["amount"] for refund in one["refunds"]["data"]) == one["amount_refunded"]
    assert "refunds" not in client.ok("/v1/charges")["data"][0]


def test_expanding_replaces_the_id_by_the_object(sandbox: SandboxServer, client: Client) -> None:
    page = client.ok("/v1/charges", {"limit": 100, "expand[]": ["data.customer", "data.balance_transaction"]})
    customers = sandbox.world_state("customers")
    assert all(one["customer"] in (None, customers[one["customer"]["id"]]) for one in page["data"] if one["customer"])
    assert any(one["balance_transaction"]["fee"] for one in page["data"] if one["balance_transaction"])


@pytest.mark.parametrize(
    ("authorization", "status", "says"),
    [
        ("", 401, "You did not provide an API key"),
        ("Bearer sk_test_invalidkeymFeM", 401, "Invalid API Key provided: sk_test_****mFeM"),
        ("Bearer sk_test_sandbox", 200, ""),
        ("Bearer rk_test_sandbox", 200, ""),
        ("Basic " + base64.b64encode(b"sk_test_sandbox:").decode(), 200, ""),
        ("Basic !", 401, "You did not provide an API key"),
    ],
)
def test_keys(client: Client, authorization: str, status: int, says: str) -> None:
    headers = {"Authorization": authorization}
    response = client.session.get(f"{client.base}/v1/customers", headers=headers, timeout=5)
    assert response.status_code == status
    assert says in response.text


def test_a_missing_permission_is_a_403_on_that_stream_alone(sandbox: SandboxServer, client: Client) -> None:
    sandbox.stripe.forbid("disputes")
    try:
        with Client(sandbox, "rk_test_sandbox") as restricted:
            message = restricted.error("/v1/disputes", 403)["message"]
            restricted.ok("/v1/customers")
        client.ok("/v1/disputes")
    finally:
        sandbox.stripe.forbid("disputes", forbidden=False)
    assert "'rak_dispute_read'" in message
    assert "rk_test_sandbox" not in message


def test_writing_is_refused(client: Client) -> None:
    assert client.session.post(f"{client.base}/v1/customers", timeout=5).status_code == 403


def test_without_a_version_the_account_answers_in_its_old_one(sandbox: SandboxServer, client: Client) -> None:
    with Client(sandbox) as unpinned:
        unpinned.session.headers.pop("Stripe-Version")
        old = unpinned.ok("/v1/subscriptions")["data"][0]
        assert "invoice" in unpinned.ok("/v1/charges")["data"][0]
    new = client.ok(f"/v1/subscriptions/{old['id']}")
    assert "current_period_end" in old
    assert "current_period_end" not in new
    assert new["items"]["data"][0]["current_period_end"] == old["current_period_end"]


def test_a_version_that_is_none_is_a_400(sandbox: SandboxServer) -> None:
    with Client(sandbox, **{"Stripe-Version": "newest"}) as client:
        assert client.error("/v1/customers", 400)["message"] == "Invalid Stripe API version: newest"


def test_a_connected_account_has_objects_of_its_own(sandbox: SandboxServer, client: Client) -> None:
    with Client(sandbox, **{"Stripe-Account": "acct_sandbox_connected"}) as connected:
        found = by_id(connected.everything("customers"))
        assert connected.ok("/v1/account")["id"] == "acct_sandbox_connected"
    assert found == sandbox.world_state("customers", "connected")
    assert not found.keys() & sandbox.world_state("customers").keys()
    assert client.ok("/v1/account")["id"] == "acct_sandbox_main"


def test_an_account_of_others_is_a_403(sandbox: SandboxServer) -> None:
    with Client(sandbox, **{"Stripe-Account": "acct_no"}) as client:
        assert client.error("/v1/customers", 403)["code"] == "account_invalid"


def test_live_mode_and_test_mode_share_nothing(sandbox: SandboxServer, client: Client) -> None:
    with Client(sandbox, "rk_live_sandbox") as live:
        found = live.everything("customers")
    assert found
    assert all(one["livemode"] for one in found)
    assert not by_id(found).keys() & by_id(client.everything("customers")).keys()


def test_events_end_after_thirty_days(sandbox: SandboxServer, client: Client) -> None:
    dates = [one["created"] for one in client.everything("events")]
    assert sandbox.world.now - MONTH <= min(dates) < sandbox.world.now - MONTH + 5 * 86_400
    assert any(one["created"] < min(dates) for one in sandbox.world_state("charges").values())


def test_events_can_be_chosen_by_types(client: Client) -> None:
    chosen = client.everything("events", **{"types[]": ["customer.created", "charge.*"]})
    types = {one["type"] for one in chosen}
    assert "customer.created" in types
    assert any(one.startswith("charge.") for one in types)
    assert all(one == "customer.created" or one.startswith("charge.") for one in types)
    everything = client.everything("events")
    assert [one for one in everything if one["type"] in types] == chosen


def test_an_event_shows_its_object_in_the_old_version(sandbox: SandboxServer, client: Client) -> None:
    event = client.ok("/v1/events", {"type": "charge.succeeded"})["data"][0]
    shown = event["data"]["object"]
    assert event["api_version"] == "2024-06-20" != VERSION
    assert "invoice" in shown
    assert shown != client.ok(f"/v1/charges/{shown['id']}") == sandbox.world_state("charges")[shown["id"]]


def test_guests_pay_without_a_customer(client: Client) -> None:
    guests = [one for one in client.everything("charges") if one["customer"] is None]
    assert guests
    assert all(one["billing_details"]["email"] for one in guests)
    intents = {one["payment_intent"] for one in guests if one["paid"]}
    sessions = {one["payment_intent"]: one for one in client.everything("checkout_sessions")}
    assert intents <= sessions.keys()
    assert all(sessions[intent]["customer_details"]["email"] for intent in intents)


def test_an_invoice_and_its_charge_are_linked_by_invoice_payments_alone(client: Client) -> None:
    payments = {one["invoice"]: one["payment"]["payment_intent"] for one in client.everything("invoice_payments")}
    paid = {one["id"] for one in client.everything("invoices", status="paid")}
    charges = {one["payment_intent"]: one for one in client.everything("charges")}
    assert payments.keys() == paid
    assert all("invoice" not in charges[intent] for intent in payments.values())


def test_the_export_and_the_api_tell_of_the_same_customers_and_charges(sandbox: SandboxServer) -> None:
    world = sandbox.world
    for name, stream in (("stripe_customers", "customers"), ("stripe_payments", "charges")):
        export = EXPORTS[name]
        lines = (export.own_id(line) for person in world for line in export.lines(world, person))
        assert set(lines) == sandbox.world_state(stream).keys()


def test_the_ledger_agrees_with_charges_refunds_and_payouts(sandbox: SandboxServer) -> None:
    check_ledger(sandbox)
    sandbox_later = SandboxServer(World(7, 300))
    sandbox_later.advance(30)
    check_ledger(sandbox_later)


def check_ledger(sandbox: SandboxServer) -> None:
    lines = sandbox.world_state("balance_transactions")
    charges, refunds = sandbox.world_state("charges"), sandbox.world_state("refunds")
    assert all(line["amount"] - line["fee"] == line["net"] for line in lines.values())
    assert {one["balance_transaction"] for one in charges.values() if one["paid"]} <= lines.keys()
    assert {one["balance_transaction"] for one in refunds.values()} <= lines.keys()
    for charge in charges.values():
        back = sum(one["amount"] for one in refunds.values() if one["charge"] == charge["id"])
        assert charge["amount_refunded"] == back <= charge["amount"]
    paid_out = sandbox.stripe.books().streams["balance_transactions"]
    for payout in sandbox.world_state("payouts").values():
        inside = [lines[one]["net"] for one in lines if paid_out.fact(one).payout == payout["id"]]
        assert lines[payout["balance_transaction"]]["amount"] == -payout["amount"]
        assert sum(inside) == 0


def test_the_lines_of_a_payout_can_be_listed(client: Client) -> None:
    payout = client.ok("/v1/payouts")["data"][0]
    lines = client.everything("balance_transactions", payout=payout["id"])
    assert payout["balance_transaction"] in {line["id"] for line in lines}
    assert sum(line["net"] for line in lines) == 0


def test_amounts_of_a_currency_without_cents_are_whole_units(sandbox: SandboxServer) -> None:
    charges = sandbox.world_state("charges", "connected").values()
    lines = sandbox.world_state("balance_transactions", "connected")
    pesos = [one for one in charges if one["currency"] == "clp" and one["paid"]]
    assert pesos
    for one in pesos:
        in_dollars = lines[one["balance_transaction"]]["amount"] / 100
        assert one["amount"] == pytest.approx(in_dollars * 950, rel=0.01)
    assert "clp" not in {one["currency"] for one in sandbox.world_state("charges").values()}


def test_a_crowded_world_has_many_rows_in_one_second() -> None:
    crowded = SandboxServer(World(7, 1000), crowded=True)
    seconds = Counter(one["created"] for one in crowded.world_state("customers").values())
    months = Counter(second // MONTH for second in seconds.elements())
    assert seconds.most_common(1)[0][1] > seconds.total() * 0.15
    assert sum(number for _, number in months.most_common(2)) > seconds.total() * 0.85


def test_the_same_seed_is_the_same_world() -> None:
    one, same, other = (SandboxServer(World(seed, 300)) for seed in (7, 7, 8))
    assert all(one.world_state(stream) == same.world_state(stream) for stream in STREAMS)
    assert not one.world_state("charges").keys() & other.world_state("charges").keys()


@pytest.mark.needs_shared
@pytest.mark.skipif(not SHARED.exists(), reason="reads ../shared, which a user's clone does not have")
@pytest.mark.parametrize("stream", STREAMS)
def test_objects_have_the_keys_of_the_official_fixtures(sandbox: SandboxServer, stream: str) -> None:
    fixture = json.loads(SHARED.read_text("utf-8"))["resources"][FIXTURES.get(stream, stream.removesuffix("s"))]
    expandable = {"refunds"} if stream == "charges" else set()
    for one in sandbox.world_state(stream).values():
        assert one.keys() - {"livemode"} == fixture.keys() - expandable - {"livemode"}

"""Days of a Stripe account: what changes, how that is told, and what is lost after thirty days."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from sandbox.server.stripe.books import STREAMS

from tests.plugins.sandbox.stripe_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLD = tuple(stream for stream in STREAMS if stream not in ("events", "balance_transactions"))
DAYS = 12


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World(7, 500), limits=False) as started:
        yield started


@pytest.fixture
def client(sandbox: SandboxServer) -> Iterator[Client]:
    with Client(sandbox) as connected:
        yield connected


def states(sandbox: SandboxServer) -> dict[str, dict[str, Any]]:
    return {stream: sandbox.world_state(stream) for stream in STREAMS}


def events_since(client: Client, at: int, *types: str) -> list[dict[str, Any]]:
    asked = {"created[gte]": at, **({"types[]": list(types)} if types else {})}
    return client.everything("events", **asked)


def test_every_change_and_deletion_is_told_by_an_event_or_is_new(sandbox: SandboxServer, client: Client) -> None:
    before, now = states(sandbox), sandbox.clock.now
    sandbox.advance(DAYS)
    after = states(sandbox)
    told = {event["data"]["object"]["id"] for event in events_since(client, now)}
    for stream in TOLD:
        changed = {one for one, was in before[stream].items() if after[stream].get(one) != was}
        new = set(after[stream].keys() - before[stream].keys())
        assert changed | new, stream
        assert changed <= told
        assert all(after[stream][one]["created"] >= now for one in new)


def test_following_events_and_created_keeps_a_copy_equal_every_day(sandbox: SandboxServer, client: Client) -> None:
    copy = {stream: {one["id"]: one for one in client.everything(stream)} for stream in TOLD}
    paths = {"checkout.session": "checkout_sessions"}
    for _ in range(5):
        since = sandbox.clock.now
        sandbox.advance(1)
        for stream in TOLD:
            copy[stream] |= {one["id"]: one for one in client.everything(stream, **{"created[gte]": since - 60})}
        for event in reversed(events_since(client, since)):
            kind = event["data"]["object"]["object"]
            stream, identity = paths.get(kind, f"{kind}s"), event["data"]["object"]["id"]
            if event["type"] in ("customer.deleted", "invoice.deleted"):
                copy[stream].pop(identity, None)
            elif identity in sandbox.world_state(stream):
                copy[stream][identity] = sandbox.world_state(stream)[identity]
        assert {stream: copy[stream] for stream in TOLD} == {stream: sandbox.world_state(stream) for stream in TOLD}


def test_a_deleted_customer_is_a_stub_by_id_and_missing_in_lists(sandbox: SandboxServer, client: Client) -> None:
    sandbox.advance(DAYS)
    deleted = sandbox.deleted("customers")
    assert len(deleted) == DAYS
    assert not deleted.keys() & {one["id"] for one in client.everything("customers")}
    for identity in deleted:
        assert client.ok(f"/v1/customers/{identity}") == {"id": identity, "object": "customer", "deleted": True}


def test_payments_keep_the_id_of_a_deleted_customer(sandbox: SandboxServer, client: Client) -> None:
    sandbox.advance(DAYS)
    orphans = [one for one in client.everything("charges") if one["customer"] in sandbox.deleted("customers")]
    assert orphans
    assert all(one["billing_details"]["email"] for one in orphans)
    expanded = client.ok(f"/v1/charges/{orphans[0]['id']}", {"expand[]": "customer"})
    assert expanded["customer"]["deleted"] is True


def test_a_deletion_event_holds_the_last_state_or_a_stub(sandbox: SandboxServer, client: Client) -> None:
    sandbox.advance(DAYS)
    shown = [event["data"]["object"] for event in events_since(client, 0, "customer.deleted")]
    assert {"deleted" in one for one in shown} == {True, False}


def test_deleting_a_customer_cancels_the_subscription(sandbox: SandboxServer) -> None:
    sandbox.advance(30)
    gone = sandbox.deleted("customers")
    left = [one for one in sandbox.world_state("subscriptions").values() if one["customer"] in gone]
    assert left
    assert {one["status"] for one in left} == {"canceled"}


def test_a_cursor_that_was_deleted_is_a_400(sandbox: SandboxServer, client: Client) -> None:
    sandbox.advance(1)
    (identity,) = sandbox.deleted("customers")
    error = client.error("/v1/customers", 400, {"starting_after": identity})
    assert (error["code"], error["param"]) == ("resource_missing", "starting_after")


def test_subscription_deleted_is_an_event_of_an_object_that_stays(sandbox: SandboxServer, client: Client) -> None:
    sandbox.advance(DAYS)
    events = events_since(client, sandbox.world.now, "customer.subscription.deleted")
    for event in events:
        one = client.ok(f"/v1/subscriptions/{event['data']['object']['id']}")
        assert (one["status"], one["canceled_at"]) == ("canceled", event["created"])
    assert events


def test_a_refund_of_an_old_charge_changes_what_no_created_filter_finds(sandbox: SandboxServer, client: Client) -> None:
    now = sandbox.clock.now
    sandbox.advance(1)
    (event, *_) = events_since(client, now, "charge.refunded")
    charge = client.ok(f"/v1/charges/{event['data']['object']['id']}")
    assert charge["created"] < now - 45 * 86_400
    assert charge["amount_refunded"] > 0
    assert charge["id"] not in {one["id"] for one in client.everything("charges", **{"created[gte]": now})}


def test_an_update_tells_what_stood_there_before(sandbox: SandboxServer, client: Client) -> None:
    before, now = sandbox.world_state("customers"), sandbox.clock.now
    sandbox.advance(1)
    events = events_since(client, now, "customer.updated")
    assert events
    for event in events:
        previous = event["data"]["previous_attributes"]
        identity = event["data"]["object"]["id"]
        assert {key: before[identity][key] for key in previous} == previous


def test_changes_are_lost_to_events_after_a_pause_of_forty_days(sandbox: SandboxServer, client: Client) -> None:
    before, now = sandbox.world_state("customers"), sandbox.clock.now
    sandbox.advance(40)
    told = {event["data"]["object"]["id"] for event in events_since(client, now)}
    after = sandbox.world_state("customers")
    changed = {one for one, was in before.items() if after.get(one) != was}
    assert changed - told
    assert changed & told


def test_balance_transactions_become_available_without_an_event(sandbox: SandboxServer, client: Client) -> None:
    pending = [one["id"] for one in client.everything("balance_transactions") if one["status"] == "pending"]
    sandbox.advance(3)
    assert pending
    assert {client.ok(f"/v1/balance_transactions/{one}")["status"] for one in pending} == {"available"}
    assert not [event for event in client.everything("events") if event["type"].startswith("balance")]


def test_old_events_are_404(sandbox: SandboxServer, client: Client) -> None:
    oldest = client.everything("events")[-1]["id"]
    client.ok(f"/v1/events/{oldest}")
    sandbox.advance(10)
    assert client.error(f"/v1/events/{oldest}", 404)["code"] == "resource_missing"


def test_days_follow_from_the_seed_whether_they_come_one_by_one() -> None:
    one, other = (SandboxServer(World(7, 300)) for _ in range(2))
    one.advance(4)
    for _ in range(4):
        other.advance()
    assert states(one) == states(other)


def test_an_account_that_nobody_looked_at_lived_on_all_the_same() -> None:
    watched, unwatched = (SandboxServer(World(7, 300)) for _ in range(2))
    watched.world_state("customers", "connected")
    watched.advance(3)
    unwatched.advance(3)
    for stream in STREAMS:
        assert watched.world_state(stream, "connected") == unwatched.world_state(stream, "connected")


def test_every_day_has_its_deeds(sandbox: SandboxServer, client: Client) -> None:
    now = sandbox.clock.now
    sandbox.advance(1)
    counted = Counter(event["type"] for event in events_since(client, now))
    for kind in (
        "customer.created",
        "customer.updated",
        "customer.deleted",
        "charge.succeeded",
        "charge.refunded",
        "refund.created",
    ):
        assert counted[kind], kind
    assert counted["charge.dispute.created"]

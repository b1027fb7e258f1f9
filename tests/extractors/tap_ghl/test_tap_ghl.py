"""The SDK's standard suite, whole downloads, several locations, and what a run costs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from singer_sdk.testing import get_tap_test_class
from tap_ghl.streams import STREAMS
from tap_ghl.tap import TapGHL

from tests.extractors.scripted_server import Answer, serving
from tests.extractors.tap_ghl.harness import (
    MAIN,
    NAMES,
    ONE,
    SEARCHED,
    SECOND,
    TWO,
    Outcome,
    Warehouse,
    differences,
    requests_of,
    run,
    truth,
)

SHARED = Path(__file__).parents[4] / "shared" / "specs" / "ghl" / "apps"
SOAK = os.environ.get("STAGE_FIRST_SOAK") == "1"
STANDARD = SandboxServer(World(7, 300), limits=False)
STANDARD.start()  # for the class below, which is made when this file is read; it ends with the process

TestStandardSuite = pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records")(
    get_tap_test_class(TapGHL, config={"api_url": f"{STANDARD.url}/ghl", **ONE})
)


def test_the_first_run_brings_everything_and_the_second_nothing(sandbox: SandboxServer) -> None:
    first = run(sandbox)
    warehouse = Warehouse().load(first.messages)
    assert (first.exit_code, first.finished) == (0, True)
    assert differences(warehouse, sandbox) == []
    assert warehouse.tables.keys() == set(NAMES)

    asked = len(sandbox.log)
    second = run(sandbox, first.state)
    assert len(requests_of(sandbox, asked)) <= 15
    assert differences(warehouse.load(second.messages), sandbox) == []
    assert not any(warehouse.deleted(stream) for stream in NAMES)
    assert len(second.records("payment_transactions")) == len(truth(sandbox, "payment_transactions"))


def test_a_record_tells_its_key_its_times_and_where_it_came_from(sandbox: SandboxServer) -> None:
    row = run(sandbox, streams=("contacts",)).records("contacts")[0]
    assert row["account"] == MAIN
    assert row["id"] == row["record"]["id"]
    assert (row["created_at"], row["updated_at"]) == (row["record"]["dateAdded"], row["record"]["dateUpdated"])
    assert set(row["origin"]) == {"dateAdded"}


def test_the_bookmark_is_one_that_a_person_can_read(sandbox: SandboxServer) -> None:
    bookmark = run(sandbox, streams=("contacts",)).bookmark("contacts")
    assert set(bookmark) == {"list", "changes", "listed_at"}
    assert bookmark["list"]["remaining"] == bookmark["changes"]["remaining"] == []
    assert bookmark["listed_at"] == bookmark["changes"]["covered_from"]
    assert bookmark["listed_at"].startswith("2026-11-01T00:00:")  # the vendor's clock goes on meanwhile


def test_only_the_selected_streams_are_asked_for(sandbox: SandboxServer) -> None:
    run(sandbox, streams=("tags",))
    assert requests_of(sandbox) == ["/contacts/search", f"/locations/{MAIN}/tags"]


PAID = ("payment_transactions", "payment_subscriptions", "invoices")
"""Lists that are read whole once a day while they are short, about a hundred rows a page."""


def days_go_by(sandbox: SandboxServer, days: int, pause: int) -> None:
    """Daily runs: what lists tell is right each day, what only a re-list tells at the latest after a week."""
    outcome, warehouse = run(sandbox), Warehouse()
    warehouse.load(outcome.messages)
    for day in range(days):
        sandbox.advance(pause if day == days // 2 else 1)
        asked = len(sandbox.log)
        outcome = run(sandbox, outcome.state)
        warehouse.load(outcome.messages)
        assert outcome.exit_code == 0
        assert differences(warehouse, sandbox) == [], f"on day {day}"
        assert len(requests_of(sandbox, asked)) <= 20 + sum(len(truth(sandbox, name)) for name in PAID) // 50
        for stream in SEARCHED:
            assert warehouse.deleted(stream).isdisjoint(truth(sandbox, stream)), f"on day {day}"
    sandbox.advance(8)
    warehouse.load(run(sandbox, outcome.state).messages)
    for stream in NAMES:
        assert warehouse.alive(stream) == truth(sandbox, stream)


def test_days_one_after_another_and_a_pause_of_forty(sandbox: SandboxServer) -> None:
    days_go_by(sandbox, 10, pause=40)


@pytest.mark.soak
def test_sixty_days_and_a_pause_of_forty() -> None:
    for people in (300, 1500):
        with SandboxServer(World(people, people), limits=False) as sandbox:
            days_go_by(sandbox, 60, pause=40)


def test_two_locations_are_two_accounts(sandbox: SandboxServer) -> None:
    first = run(sandbox, **TWO)
    warehouse = Warehouse().load(first.messages)
    for account in (MAIN, SECOND):
        assert differences(warehouse, sandbox, account) == []
        assert first.bookmark("contacts", account)["list"]["remaining"] == []
    assert {row["account"] for row in first.records("users")} == {MAIN, SECOND}
    sandbox.advance(8)
    warehouse.load(run(sandbox, first.state, **TWO).messages)
    for account in (MAIN, SECOND):
        assert warehouse.alive("contacts", account) == truth(sandbox, "contacts", account)


def test_a_location_of_its_own_has_a_bookmark_of_its_own(sandbox: SandboxServer) -> None:
    first = run(sandbox)
    other = run(sandbox, first.state, location_id=SECOND, private_token="pit-sandbox-2")
    warehouse = Warehouse().load(first.messages + other.messages)
    assert differences(warehouse, sandbox) == differences(warehouse, sandbox, SECOND) == []
    assert other.bookmark("contacts", MAIN) == first.bookmark("contacts", MAIN)


def test_gohighlevels_true_limits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 5)
    with SandboxServer(World(7, 300)) as limited:
        limited.ghl.windows.interval_limit = 600
        outcome = run(limited, requests_per_second=60)
        assert len(limited.log) > 60
        assert limited.violations == []
    assert outcome.exit_code == 0


def test_a_first_load_costs_few_requests_more_than_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 10)
    with SandboxServer(World(7, 1500), limits=False, crowded=True) as crowded:
        crowded.latency_ms = (2, 6)
        outcome = run(crowded, streams=("contacts",))
        rows = len(truth(crowded, "contacts"))
        assert Warehouse().load(outcome.messages).alive("contacts") == truth(crowded, "contacts")
        assert len(crowded.log) <= 1.15 * rows / 10


def plan_of(outcome: Outcome, stream: str = "contacts") -> str:
    """What was said before the stream was read."""
    note: str = outcome.progress[stream]["note"]
    return note


def test_the_days_quota_is_planned_with_and_shown(sandbox: SandboxServer) -> None:
    sandbox.ghl.limits = True
    plan = plan_of(run(sandbox, streams=("contacts",)))
    assert plan == "238 contacts: about 1 request; 199,998 of today's 200,000 are left."


def test_a_day_that_is_too_short_is_used_up_and_the_next_goes_on(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 5)
    sandbox.ghl.limits, sandbox.ghl.windows.daily_limit = True, 45
    sandbox.ghl.windows.interval_limit = 1000
    warehouse, outcome, runs = Warehouse(), Outcome(), 0
    while not (runs and outcome.finished):
        outcome = run(sandbox, outcome.state if runs else None, streams=("contacts",))
        warehouse.load(outcome.messages)
        runs += 1
        assert runs < 10
        assert outcome.exit_code == (0 if outcome.finished else 1)
        if runs == 1:
            assert "until they are used up" in plan_of(outcome)
            told = r"Waiting until tomorrow: location loc_sandbox has (1\d|20) of today's 45 requests left"
            assert re.search(told, caplog.text)
            assert run(sandbox, outcome.state, streams=("contacts",)).exit_code == 1
        sandbox.advance()
    assert runs > 1
    assert sandbox.violations == []
    outcome = run(sandbox, outcome.state, streams=("contacts",), relist_days=0)
    assert set(warehouse.load(outcome.messages).tables["contacts"]) >= {
        (MAIN, key) for key in truth(sandbox, "contacts")
    }


def test_a_location_whose_day_is_used_up_does_not_stop_the_other(sandbox: SandboxServer) -> None:
    sandbox.ghl.limits, sandbox.ghl.windows.daily_limit = True, 60
    sandbox.ghl.windows.interval_limit = 1000
    for _ in range(3):
        outcome = run(sandbox)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    both = run(sandbox, **TWO)
    assert both.exit_code == 1
    assert differences(Warehouse().load(both.messages), sandbox, SECOND) == []


SCHEMAS = {
    "opportunities": ("opportunities.json", "SearchOpportunitiesResponseSchema"),
    "pipelines": ("opportunities.json", "PipelinesResponseSchema"),
    "payment_transactions": ("payments.json", "TxnResponseSchema"),
    "payment_subscriptions": ("payments.json", "SubscriptionResponseSchema"),
    "invoices": ("invoices.json", "GetInvoiceResponseDto"),
    "custom_fields": ("locations.json", "CustomFieldSchema"),
    "custom_values": ("locations.json", "CustomValueSchema"),
    "tags": ("locations.json", "LocationTagsSchema"),
    "users": ("users.json", "UserSchema"),
}


def official_example(file: str, name: str) -> dict[str, Any]:
    """An object made of the examples that the official specification gives for each member."""
    schemas = json.loads((SHARED / file).read_text("utf-8"))["components"]["schemas"]

    def made(schema: dict[str, Any]) -> Any:
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if "example" in schema:
            return schema["example"]
        if schema.get("type") == "array":
            return [made(schema.get("items", {}))]
        return {key: made(value) for key, value in schema.get("properties", {}).items()}

    example: dict[str, Any] = made(schemas[name])
    return example


@pytest.mark.needs_shared
def test_the_official_examples_load_unchanged() -> None:
    found = {stream: official_example(*where) for stream, where in SCHEMAS.items()}
    paths = {stream.path.format(location=MAIN): stream for stream in STREAMS}

    def answer(path: str, _parameters: dict[str, str]) -> Answer:
        stream = paths[path]
        rows = [found[stream.name]] if stream.name in found else []
        body = {stream.envelope: rows, "total": len(rows), "totalCount": len(rows), "traceId": "a"}
        return Answer(body=json.dumps(body, indent=2).encode())

    with serving(answer) as url:
        outcome = run(url, streams=tuple(SCHEMAS))
    assert outcome.exit_code == 0
    for stream, example in found.items():
        rows = outcome.records(stream)
        assert rows, stream
        assert all(row["record"] == example for row in rows), stream

"""The SDK's standard suite, whole downloads, and whose data they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from support.tap_warehouse import Warehouse
from tap_stripe.streams import STREAMS
from tap_stripe.tap import TapStripe

from tests.extractors.scripted_server import Answer, serving
from tests.extractors.tap_stripe.harness import KEY, Outcome, differences, requests_of, run

SHARED = Path(__file__).parents[4] / "shared"
STANDARD = SandboxServer(World(7, 300), limits=False)
STANDARD.start()  # for the class below, which is made when this file is read; it ends with the process

TestStandardSuite = pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records")(
    get_tap_test_class(
        TapStripe,
        config={"api_key": KEY, "api_url": f"{STANDARD.url}/stripe"},
        suite_config=SuiteConfig(ignore_no_records_for_streams=["disputes"]),
    )
)


def test_the_first_run_brings_everything_and_the_second_nothing(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/stripe")
    warehouse = Warehouse().load(first.messages)
    assert (first.exit_code, first.finished) == (0, True)
    assert differences(warehouse, sandbox) == []
    assert {stream.name for stream in STREAMS} - warehouse.tables.keys() == {"disputes"}

    asked = len(sandbox.log)
    second = run(f"{sandbox.url}/stripe", first.state)
    assert len(requests_of(sandbox, asked)) <= 20
    assert differences(warehouse.load(second.messages), sandbox) == []


def test_ten_days_one_after_another_with_few_requests(sandbox: SandboxServer) -> None:
    outcome = run(f"{sandbox.url}/stripe")
    warehouse = Warehouse().load(outcome.messages)
    for _ in range(10):
        sandbox.advance()
        asked = len(sandbox.log)
        outcome = run(f"{sandbox.url}/stripe", outcome.state)
        warehouse.load(outcome.messages)
        assert len(requests_of(sandbox, asked)) <= 40
        assert differences(warehouse, sandbox) == []
        assert warehouse.deleted("customers") == set(sandbox.deleted("customers")) & warehouse.ids("customers")


def test_a_record_tells_its_key_its_times_and_where_it_came_from(sandbox: SandboxServer) -> None:
    record = next(row for row in run(f"{sandbox.url}/stripe", streams=("customers",)).records("customers"))
    assert record["account"] == "main"
    assert record["id"] == record["record"]["id"]
    assert record["created_at"].endswith(".000Z")
    assert set(record["origin"]) == {"from", "to"}
    assert "updated_at" not in record


def test_only_the_selected_streams_are_asked_for(sandbox: SandboxServer) -> None:
    run(f"{sandbox.url}/stripe", streams=("payouts",))
    assert set(requests_of(sandbox)) == {"/v1/account", "/v1/events", "/v1/payouts"}


def test_stripes_true_limits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_stripe.client.PAGE_SIZE", 5)
    with SandboxServer(World(7, 300)) as limited:
        limited.stripe.rates = {"global": 60.0, "endpoint": 20.0}
        limits = {"requests_per_second": 60, "endpoint_requests_per_second": 20}
        outcome = run(f"{limited.url}/stripe", streams=("charges", "payouts", "refunds", "invoices"), **limits)
        assert len(limited.log) > 80
        assert limited.violations == []
    assert not any(
        stream["waits"] for stream in outcome.progress.values() if isinstance(stream, dict) and "waits" in stream
    )


def test_an_earlier_start_date_reads_what_is_missing(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/stripe", start_date="2026-03-01T00:00:00Z")
    warehouse = Warehouse().load(first.messages)
    late = len(warehouse.tables["charges"])
    assert 0 < late < len(sandbox.world_state("charges"))
    second = run(f"{sandbox.url}/stripe", first.state)
    assert len(second.records("charges")) < len(sandbox.world_state("charges"))
    assert differences(warehouse.load(second.messages), sandbox) == []


def test_side_by_side_costs_few_requests_more_than_one_at_a_time(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_stripe.client.PAGE_SIZE", 10)
    run(f"{sandbox.url}/stripe", streams=("charges", "balance_transactions"))
    together = len(sandbox.log)
    run(f"{sandbox.url}/stripe", streams=("charges", "balance_transactions"), max_concurrency=1)
    alone = len(sandbox.log) - together
    rows = len(sandbox.world_state("charges")) + len(sandbox.world_state("balance_transactions"))
    assert rows / 10 <= alone
    assert together <= 1.15 * alone


def test_phones_are_read_with_the_records_own_country_and_denied_fields_are_gone(sandbox: SandboxServer) -> None:
    outcome = run(f"{sandbox.url}/stripe", streams=("customers",), deny=["address.line1", "email"])
    rows = outcome.records("customers")
    assert any(row.get("phones") for row in rows)
    assert all("email" not in row["record"] and "line1" not in (row["record"]["address"] or {}) for row in rows)
    without = run(f"{sandbox.url}/stripe", streams=("customers",), deny=["phone", "shipping"])
    assert not any(row.get("phones") for row in without.records("customers"))


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("pk_live_x", "begins with rk_live_"),
        ("sk_test_wrong", "does not accept the key"),
    ],
)
def test_a_wrong_key_is_a_sentence_before_anything_is_read(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, key: str, sentence: str
) -> None:
    outcome = run(f"{sandbox.url}/stripe", api_key=key)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert sentence in caplog.text
    assert "TAP_STRIPE_API_KEY" in caplog.text
    assert len(sandbox.log) <= 1
    assert key not in caplog.text


def test_test_and_live_data_never_mix(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    state = run(f"{sandbox.url}/stripe", streams=("payouts",)).state
    asked = len(sandbox.log)
    outcome = run(f"{sandbox.url}/stripe", state, api_key="rk_live_sandbox")
    assert outcome.exit_code == 1
    assert "of test data of acct_sandbox_main, the settings are of live data" in caplog.text
    assert len(sandbox.log) == asked
    assert outcome.state == state


OLD_A, OLD_B, NEW_A, NEW_A2, NEW_B = (
    "sk_test_4eC39HqLyjWDarj",
    "sk_test_Zq8TyKp2mVw91xN",
    "rk_test_51AaaaaaaaaaaaaaaaOne",
    "sk_test_51AaaaaaaaaaaaaaaaTwo",
    "rk_test_51BbbbbbbbbbbbbbbbOne",
)


@pytest.mark.parametrize(
    ("first", "second", "goes_on"),
    [
        ((OLD_A, "acct_1A"), (OLD_B, "acct_1B"), False),
        ((OLD_A, "acct_1A"), (NEW_A, "acct_1A"), True),
        ((NEW_A, None), (NEW_A2, None), True),
        ((NEW_A, None), (NEW_B, None), False),
        ((NEW_A, None), (NEW_B, "acct_1B"), False),
        ((NEW_A, None), (NEW_A2, "acct_1A"), True),
        ((NEW_A, "acct_1A"), (NEW_B, "acct_1A"), True),
        ((OLD_A, None), (OLD_B, None), True),
    ],
)
def test_two_accounts_never_mix_and_a_new_key_goes_on(
    caplog: pytest.LogCaptureFixture, first: tuple[str, str | None], second: tuple[str, str | None], goes_on: bool
) -> None:
    state = run_of(*first).state
    outcome = run_of(*second, state)
    assert (outcome.exit_code == 0) is goes_on
    assert ("they never mix" in caplog.text) is not goes_on
    assert goes_on or outcome.state == state
    assert first[0] not in caplog.text


def test_a_bookmark_that_does_not_know_its_account_learns_it_once_and_keeps_it() -> None:
    state = run_of(NEW_A, "acct_1A").state
    for name in ("account_id", "key_begins"):
        del state["bookmarks"]["payouts"][name]
    learned = run_of(OLD_A, "acct_1A", state)
    assert learned.state["bookmarks"]["payouts"]["account_id"] == "acct_1A"
    kept = run_of(OLD_A, None, learned.state)
    assert (kept.exit_code, kept.state["bookmarks"]["payouts"]["account_id"]) == (0, "acct_1A")
    assert run_of(OLD_B, "acct_1B", kept.state).exit_code == 1


def run_of(key: str, account: str | None, state: dict[str, Any] | None = None) -> Outcome:
    """A run with a key of an account, which it may know or not."""

    def answer(path: str, _parameters: dict[str, str]) -> Answer:
        if path != "/v1/account":
            return Answer(body=b'{"object": "list", "url": "", "has_more": false, "data": []}')
        return Answer(body=json.dumps({"id": account}).encode()) if account else Answer(403)

    with serving(answer) as url:
        return run(url, state, ("payouts",), api_key=key)


def test_a_connected_account_has_a_name_and_a_bookmark_of_its_own(sandbox: SandboxServer) -> None:
    settings = {"stripe_account": "acct_sandbox_connected"}
    outcome = run(f"{sandbox.url}/stripe", **settings)
    assert differences(Warehouse().load(outcome.messages), sandbox, account="connected") == []
    assert {row["account"] for row in outcome.records("customers")} == {"acct_sandbox_connected"}
    assert run(f"{sandbox.url}/stripe", outcome.state).exit_code == 1
    named = run(f"{sandbox.url}/stripe", streams=("payouts",), account="shop", **settings)
    assert {row["account"] for row in named.records("payouts")} == {"shop"}


@pytest.mark.needs_shared
def test_the_official_fixtures_load_unchanged() -> None:
    fixtures = json.loads((SHARED / "specs" / "stripe" / "fixtures3.json").read_text("utf-8"))["resources"]
    by_path = {stream.path: fixtures[stream.kind] for stream in STREAMS}

    def answer(path: str, parameters: dict[str, str]) -> Answer:
        found = [by_path[path]] if path in by_path else []
        found = [one for one in found if int(parameters["created[gte]"]) <= one["created"]]
        body = {"object": "list", "url": path, "has_more": False, "data": found}
        return Answer(body=json.dumps(body, indent=2).encode())

    with serving(answer) as url:
        outcome = run(url, start_date="1970-01-01T00:00:00Z")
    for stream in STREAMS:
        (row,) = outcome.records(stream.name)
        assert row["record"] == by_path[stream.path]

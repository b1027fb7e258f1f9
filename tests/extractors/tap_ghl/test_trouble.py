"""Faults in the middle of a download, and runs that are cut off: nothing is lost, nothing is marked by mistake."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from support.tap_runs import after

from tests.extractors.tap_ghl.harness import (
    MAIN,
    NAMES,
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

SOAK = os.environ.get("STAGE_FIRST_SOAK") == "1"
FAULTS = ["rate_limit", "server_error", "unavailable", "cut", "truncated", "html", "hang"]
PATHS = (("/ghl/contacts/search", 2), ("/ghl/opportunities/search", 1), ("/ghl/payments/*", 0), ("/ghl/locations/*", 0))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pages of few rows."""
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 20)
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 20)
    monkeypatch.setattr("tap_ghl.offsets.PAGE_SIZE", 20)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_in_mid_run_costs_nothing_but_time(sandbox: SandboxServer, kind: str) -> None:
    count = 1 if kind == "hang" else 3
    for path, skip in PATHS:
        sandbox.faults.add(kind, path, count, skip)
    outcome = run(sandbox, timeout_seconds=1)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert sandbox.faults.waiting == []
    assert outcome.progress["contacts"]["waits"] == count
    assert differences(Warehouse().load(outcome.messages), sandbox) == []
    assert len(outcome.records("contacts")) == len(truth(sandbox, "contacts"))


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("kind", ["rate_limit", "cut", "html", "truncated"])
def test_a_fault_while_changes_are_read(sandbox: SandboxServer, kind: str) -> None:
    first = run(sandbox)
    sandbox.advance(5)
    for path, _ in PATHS:
        sandbox.faults.add(kind, path, 2)
    second = run(sandbox, first.state)
    assert second.exit_code == 0
    assert differences(Warehouse().load(first.messages + second.messages), sandbox) == []


@pytest.mark.parametrize("seed", range(20 if SOAK else 2))
@pytest.mark.usefixtures("small_pages")
def test_rows_that_come_change_and_go_while_pages_are_read(sandbox: SandboxServer, seed: int) -> None:
    drawn = random.Random(seed)
    for path in ("/ghl/contacts/search", "/ghl/payments/transactions", "/ghl/opportunities/search", "*"):
        sandbox.faults.add("advance", path, 1, drawn.randrange(5))
    first = run(sandbox)
    sandbox.faults.clear()
    assert sandbox.days > 1
    warehouse = Warehouse().load(first.messages)
    second = run(sandbox, first.state)
    assert differences(warehouse.load(second.messages), sandbox) == []
    third = run(sandbox, second.state, relist_days=0)
    warehouse.load(third.messages)
    for stream in NAMES:
        assert warehouse.alive(stream) == truth(sandbox, stream)


@pytest.mark.usefixtures("small_pages")
def test_gohighlevel_that_stays_down_for_one_stream_fails_the_run_and_the_next_goes_on(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.add("unavailable", "/ghl/contacts/search", 10_000, skip=7)
    first = run(sandbox, max_wait_seconds=1)
    assert (first.exit_code, first.finished) == (1, False)
    assert "Not read to the end: contacts of loc_sandbox" in caplog.text
    assert 0 < len(first.records("contacts")) < len(truth(sandbox, "contacts"))
    assert first.bookmark("opportunities")["list"]["remaining"] == []
    sandbox.faults.clear()
    second = run(sandbox, first.state)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox) == []
    assert len(second.records("contacts")) < len(truth(sandbox, "contacts"))


STREAMS = ("contacts", "opportunities", "invoices", "tags")


def killed_and_run_again(sandbox: SandboxServer, whole: Outcome, before: list[dict[str, Any]], checkpoint: int) -> None:
    """What the loader had at the checkpoint, and all that the next run sends, is the world."""
    messages, bookmark = after(whole, checkpoint)
    again = run(sandbox, bookmark, STREAMS)
    warehouse = Warehouse().load(before + messages + again.messages)
    assert differences(warehouse, sandbox, streams=STREAMS) == [], f"killed after checkpoint {checkpoint}"
    assert again.finished
    for stream in STREAMS:
        assert warehouse.deleted(stream).isdisjoint(truth(sandbox, stream))


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("days", [0, 3, 9])
def test_killed_at_any_page_the_next_run_goes_on(sandbox: SandboxServer, days: int) -> None:
    """In the first load, while changes are read, and in a re-list."""
    first = run(sandbox, streams=STREAMS) if days else Outcome()
    if days:
        sandbox.advance(days)
    whole = run(sandbox, first.state if days else None, STREAMS)
    for checkpoint in range(0, len(whole.states), 1 if SOAK else 5):
        killed_and_run_again(sandbox, whole, first.messages, checkpoint)
    assert len(whole.states) > 8


@pytest.mark.usefixtures("small_pages")
def test_what_was_read_before_the_kill_is_not_read_again(sandbox: SandboxServer) -> None:
    whole = run(sandbox, streams=("contacts",), max_concurrency=1)
    pages = len(sandbox.log)
    messages, bookmark = after(whole, len(whole.states) // 2)
    again = run(sandbox, bookmark, ("contacts",), max_concurrency=1)
    assert len(requests_of(sandbox, pages)) < 0.8 * pages
    assert Warehouse().load(messages + again.messages).alive("contacts") == truth(sandbox, "contacts")


@pytest.mark.usefixtures("small_pages")
def test_an_interrupted_relist_marks_nothing(sandbox: SandboxServer) -> None:
    first = run(sandbox, streams=SEARCHED)
    sandbox.advance(9)
    whole = run(sandbox, first.state, SEARCHED)
    complete = Warehouse().load(first.messages + whole.messages)
    assert all(complete.deleted(stream) for stream in SEARCHED)
    for checkpoint in range(len(whole.states)):
        messages, bookmark = after(whole, checkpoint)
        cut = Warehouse().load(first.messages + messages)
        for stream in SEARCHED:
            is_open = "listing" in bookmark["bookmarks"][stream]["accounts"][MAIN]["list"]
            assert bool(cut.deleted(stream)) <= (not is_open)


@pytest.mark.usefixtures("small_pages")
def test_a_relist_over_several_runs_and_days_keeps_its_version(sandbox: SandboxServer) -> None:
    first = run(sandbox, streams=("contacts",))
    warehouse = Warehouse().load(first.messages)
    state, versions, runs = first.state, set(), 0
    sandbox.advance(8)
    while True:
        sandbox.faults.clear()
        sandbox.faults.add("unavailable", "/ghl/contacts/search", 10_000, skip=6)
        outcome = run(sandbox, state, ("contacts",), max_wait_seconds=0, max_concurrency=1)
        warehouse.load(outcome.messages)
        versions |= {message.get("version") for message in outcome.messages if message["type"] == "RECORD"}
        state, runs = outcome.state, runs + 1
        if outcome.finished:
            break
        assert warehouse.deleted("contacts") == set()
        sandbox.advance()
        assert runs < 20
    assert len(versions) == 1
    assert runs > 2
    assert warehouse.deleted("contacts").isdisjoint(truth(sandbox, "contacts"))
    assert differences(warehouse, sandbox, streams=("contacts",)) == []


def test_gohighlevel_that_is_down_from_the_start_is_asked_once_for_all_streams(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    state = run(sandbox).state
    asked = len(sandbox.log)
    sandbox.faults.add("unavailable", "/ghl/*", 10_000)
    outcome = run(sandbox, state, max_wait_seconds=0)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert len(requests_of(sandbox, asked)) == 1
    assert "run the same command again later" in caplog.text
    assert outcome.state == state


def test_a_wrong_private_token_is_a_sentence_before_anything_is_read(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = run(sandbox, private_token="pit-wrong")
    assert (outcome.exit_code, len(sandbox.log)) == (1, 1)
    assert "access token is invalid" in caplog.text
    assert "Settings > Private Integrations" in caplog.text
    assert "TAP_GHL_PRIVATE_TOKEN" in caplog.text
    assert "pit-wrong" not in caplog.text


@pytest.mark.usefixtures("small_pages")
def test_a_private_token_that_is_revoked_in_mid_run_loses_nothing(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.add("unauthorized", "/ghl/contacts/search", 1, skip=5)
    first = run(sandbox)
    assert (first.exit_code, first.finished) == (1, False)
    assert "TAP_GHL_PRIVATE_TOKEN" in caplog.text
    assert "pit-sandbox" not in caplog.text
    second = run(sandbox, first.state)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox) == []


def test_a_token_of_another_location_is_a_sentence(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    outcome = run(sandbox, location_id=SECOND)
    assert (outcome.exit_code, len(sandbox.log)) == (1, 1)
    assert "The token is not of location loc_sandbox_2" in caplog.text


def test_one_location_that_refuses_its_token_does_not_stop_the_other(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"locations": [TWO["locations"][0], {"location_id": SECOND, "private_token": "pit-wrong"}]}
    outcome = run(sandbox, **wrong)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert differences(Warehouse().load(outcome.messages), sandbox) == []
    assert "Not read to the end: " in caplog.text
    assert f"contacts of {SECOND}" in caplog.text
    assert f"contacts of {MAIN}," not in caplog.text


@pytest.mark.parametrize("missing", ["contacts", "invoices", "tags"])
def test_a_missing_scope_leaves_out_its_stream_only(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, missing: str
) -> None:
    sandbox.ghl.forbid(missing)
    outcome = run(sandbox)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    others = tuple(name for name in NAMES if name != missing)
    assert differences(Warehouse().load(outcome.messages), sandbox, streams=others) == []
    assert outcome.records(missing) == []
    assert f"{missing} of loc_sandbox is unavailable and left out" in caplog.text
    assert outcome.progress[missing]["note"].startswith("unavailable: GoHighLevel answered 401")


def test_a_403_in_mid_run_leaves_out_its_stream_only(sandbox: SandboxServer) -> None:
    sandbox.faults.add("forbidden", "/ghl/invoices/")
    outcome = run(sandbox)
    assert (outcome.exit_code, outcome.records("invoices")) == (0, [])


def test_a_wrong_version_header_is_no_wrong_token(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    outcome = run(sandbox, api_version="2019-01-01")
    assert outcome.exit_code == 1
    assert "version header is invalid. Correct the setting api_version." in caplog.text


def test_a_422_is_told_with_all_that_is_wrong(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 501)
    assert run(sandbox, streams=("contacts",)).exit_code == 1
    assert "422" in caplog.text
    assert "pageLimit must not be greater than 500" in caplog.text


@pytest.mark.soak
@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("seed", range(30))
def test_faults_of_all_kinds_over_many_days(seed: int) -> None:
    drawn = random.Random(seed)
    with SandboxServer(World(seed, 400), limits=False, crowded=bool(seed % 2)) as sandbox:
        warehouse, state = Warehouse(), None
        for _ in range(20):
            for path, _skip in PATHS:
                sandbox.faults.add(
                    drawn.choice([*FAULTS[:-1], "advance"]), path, drawn.randint(1, 4), drawn.randrange(9)
                )
            outcome = run(sandbox, state)
            warehouse.load(outcome.messages)
            state = outcome.state
            sandbox.faults.clear()
            sandbox.advance(drawn.randint(0, 3))
        warehouse.load(run(sandbox, state, relist_days=0).messages)
        for stream in NAMES:
            assert warehouse.alive(stream) == truth(sandbox, stream)

"""Faults in the middle of a download, and runs that are cut off: nothing is lost, little is read twice."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.server import SandboxServer
from support.tap_runs import after
from support.tap_warehouse import Warehouse

from tests.extractors.tap_stripe.harness import (
    Outcome,
    differences,
    requests_of,
    run,
)

FAULTS = ["rate_limit", "server_error", "unavailable", "cut", "truncated", "html", "hang"]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_in_mid_run_costs_nothing_but_time(
    sandbox: SandboxServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_stripe.client.PAGE_SIZE", 20)
    count = 1 if kind == "hang" else 3
    for path, skip in (("/stripe/v1/charges", 1), ("/stripe/v1/invoices*", 0), ("/stripe/v1/customers", 0)):
        sandbox.faults.add(kind, path, count, skip)
    outcome = run(f"{sandbox.url}/stripe", timeout_seconds=1)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert sandbox.faults.waiting == []
    assert outcome.progress["charges"]["waits"] == count
    assert differences(Warehouse().load(outcome.messages), sandbox) == []
    assert len(outcome.records("charges")) == len(sandbox.world_state("charges"))


@pytest.mark.parametrize("kind", ["rate_limit", "cut", "html"])
def test_a_fault_while_changes_are_read(sandbox: SandboxServer, kind: str) -> None:
    first = run(f"{sandbox.url}/stripe")
    sandbox.advance(5)
    for path in ("/stripe/v1/events", "/stripe/v1/*/*"):
        sandbox.faults.add(kind, path, 2)
    second = run(f"{sandbox.url}/stripe", first.state)
    assert second.exit_code == 0
    assert differences(Warehouse().load(first.messages + second.messages), sandbox) == []


def test_stripe_that_stays_down_for_one_stream_fails_the_run_and_the_next_goes_on(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_stripe.client.PAGE_SIZE", 10)
    sandbox.faults.add("unavailable", "/stripe/v1/charges", 10_000, skip=3)
    first = run(f"{sandbox.url}/stripe", max_wait_seconds=1)
    assert (first.exit_code, first.finished) == (1, False)
    assert "Not read to the end: charges" in caplog.text
    assert 0 < len(first.records("charges")) < len(sandbox.world_state("charges"))
    assert first.state["bookmarks"]["refunds"]["remaining"] == []
    sandbox.faults.clear()
    second = run(f"{sandbox.url}/stripe", first.state)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox) == []
    assert len(second.records("charges")) < len(sandbox.world_state("charges"))


def test_rows_that_come_change_and_go_while_pages_are_read(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_stripe.client.PAGE_SIZE", 10)
    for skip in (1, 3, 5):
        sandbox.faults.add("advance", "/stripe/v1/customers", 1, skip)
    first = run(f"{sandbox.url}/stripe")
    assert sandbox.days == 3
    second = run(f"{sandbox.url}/stripe", first.state)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox) == []


STREAMS = ("customers", "invoices", "refunds")


def killed_and_run_again(sandbox: SandboxServer, whole: Outcome, before: list[dict[str, Any]], checkpoint: int) -> None:
    """What the loader had at the checkpoint, and all that the next run sends, is the world."""
    messages, bookmark = after(whole, checkpoint)
    again = run(f"{sandbox.url}/stripe", bookmark, STREAMS)
    warehouse = Warehouse().load(before + messages + again.messages)
    wrong = [name for name in differences(warehouse, sandbox) if name.split()[0] in STREAMS]
    assert wrong == [], f"killed after checkpoint {checkpoint}"
    assert again.finished


def test_killed_at_any_page_the_next_run_goes_on(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_stripe.client.PAGE_SIZE", 10)
    whole = run(f"{sandbox.url}/stripe", streams=STREAMS)
    for checkpoint in range(0, len(whole.states), 3):
        killed_and_run_again(sandbox, whole, [], checkpoint)
    assert len(whole.states) > 10


def test_killed_while_changes_are_read_the_next_run_goes_on(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_stripe.base.PAGE_SIZE", 5)
    first = run(f"{sandbox.url}/stripe", streams=STREAMS)
    sandbox.advance(6)
    whole = run(f"{sandbox.url}/stripe", first.state, STREAMS)
    for checkpoint in range(0, len(whole.states), 2):
        killed_and_run_again(sandbox, whole, first.messages, checkpoint)
    assert len(whole.states) > 5


def test_what_was_read_before_the_kill_is_not_read_again(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_stripe.client.PAGE_SIZE", 10)
    whole = run(f"{sandbox.url}/stripe", streams=("charges",), max_concurrency=1)
    pages = len(sandbox.log)
    messages, bookmark = after(whole, len(whole.states) // 2)
    again = run(f"{sandbox.url}/stripe", bookmark, ("charges",), max_concurrency=1)
    assert len(requests_of(sandbox, pages)) < 0.7 * pages
    assert Warehouse().load(messages + again.messages).alive("charges") == sandbox.world_state("charges")


def test_stripe_that_is_down_from_the_start_is_asked_once_for_all_streams(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    state = run(f"{sandbox.url}/stripe").state
    asked = len(sandbox.log)
    sandbox.faults.add("unavailable", "/stripe/v1/events", 10_000)
    outcome = run(f"{sandbox.url}/stripe", state, max_wait_seconds=0)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert len(requests_of(sandbox, asked)) == 1
    assert "run the same command again later" in caplog.text
    assert outcome.state == state

"""Faults in the middle of a download, and runs that are cut off: nothing is lost, little is read twice."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.server import SandboxServer
from support.tap_runs import after
from support.tap_warehouse import Warehouse

from tests.extractors.tap_paypal.harness import (
    EVERYTHING,
    Outcome,
    differences,
    requests_of,
    run,
    windows_of,
)

FAULTS = ["rate_limit", "server_error", "unavailable", "cut", "truncated", "html", "hang", "unauthorized"]
REPORT = "/paypal/v1/reporting/transactions"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_paypal.client.PAGE_SIZE", 10)
    monkeypatch.setattr("tap_paypal.tap.TOKENS_PER_SECOND", 1000)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_in_mid_run_costs_nothing_but_time(sandbox: SandboxServer, kind: str) -> None:
    count = 1 if kind in ("hang", "unauthorized") else 3
    paths = (REPORT, "/paypal/v1/billing/subscriptions/*", "/paypal/v2/*", "/paypal/v1/billing/plans")
    for path in paths:
        sandbox.faults.add(kind, path, count, skip=2 if path == REPORT else 0)
    outcome = run(f"{sandbox.url}/paypal", timeout_seconds=1)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert sandbox.faults.waiting == []
    assert differences(Warehouse().load(outcome.messages), sandbox, EVERYTHING) == []


@pytest.mark.parametrize("kind", ["rate_limit", "cut", "unauthorized"])
def test_a_fault_while_the_run_opens(sandbox: SandboxServer, kind: str) -> None:
    count = 1 if kind == "unauthorized" else 2
    sandbox.faults.add(kind, REPORT, count)
    if kind != "unauthorized":
        sandbox.faults.add(kind, "/paypal/v1/oauth2/token", count)
    outcome = run(f"{sandbox.url}/paypal", streams=("transactions",))
    assert differences(Warehouse().load(outcome.messages), sandbox) == []


def test_paypal_that_stays_down_for_one_stream_fails_the_run_and_the_next_goes_on(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.add("unavailable", REPORT, 10_000, skip=8)
    first = run(f"{sandbox.url}/paypal", max_wait_seconds=1)
    assert (first.exit_code, first.finished) == (1, False)
    assert "Not read to the end: transactions" in caplog.text
    assert 0 < len(first.records("transactions")) < len(sandbox.world_state("transactions", vendor="paypal"))
    assert "listed_at" in first.state["bookmarks"]["plans"]
    sandbox.faults.clear()
    second = run(f"{sandbox.url}/paypal", first.state)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox, EVERYTHING) == []


def test_rows_arrive_while_pages_are_read(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.paypal, "token_seconds", 30 * 86_400)
    for skip in (4, 20, 38):
        sandbox.faults.add("advance", REPORT, 1, skip)
    first = run(f"{sandbox.url}/paypal")
    assert sandbox.days == 3
    second = run(f"{sandbox.url}/paypal", first.state)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox, EVERYTHING) == []


def killed_and_run_again(sandbox: SandboxServer, whole: Outcome, before: list[dict[str, Any]], checkpoint: int) -> None:
    """What the loader had at the checkpoint, and all that the next run sends, is the world."""
    messages, bookmark = after(whole, checkpoint)
    again = run(f"{sandbox.url}/paypal", bookmark)
    warehouse = Warehouse().load(before + messages + again.messages)
    assert differences(warehouse, sandbox, EVERYTHING) == [], f"killed after checkpoint {checkpoint}"
    assert again.finished


def test_killed_at_any_page_the_next_run_goes_on(sandbox: SandboxServer) -> None:
    whole = run(f"{sandbox.url}/paypal")
    assert len(whole.states) > 30
    for checkpoint in range(1, len(whole.states), len(whole.states) // 6):
        killed_and_run_again(sandbox, whole, [], checkpoint)


def test_killed_while_changes_are_read_the_next_run_goes_on(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/paypal")
    sandbox.advance(6)
    whole = run(f"{sandbox.url}/paypal", first.state)
    for checkpoint in range(0, len(whole.states), len(whole.states) // 5):
        killed_and_run_again(sandbox, whole, first.messages, checkpoint)


def test_what_was_read_before_the_kill_is_not_read_again(sandbox: SandboxServer) -> None:
    whole = run(f"{sandbox.url}/paypal", streams=("transactions",))
    pages = len(windows_of(sandbox))
    messages, bookmark = after(whole, len(whole.states) // 2)
    asked = len(sandbox.log)
    again = run(f"{sandbox.url}/paypal", bookmark, ("transactions",))
    assert len(windows_of(sandbox, asked)) < 0.8 * pages
    assert differences(Warehouse().load(messages + again.messages), sandbox) == []


def test_paypal_that_is_down_from_the_start_is_asked_once_for_all_streams(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    state = run(f"{sandbox.url}/paypal").state
    asked = len(sandbox.log)
    sandbox.faults.add("unavailable", "/paypal/*", 10_000)
    outcome = run(f"{sandbox.url}/paypal", state, max_wait_seconds=0)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert len(requests_of(sandbox, asked)) == 1
    assert "run the same command again later" in caplog.text
    assert outcome.state == state

"""What is special about PayPal's API, a test each."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from support.tap_runs import after
from support.tap_warehouse import Warehouse
from tap_paypal.streams import STREAMS

from tests.extractors.tap_paypal.harness import (
    add_crowd,
    add_rows,
    add_twins,
    differences,
    requests_of,
    run,
    windows_of,
)

DAY = 86_400
ONLY = ("transactions",)
NEW_LONG_AGO = 100 * DAY


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def pages_of(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_paypal.client.PAGE_SIZE", size)


def loaded(sandbox: SandboxServer, state: dict[str, Any] | None = None, **settings: Any) -> Warehouse:
    outcome = run(f"{sandbox.url}/paypal", state, ONLY, **settings)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    return Warehouse().load(outcome.messages)


def test_paypal_id_twins(sandbox: SandboxServer) -> None:
    at = sandbox.clock.now - NEW_LONG_AGO
    add_rows(sandbox, at, 500, -20, 9)
    add_rows(sandbox, at, 500, identity="ALONE000000000001")
    rows = loaded(sandbox).alive("transactions")
    key = f"TWIN0000000000001:T0006:{datetime.fromtimestamp(at).astimezone():%Y}"
    twins = {name: row for name, row in rows.items() if name.startswith(key)}
    amounts = [row["transaction_info"]["transaction_amount"]["value"] for _, row in sorted(twins.items())]
    assert amounts == ["-0.20", "0.09", "5.00"]
    assert [name.split("+0000")[1] for name in sorted(twins)] == ["", ":2", ":3"]
    assert rows == sandbox.world_state("transactions", vendor="paypal")


@pytest.mark.parametrize("size", [1, 2, 3])
def test_twins_across_a_page_border(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    pages_of(size, monkeypatch)
    at = sandbox.clock.now - NEW_LONG_AGO
    add_rows(sandbox, at, 500, -20, 9, 7)
    add_rows(sandbox, at, 3, 4, identity="ANOTHER0000000001")
    add_rows(sandbox, at + 1, 3, 4)
    assert differences(loaded(sandbox), sandbox) == []


def test_twins_across_a_page_border_where_a_run_was_killed(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages_of(4, monkeypatch)
    at = sandbox.clock.now - NEW_LONG_AGO
    add_twins(sandbox, at, 10)
    only_then = {"start_date": datetime.fromtimestamp(at - DAY).astimezone().isoformat(), "max_concurrency": 1}
    whole = run(f"{sandbox.url}/paypal", None, ONLY, **only_then)
    truth = sandbox.world_state("transactions", vendor="paypal")
    triplets = {key: row for key, row in truth.items() if key.startswith("TRIPLET")}
    for checkpoint in range(3, 14):
        messages, bookmark = after(whole, checkpoint)
        again = run(f"{sandbox.url}/paypal", bookmark, ONLY, **only_then)
        rows = Warehouse().load(messages + again.messages).alive("transactions")
        assert rows.items() >= triplets.items()
        assert rows.keys() <= truth.keys()


@pytest.mark.parametrize("size", [4, 5])
def test_twins_in_a_window_that_workers_share(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    pages_of(size, monkeypatch)
    add_twins(sandbox, sandbox.clock.now - NEW_LONG_AGO, 60)
    assert differences(loaded(sandbox), sandbox) == []
    starts = {dict(one.params)["start_date"] for one in windows_of(sandbox)}
    assert len(starts) > 38


def test_window_of_more_than_31_days(sandbox: SandboxServer) -> None:
    loaded(sandbox)
    bounds = [(moment(one["start_date"]), moment(one["end_date"])) for one in map(dict, params_of(sandbox))]
    assert max(end - start for start, end in bounds) <= 31 * DAY
    assert all(end == start for (_, end), (start, _) in pairwise(sorted(bounds)))
    assert sorted(bounds)[0][0] >= sandbox.clock.now - 3 * 366 * DAY + DAY


def params_of(sandbox: SandboxServer, since: int = 0) -> list[tuple[tuple[str, str], ...]]:
    return [one.params for one in windows_of(sandbox, since)]


@pytest.mark.parametrize("inclusive", [True, False])
def test_resultset_too_large_is_halved_to_a_second(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, inclusive: bool
) -> None:
    at = sandbox.clock.now - NEW_LONG_AGO
    for second in (0, 1, 3):
        add_rows(sandbox, at + second, 1, 2, 3, 4, 5, identity=f"SECOND{second:011}")
    monkeypatch.setattr(sandbox.paypal, "maximum_items", 5)
    monkeypatch.setattr(sandbox.paypal, "end_inclusive", inclusive)
    assert differences(loaded(sandbox), sandbox) == []


@pytest.mark.parametrize("inclusive", [True, False])
def test_a_second_with_more_rows_than_paypal_pages_through_is_an_error_not_a_gap(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, inclusive: bool
) -> None:
    at = sandbox.clock.now - NEW_LONG_AGO
    add_crowd(sandbox, at, 30)
    monkeypatch.setattr(sandbox.paypal, "maximum_items", 29)
    monkeypatch.setattr(sandbox.paypal, "end_inclusive", inclusive)
    outcome = run(f"{sandbox.url}/paypal", None, ONLY)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert "more transactions in the second" in caplog.text
    assert outcome.state["bookmarks"]["transactions"]["remaining"] != []


@pytest.mark.parametrize("size", [5, 20])
def test_total_that_moves_while_paging(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    pages_of(size, monkeypatch)
    monkeypatch.setattr(sandbox.paypal, "token_seconds", 30 * DAY)
    add_crowd(sandbox, sandbox.clock.now - 10 * DAY, 40)
    for number, skip in enumerate((30, 35, 40)):
        monkeypatch.setattr(sandbox.paypal, "refund_days", 100 + number)
        sandbox.faults.add("advance", "/paypal/v1/reporting/transactions", 1, skip)
    first = run(f"{sandbox.url}/paypal", None, ONLY)
    assert sandbox.days == 3
    second = run(f"{sandbox.url}/paypal", first.state, ONLY)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox) == []


def test_a_row_that_arrives_before_the_page_that_is_read_is_not_lost(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages_of(4, monkeypatch)
    at = sandbox.clock.now - NEW_LONG_AGO
    add_crowd(sandbox, at, 10)
    page = type(sandbox.paypal).answer

    def answer(self: Any, request: Any) -> Any:
        if ("page", "2") in request.query and "NEWCOMER000000001" not in {row.id for row in self.books.shelf.rows}:
            start = int(moment(dict(request.query)["start_date"]))
            add_rows(sandbox, start + 1, 100, identity="NEWCOMER000000001")
        return page(self, request)

    monkeypatch.setattr(type(sandbox.paypal), "answer", answer)
    assert differences(loaded(sandbox, max_concurrency=1), sandbox) == []


def test_a_window_that_always_moves_is_an_error_not_a_loop(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pages_of(1, monkeypatch)
    at = sandbox.clock.now - NEW_LONG_AGO
    add_rows(sandbox, at, 1, 2)
    page = type(sandbox.paypal).answer

    def answer(self: Any, request: Any) -> Any:
        add_crowd(sandbox, at + len(sandbox.log), 1)
        return page(self, request)

    monkeypatch.setattr(type(sandbox.paypal), "answer", answer)
    outcome = run(f"{sandbox.url}/paypal", None, ONLY, max_concurrency=1)
    assert outcome.exit_code == 1
    assert "changed at each of 5 tries to page it" in caplog.text


def test_late_rows_after_their_window_was_read(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/paypal", None, ONLY)
    warehouse = Warehouse().load(first.messages)
    now = sandbox.clock.now
    add_rows(sandbox, now - 2 * DAY, 100, published=now + DAY // 2, identity="LATE0000000000001")
    add_rows(sandbox, now - 25 * DAY, 100, published=now + DAY // 2, identity="VERYLATE000000001")
    sandbox.advance()
    second = run(f"{sandbox.url}/paypal", first.state, ONLY)
    names = {row["id"].split(":")[0] for row in second.records("transactions")}
    assert "LATE0000000000001" in names
    assert "VERYLATE000000001" not in names
    sandbox.advance(6)
    third = run(f"{sandbox.url}/paypal", second.state, ONLY)
    assert differences(warehouse.load(second.messages + third.messages), sandbox) == []


@pytest.mark.parametrize("lag", [0, 3600, 5 * DAY])
def test_never_past_last_refreshed(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, lag: int) -> None:
    monkeypatch.setattr(sandbox.paypal, "lag", lag)
    outcome = run(f"{sandbox.url}/paypal", None, ONLY)
    mark = outcome.state["bookmarks"]["transactions"]
    assert moment(mark["covered_to"]) == sandbox.clock.now - lag
    assert max(moment(dict(params)["end_date"]) for params in params_of(sandbox)) == sandbox.clock.now - lag
    monkeypatch.setattr(sandbox.paypal, "lag", 0)
    sandbox.advance()
    again = run(f"{sandbox.url}/paypal", outcome.state, ONLY)
    assert differences(Warehouse().load(outcome.messages + again.messages), sandbox) == []


@pytest.mark.parametrize("status", [400, 404])
def test_a_window_that_is_not_published_is_empty_and_stays_to_be_read(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(sandbox.paypal, "too_new_status", status)
    monkeypatch.setattr(sandbox.paypal, "lag", 40 * DAY)
    outcome = run(f"{sandbox.url}/paypal", None, ONLY)
    assert outcome.exit_code == 0
    assert outcome.records("transactions") == []
    monkeypatch.setattr(sandbox.paypal, "lag", 3600)
    assert differences(loaded(sandbox, outcome.state), sandbox) == []


def test_data_that_are_withdrawn_in_mid_run_stay_to_be_read(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(20, 80):
        add_rows(sandbox, sandbox.clock.now - days * DAY, 100, identity=f"DAILY{days:012}")
    page = type(sandbox.paypal).answer

    def answer(self: Any, request: Any) -> Any:
        if len(requests_of(sandbox)) == 3:
            monkeypatch.setattr(sandbox.paypal, "lag", 50 * DAY)
        return page(self, request)

    monkeypatch.setattr(type(sandbox.paypal), "answer", answer)
    outcome = run(f"{sandbox.url}/paypal", None, ONLY, max_concurrency=1)
    assert outcome.exit_code == 0
    assert outcome.state["bookmarks"]["transactions"]["remaining"] != []
    monkeypatch.setattr(sandbox.paypal, "lag", 3600)
    again = run(f"{sandbox.url}/paypal", outcome.state, ONLY)
    assert differences(Warehouse().load(outcome.messages + again.messages), sandbox) == []


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("filter_date", ["initiation", "updated"])
def test_filter_date_is_unknown(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, filter_date: str, inclusive: bool
) -> None:
    pages_of(7, monkeypatch)
    monkeypatch.setattr(sandbox.paypal, "filter_date", filter_date)
    monkeypatch.setattr(sandbox.paypal, "end_inclusive", inclusive)
    outcome = run(f"{sandbox.url}/paypal", None, ONLY)
    warehouse = Warehouse().load(outcome.messages)
    assert differences(warehouse, sandbox) == []
    for _ in range(3):
        sandbox.advance()
        outcome = run(f"{sandbox.url}/paypal", outcome.state, ONLY)
        assert differences(warehouse.load(outcome.messages), sandbox) == []


@pytest.mark.parametrize("shape", ["oauth", "envelope"])
def test_both_error_shapes(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    monkeypatch.setattr(sandbox.paypal, "unauthorized", shape)
    monkeypatch.setattr(sandbox.paypal, "token_requests", 15)
    monkeypatch.setattr("tap_paypal.tap.TOKENS_PER_SECOND", 1000)
    assert differences(loaded(sandbox, max_concurrency=4), sandbox) == []
    assert requests_of(sandbox).count("/v1/oauth2/token") >= 3


def test_non_balance_rows(sandbox: SandboxServer) -> None:
    rows = loaded(sandbox).alive("transactions")
    codes = {row["transaction_info"]["transaction_event_code"] for row in rows.values()}
    add_rows(sandbox, sandbox.clock.now - NEW_LONG_AGO, 500, affects=False, identity="MEMO0000000000001")
    again = loaded(sandbox).alive("transactions")
    assert [key.split(":")[0] for key in again.keys() - rows.keys()] == ["MEMO0000000000001"]
    assert "T1300" in codes


def test_refunds_of_old_charges(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.paypal, "refund_days", 170)
    outcome = run(f"{sandbox.url}/paypal", None, ONLY)
    warehouse = Warehouse().load(outcome.messages)
    refunded = 0
    for _ in range(5):
        sandbox.advance()
        outcome = run(f"{sandbox.url}/paypal", outcome.state, ONLY)
        old = [
            row for row in outcome.records("transactions") if moment(row["created_at"]) < sandbox.clock.now - 40 * DAY
        ]
        refunded += sum(row["record"]["transaction_info"]["transaction_status"] == "V" for row in old)
        assert differences(warehouse.load(outcome.messages), sandbox) == []
        assert "originals" not in outcome.state["bookmarks"]["transactions"]
    assert refunded >= 3


def test_a_run_that_is_cut_off_before_old_charges_are_read_again(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/paypal", None, ONLY)
    sandbox.advance(5)
    second = run(f"{sandbox.url}/paypal", first.state, ONLY)
    for checkpoint in range(len(second.states)):
        messages, bookmark = after(second, checkpoint)
        third = run(f"{sandbox.url}/paypal", bookmark, ONLY)
        assert differences(Warehouse().load(first.messages + messages + third.messages), sandbox) == []


def test_dates_are_told_in_utc_and_keys_as_paypal_writes_them(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.paypal, "offsets", (-8, -7))
    warehouse = loaded(sandbox)
    assert differences(warehouse, sandbox) == []
    row = next(iter(warehouse.tables["transactions"].values()))
    written = row["record"]["transaction_info"]["transaction_initiation_date"]
    assert written.endswith(("-0800", "-0700"))
    assert row["id"].endswith(written)
    assert row["created_at"].endswith("Z")
    assert moment(row["created_at"]) == moment(written)


def test_a_window_that_is_too_heavy_for_paypal_is_halved(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = type(sandbox.paypal).answer

    def answer(self: Any, request: Any) -> Any:
        query = dict(request.query)
        width = moment(query["end_date"]) - moment(query["start_date"]) if "end_date" in query else 0
        return self.failure("unavailable") if width > 20 * DAY else page(self, request)

    monkeypatch.setattr(type(sandbox.paypal), "answer", answer)
    monkeypatch.setattr("tap_paypal.report.TRIES", 1)
    assert differences(loaded(sandbox), sandbox) == []


def test_phones_of_both_shapes(sandbox: SandboxServer) -> None:
    rows = loaded(sandbox).tables["transactions"].values()
    told = [row for row in rows if "phone_number" in row["record"].get("payer_info", {})]
    assert told
    assert sum(bool(row.get("phones")) for row in told) > len(told) / 2


@pytest.mark.parametrize("filter_date", ["initiation", "updated"])
def test_a_crowded_window_is_shared_if_that_is_safe_and_costs_few_requests_more(
    monkeypatch: pytest.MonkeyPatch, filter_date: str
) -> None:
    pages_of(20, monkeypatch)
    with SandboxServer(World(7, 1500), limits=False, crowded=True) as crowded:
        crowded.paypal.filter_date = filter_date
        assert differences(loaded(crowded), crowded) == []
        months = Counter(dict(one.params)["start_date"] for one in windows_of(crowded))
        rows = len(crowded.world_state("transactions", vendor="paypal"))
        least = rows / 20 + len(list(range(0, 1094, 30)))
        assert len(windows_of(crowded)) <= 1.15 * least
    assert (max(months.values()) > 30) == (filter_date == "updated")


def test_all_streams_are_declared_once() -> None:
    names = [stream.name for stream in STREAMS]
    assert len(set(names)) == len(names) == 8

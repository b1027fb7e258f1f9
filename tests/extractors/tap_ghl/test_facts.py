"""What is special about GoHighLevel's API, a test each."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from tap_core.phones import PhoneReader
from tap_ghl.client import GhlClient, Rows
from tap_ghl.streams import Contacts
from tap_ghl.tap import TapGHL
from tap_ghl.walk import UnsteadyListError, Walk

from tests.extractors.tap_ghl.harness import MAIN, ONE, Warehouse, differences, requests_of, run, truth

CONTACTS = ("contacts",)


@pytest.fixture
def crowded() -> Iterator[SandboxServer]:
    """A quarter of the contacts came in one millisecond."""
    with SandboxServer(World(7, 300), limits=False, crowded=True) as server:
        yield server


def bodies(monkeypatch: pytest.MonkeyPatch, **renamed: str) -> list[dict[str, Any]]:
    """The bodies of all searches; keys that are `renamed` are sent under another name."""
    sent: list[dict[str, Any]] = []
    search = GhlClient.search

    def noted(self: GhlClient, path: str, envelope: str, body: Mapping[str, Any], meter: Any) -> Rows:
        body = {renamed.get(name, name): value for name, value in body.items()}
        sent.append(body)
        return search(self, path, envelope, body, meter)

    monkeypatch.setattr(GhlClient, "search", noted)
    return sent


def test_ghl_start_after_is_ignored(
    crowded: SandboxServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 10)
    bodies(monkeypatch, searchAfter="startAfter")
    outcome = run(crowded, streams=CONTACTS)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert "came back; the vendor ignores it" in caplog.text
    assert not [message for message in outcome.messages if message["type"] == "ACTIVATE_VERSION"]


def test_ghl_filters_that_are_ignored_are_an_error_with_a_name(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 10)
    state = run(sandbox, streams=CONTACTS).state
    sandbox.advance()
    bodies(monkeypatch, filters="filter")
    assert run(sandbox, state, streams=CONTACTS).exit_code == 1
    assert "does not search by dateUpdated any more" in caplog.text


def test_ghl_page_numbers_end_at_ten_thousand(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 10)
    sent = bodies(monkeypatch)
    outcome = run(sandbox, streams=("contacts", "opportunities"))
    assert any("searchAfter" in body for body in sent)
    assert not any("page" in body for body in sent)
    assert differences(Warehouse().load(outcome.messages), sandbox, streams=("contacts", "opportunities")) == []


def test_ghl_fifty_thousand_contacts_of_one_second(crowded: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 10)
    rows = truth(crowded, "contacts")
    dates = [row["dateAdded"] for row in rows.values()]
    assert max(map(dates.count, set(dates))) > 40
    outcome = run(crowded, streams=CONTACTS)
    assert Warehouse().load(outcome.messages).alive("contacts") == rows
    assert len(outcome.records("contacts")) == len(rows)


def test_ghl_a_short_page_is_not_the_end_while_there_are_more(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search may hold rows back after it has cut the page."""
    search = GhlClient.search

    def short(self: GhlClient, path: str, envelope: str, body: dict[str, Any], meter: Any) -> Rows:
        found = search(self, path, envelope, body, meter)
        return Rows(found.rows[:7], found.total)

    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 10)
    monkeypatch.setattr(GhlClient, "search", short)
    outcome = run(sandbox, streams=CONTACTS)
    assert Warehouse().load(outcome.messages).alive("contacts") == truth(sandbox, "contacts")


def test_ghl_total_is_never_the_end(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    search = GhlClient.search

    def stale(self: GhlClient, path: str, envelope: str, body: dict[str, Any], meter: Any) -> Rows:
        return Rows(search(self, path, envelope, body, meter).rows, 3)

    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 10)
    monkeypatch.setattr(GhlClient, "search", stale)
    outcome = run(sandbox, streams=CONTACTS)
    assert Warehouse().load(outcome.messages).alive("contacts") == truth(sandbox, "contacts")


def test_ghl_search_after_is_not_stored(sandbox: SandboxServer) -> None:
    """It depends on the sort: kept, each re-list would seem to change each row."""
    first = run(sandbox, streams=("contacts", "opportunities"))
    sandbox.advance(8)
    second = run(sandbox, first.state, streams=("contacts", "opportunities"))
    for stream in ("contacts", "opportunities"):
        assert not any("searchAfter" in row["record"] for row in first.records(stream) + second.records(stream))
    before = Warehouse().load(first.messages).alive("contacts")
    same = [row for row in second.records("contacts") if before.get(row["id"]) == row["record"]]
    assert len(same) > len(before) / 2


def test_ghl_contacts_without_a_date_are_in_no_interval(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, undated = GhlClient.search, [f"undated{number}" for number in range(25)]

    def with_undated(self: GhlClient, path: str, envelope: str, body: dict[str, Any], meter: Any) -> Rows:
        if not any("group" in one for one in body.get("filters", [])):
            return search(self, path, envelope, body, meter)
        first = undated.index(body["searchAfter"][1]) + 1 if "searchAfter" in body else 0
        page = undated[first : first + body["pageLimit"]]
        rows = [{"id": one, "dateAdded": None, "searchAfter": [None, one]} for one in page]
        return Rows([msgspec.Raw(msgspec.json.encode(row)) for row in rows], len(undated))

    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 10)
    monkeypatch.setattr(GhlClient, "search", with_undated)
    outcome = run(sandbox, streams=CONTACTS)
    loaded = Warehouse().load(outcome.messages).alive("contacts")
    assert set(loaded) == set(truth(sandbox, "contacts")) | set(undated)


def test_ghl_a_sort_that_is_ignored_hides_nothing(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said to be the oldest contact may be any."""
    search = GhlClient.search

    def newest_first(self: GhlClient, path: str, envelope: str, body: dict[str, Any], meter: Any) -> Rows:
        if body["pageLimit"] == 1 and "sort" in body:
            body = {**body, "sort": [{"field": "dateAdded", "direction": "desc"}]}
        return search(self, path, envelope, body, meter)

    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 20)
    monkeypatch.setattr(GhlClient, "search", newest_first)
    outcome = run(sandbox, streams=CONTACTS)
    assert Warehouse().load(outcome.messages).alive("contacts") == truth(sandbox, "contacts")


@pytest.mark.parametrize(
    "shape",
    [
        ["+52 55 1234 5678"],
        [{"phone": "+52 55 1234 5678"}],
        [{"phone": "5512345678", "phoneLabel": "home"}],
        ["", "55 1234 5678"],
        [{"phone": "55 1234 5678"}, {"phone": ""}, None],
        [" +525512345678 "],
        [{"phoneNumber": "+525512345678"}],
        [],
        [""],
        None,
    ],
)
def test_ghl_additional_phones_in_all_shapes(shape: Any) -> None:
    tap = TapGHL(config={"api_url": "http://127.0.0.1:1", **ONE})
    raw = {"id": "a", "phone": "+1 415 555 2671", "country": "MX", "additionalPhones": shape}
    message = Contacts(tap).message(msgspec.Raw(msgspec.json.encode(raw)), {})
    more = [] if shape in ([], [""], None) else ["+525512345678"]
    assert message.record.phones == ["+14155552671", *more]  # type: ignore[union-attr]
    assert msgspec.json.decode(message.record.record)["additionalPhones"] == shape  # type: ignore[union-attr]


def test_ghl_additional_emails_in_all_shapes_stay_as_they_came(sandbox: SandboxServer) -> None:
    loaded = Warehouse().load(run(sandbox, streams=CONTACTS).messages).alive("contacts")
    shapes = {type(one) for row in loaded.values() for one in row["additionalEmails"]}
    assert {str, dict} <= shapes
    assert all(
        row["additionalEmails"] == loaded[key]["additionalEmails"] for key, row in truth(sandbox, "contacts").items()
    )


def test_ghl_phones_are_read_in_each_record(sandbox: SandboxServer) -> None:
    rows = run(sandbox, default_region="MX").records("contacts")
    reader = PhoneReader("MX")
    told = {row["id"]: row.get("phones", []) for row in rows}
    for key, record in truth(sandbox, "contacts").items():
        assert not record["phone"] or set(reader.read_all([record["phone"]], record["country"])) <= set(told[key])
    assert any(len(numbers) > 1 for numbers in told.values())


@pytest.mark.parametrize("they_move", [True, False])
def test_ghl_tag_edits_that_do_not_move_date_updated(sandbox: SandboxServer, they_move: bool) -> None:
    sandbox.ghl.tag_edits_move_date_updated = they_move
    outcome = run(sandbox, streams=CONTACTS)
    warehouse = Warehouse().load(outcome.messages)
    for _ in range(6):
        sandbox.advance()
        outcome = run(sandbox, outcome.state, CONTACTS)
        warehouse.load(outcome.messages)
    assert bool(differences(warehouse, sandbox, streams=CONTACTS)) is not they_move
    sandbox.advance()
    warehouse.load(run(sandbox, outcome.state, CONTACTS).messages)
    assert differences(warehouse, sandbox, streams=CONTACTS) == []


def test_ghl_updates_show_up_late_in_the_search(sandbox: SandboxServer) -> None:
    """The last change of each day is two seconds old when the run begins, and the search does not show it yet."""
    sandbox.ghl.search_lag_seconds = 30
    outcome = run(sandbox, streams=CONTACTS)
    warehouse, late = Warehouse().load(outcome.messages), 0
    for _ in range(5):
        sandbox.advance()
        outcome = run(sandbox, outcome.state, CONTACTS)
        warehouse.load(outcome.messages)
        missing = differences(warehouse, sandbox, streams=CONTACTS)
        late += len(missing)
        assert len(missing) <= 1
    assert late
    sandbox.ghl.search_lag_seconds = 0
    outcome = run(sandbox, outcome.state, CONTACTS)
    assert differences(warehouse.load(outcome.messages), sandbox, streams=CONTACTS) == []


def test_ghl_a_contact_that_vanished_is_marked_only_by_a_complete_relist(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 20)
    outcome = run(sandbox, streams=CONTACTS)
    warehouse = Warehouse().load(outcome.messages)
    sandbox.advance(2)
    gone = set(sandbox.deleted("contacts", MAIN, "ghl")) & set(warehouse.alive("contacts"))
    outcome = run(sandbox, outcome.state, CONTACTS)
    assert gone
    assert warehouse.load(outcome.messages).deleted("contacts") == set()

    sandbox.advance(6)
    sandbox.faults.add("unavailable", "/ghl/contacts/search", 10_000, skip=6)
    cut = run(sandbox, outcome.state, CONTACTS, max_wait_seconds=0)
    assert (cut.exit_code, warehouse.load(cut.messages).deleted("contacts")) == (1, set())
    version = cut.bookmark("contacts")["list"]["listing"]
    sandbox.faults.clear()
    sandbox.advance()
    asked = len(sandbox.log)
    again = run(sandbox, cut.state, CONTACTS)
    assert {message.get("version") for message in again.messages if message["type"] == "RECORD"} == {version}
    assert len(requests_of(sandbox, asked)) < len(truth(sandbox, "contacts")) / 20 + 6
    warehouse.load(again.messages)
    assert gone <= warehouse.deleted("contacts")
    assert differences(warehouse, sandbox, streams=CONTACTS) == []
    assert "listing" not in again.bookmark("contacts")["list"]
    assert again.bookmark("contacts")["listed_at"].startswith("2026-11-09T00:00:")  # the vendor's clock goes on
    assert again.bookmark("contacts")["changes"]["covered_to"].startswith("2026-11-10T00:00:")


def test_ghl_merged_contacts_leave_only_traces(sandbox: SandboxServer) -> None:
    outcome = run(sandbox)
    warehouse = Warehouse().load(outcome.messages)
    sandbox.advance(9)
    warehouse.load(run(sandbox, outcome.state).messages)
    merged = {
        row["mergedFromContactId"]: row["contactId"]
        for row in warehouse.alive("payment_transactions").values()
        if "mergedFromContactId" in row
    }
    assert merged
    assert set(merged).isdisjoint(warehouse.alive("contacts"))


class List:
    """A list with offsets that changes between two pages."""

    def __init__(self, rows: list[str], *deeds: Any) -> None:
        self.rows = rows
        self.deeds = list(deeds)
        self.requests = 0
        self._turn = threading.Lock()

    def ask(self, offset: int) -> Rows:
        with self._turn:
            if self.deeds and self.requests:
                self.deeds.pop(0)(self.rows)
            self.requests += 1
            page = [msgspec.Raw(msgspec.json.encode({"_id": row})) for row in self.rows[offset : offset + 10]]
            return Rows(page, len(self.rows))


def read(rows: List) -> set[str]:
    return {msgspec.json.decode(row)["_id"] for _, page in Walk("/list", rows.ask).pages() for row in page}


def nothing(_rows: list[str]) -> None:
    pass


@pytest.mark.parametrize("ahead", [1, 4])
@pytest.mark.parametrize(
    "deeds",
    [
        [],
        [lambda rows: rows.insert(0, "new")],
        [lambda rows: rows.pop(3)],
        [nothing, lambda rows: rows.pop(0), lambda rows: rows.pop(0)],
        [nothing, lambda rows: rows.__delitem__(slice(0, 15))],
        [nothing, nothing, lambda rows: rows.__delitem__(slice(0, 27))],
        [lambda rows: (rows.insert(0, "new"), rows.pop(4))],
        [nothing, nothing, nothing, lambda rows: rows.__delitem__(slice(10, None))],
        [lambda rows: rows.insert(0, f"new{len(rows)}")] * 12,
        [lambda rows: rows.pop(0)] * 12,
    ],
)
def test_ghl_offsets_move_when_rows_come_and_go(monkeypatch: pytest.MonkeyPatch, deeds: list[Any], ahead: int) -> None:
    monkeypatch.setattr("tap_ghl.walk.AHEAD", ahead)
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 10)
    rows = [f"row{number}" for number in range(45)]
    steady = List(list(rows), *deeds)
    seen = read(steady)
    assert set(steady.rows) & set(rows) <= seen
    assert steady.requests < 60


@pytest.mark.parametrize("seed", range(50))
def test_ghl_offsets_move_at_random(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 10)
    drawn = random.Random(seed)

    def stir(rows: list[str]) -> None:
        for _ in range(drawn.randrange(4)):
            if drawn.random() < 0.5:
                rows.insert(0, f"new{drawn.random()}")
            else:
                rows.pop(drawn.randrange(len(rows)))

    rows = [f"row{number}" for number in range(120)]
    steady = List(list(rows), *[stir] * 15)
    seen = read(steady)
    assert set(steady.rows) & set(rows) <= seen


def test_ghl_a_list_that_costs_one_request_more_only_if_its_last_page_may_be_capped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 10)
    for rows, requests in ((0, 1), (1, 1), (2, 2), (10, 2), (11, 2), (18, 2), (19, 3), (20, 3), (91, 11)):
        steady = List([f"row{number}" for number in range(rows)])
        assert len(read(steady)) == rows
        assert steady.requests == requests


@pytest.mark.parametrize("total", [7, 10, 44])
@pytest.mark.parametrize("cap", [2, 7, 10])
@pytest.mark.parametrize("rows", [45, 91])
def test_ghl_a_total_that_is_too_low_is_not_the_end(
    monkeypatch: pytest.MonkeyPatch, rows: int, cap: int, total: int
) -> None:
    """Also if pages are shorter than we ask for."""
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 10)
    names = [f"row{number}" for number in range(rows)]
    low = List(names)
    monkeypatch.setattr(low, "ask", lambda offset: Rows(List.ask(low, offset).rows[:cap], min(total, rows)))
    assert read(low) == set(names)


@pytest.mark.parametrize("seed", range(20))
def test_ghl_offsets_move_at_random_behind_a_total_that_is_too_low(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 10)
    drawn = random.Random(seed)

    def stir(rows: list[str]) -> None:
        rows.insert(0, f"new{drawn.random()}")
        for _ in range(drawn.randrange(4)):
            rows.pop(drawn.randrange(len(rows)))

    rows = [f"row{number}" for number in range(120)]
    low = List(list(rows), *[stir] * 15)
    monkeypatch.setattr(low, "ask", lambda offset: Rows(List.ask(low, offset).rows, 20))
    seen = read(low)
    assert set(low.rows) & set(rows) <= seen
    assert low.requests < 60


def test_ghl_rows_behind_a_total_that_is_too_low_are_not_marked(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 10)
    monkeypatch.setattr("tap_ghl.offsets.PAGE_SIZE", 10)
    streams = ("payment_transactions",)
    first = run(sandbox, streams=streams)
    told = GhlClient.rows

    def capped(*args: Any) -> Rows:
        found = told(*args)
        return Rows(found.rows, min(found.total or 0, 20))

    monkeypatch.setattr(GhlClient, "rows", capped)
    second = run(sandbox, first.state, streams)
    warehouse = Warehouse().load(first.messages + second.messages)
    assert len(truth(sandbox, "payment_transactions")) > 20
    assert warehouse.deleted("payment_transactions") == set()


def test_ghl_a_list_that_ignores_offsets_is_an_error_not_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 10)
    same = List([f"row{number}" for number in range(45)])
    monkeypatch.setattr(same, "ask", lambda _: Rows(List.ask(same, 0).rows, 10))
    with pytest.raises(UnsteadyListError, match="10 rows and shows 10, the same ones again and again"):
        read(same)


def test_ghl_a_list_that_hides_rows_is_an_error_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_ghl.walk.PAGE_SIZE", 10)
    hiding = List([f"row{number}" for number in range(45)])
    monkeypatch.setattr(hiding, "ask", lambda offset: Rows(List.ask(hiding, min(offset, 20)).rows, 45))
    with pytest.raises(UnsteadyListError, match="says that it has 45 rows and shows 30"):
        read(hiding)


def test_ghl_a_page_that_is_shorter_than_asked_for_is_not_the_end(sandbox: SandboxServer) -> None:
    sandbox.ghl.payments_page_cap = 7
    streams = ("payment_transactions", "payment_subscriptions", "invoices")
    outcome = run(sandbox, streams=streams)
    assert differences(Warehouse().load(outcome.messages), sandbox, streams=streams) == []


@pytest.mark.parametrize("each_day", [20, 5000])
def test_ghl_long_lists_of_payments_are_read_by_days_and_now_and_then_whole(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, each_day: int
) -> None:
    """A refund changes an old payment, and no list tells that it did."""
    monkeypatch.setattr("tap_ghl.offsets.WHOLE_EACH_RUN", 20)
    monkeypatch.setattr("tap_ghl.offsets.WHOLE_EACH_DAY", each_day)
    monkeypatch.setattr("tap_ghl.offsets.PAGE_SIZE", 10)
    streams = ("payment_transactions",)
    outcome = run(sandbox, streams=streams)
    warehouse = Warehouse().load(outcome.messages)
    whole, late = len(outcome.records("payment_transactions")), 0
    for day in range(9):
        sandbox.advance()
        outcome = run(sandbox, outcome.state, streams)
        warehouse.load(outcome.messages)
        assert set(truth(sandbox, "payment_transactions")) == set(warehouse.alive("payment_transactions"))
        late += len(differences(warehouse, sandbox, streams=streams))
        if each_day == 5000 or day == 6:
            assert differences(warehouse, sandbox, streams=streams) == []
        again = run(sandbox, outcome.state, streams)
        assert len(again.records("payment_transactions")) < whole
    assert bool(late) is (each_day == 20)


def test_ghl_numbers_keep_their_digits(sandbox: SandboxServer) -> None:
    rows = run(sandbox, streams=("opportunities",)).records("opportunities")
    assert all(isinstance(row["record"]["monetaryValue"], float) for row in rows)

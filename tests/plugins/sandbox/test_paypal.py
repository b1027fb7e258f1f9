"""PayPal's report and its access, a test for each fact that a client can trip over."""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sandbox.exports import EXPORTS
from sandbox.people import World
from sandbox.server import SandboxServer

from tests.plugins.sandbox.paypal_client import DAY, MONTH, Client, by_key, zulu

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = "/v1/reporting/transactions"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World(7, 1500), limits=False) as started:
        yield started


@pytest.fixture(scope="module")
def client(sandbox: SandboxServer) -> Iterator[Client]:
    with Client(sandbox) as connected:
        yield connected


@pytest.fixture(scope="module")
def rows(client: Client) -> list[Row]:
    return client.rows()


@pytest.fixture
def switched(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set a switch for one test."""
    return lambda name, value: monkeypatch.setattr(sandbox.paypal, name, value)


def info(row: Row) -> Row:
    found: Row = row["transaction_info"]
    return found


def amount(row: Row) -> float:
    return float(info(row)["transaction_amount"]["value"])


def month(sandbox: SandboxServer, **params: Any) -> dict[str, Any]:
    now = sandbox.clock.now
    return {"start_date": zulu(now - MONTH), "end_date": zulu(now), **params}


@pytest.mark.parametrize("filter_date", ["initiation", "updated"])
def test_windows_and_pages_give_every_row_once(
    sandbox: SandboxServer, client: Client, switched: Any, filter_date: str
) -> None:
    switched("filter_date", filter_date)
    rows = client.rows()
    assert len(rows) > 1000
    assert by_key(rows) == sandbox.world_state("transactions", vendor="paypal")


def test_rows_come_in_the_order_of_initiation(rows: list[Row]) -> None:
    dates = [info(row)["transaction_initiation_date"] for row in rows]
    assert all(earlier <= later for earlier, later in pairwise(dates))


def test_the_filter_date_decides_whether_a_changed_row_is_in_the_window_of_its_change(
    sandbox: SandboxServer, client: Client, switched: Any
) -> None:
    row = next(row for row in sandbox.paypal.books.shelf.rows if row.updated - row.at > DAY)
    assert row.id not in {info(one)["transaction_id"] for one in client.window(row.updated, row.updated)}
    switched("filter_date", "updated")
    assert row.id in {info(one)["transaction_id"] for one in client.window(row.updated, row.updated)}
    assert row.id not in {info(one)["transaction_id"] for one in client.window(row.at, row.at)}


@pytest.mark.parametrize(("inclusive", "found"), [(True, True), (False, False)])
def test_end_date_holds_its_own_second_or_not(
    sandbox: SandboxServer, client: Client, switched: Any, inclusive: bool, found: bool
) -> None:
    switched("end_inclusive", inclusive)
    at = sandbox.paypal.books.shelf.rows[500].at
    assert bool(client.window(at, at)) is found
    assert client.window(at, at + 1)


def test_a_page_is_its_part_of_the_window_with_links(sandbox: SandboxServer, client: Client) -> None:
    asked = month(sandbox, page_size=10, page=2, balance_affecting_records_only="N")
    page = client.ok(REPORT, **asked)
    all_of_it = client.ok(REPORT, **{**asked, "page_size": 500, "page": 1})
    assert page["transaction_details"] == all_of_it["transaction_details"][10:20]
    assert page["total_pages"] == -(-page["total_items"] // 10)
    assert {link["rel"]: parse_qs(urlsplit(link["href"]).query)["page"][0] for link in page["links"]} == {
        "self": "2",
        "first": "1",
        "prev": "1",
        "next": "3",
        "last": str(page["total_pages"]),
    }
    last = client.ok(REPORT, **{**asked, "page": page["total_pages"]})
    assert "next" not in {link["rel"] for link in last["links"]}
    client.error(REPORT, 400, **{**asked, "page": page["total_pages"] + 1})


def test_a_page_has_a_hundred_rows_by_itself(client: Client) -> None:
    window = {"start_date": "2026-06-01T00:00:00Z", "end_date": "2026-07-02T00:00:00Z"}
    page = client.ok(REPORT, **window, balance_affecting_records_only="N")
    assert len(page["transaction_details"]) == min(100, page["total_items"])
    assert page["total_pages"] == -(-page["total_items"] // 100)


def test_an_empty_window_has_no_pages(client: Client) -> None:
    page = client.ok(REPORT, start_date="2026-06-01T00:00:00Z", end_date="2026-06-01T00:00:00Z")
    assert (page["transaction_details"], page["total_items"], page["total_pages"]) == ([], 0, 0)
    assert [link["rel"] for link in page["links"]] == ["self"]


def test_fields_are_the_transaction_alone_by_default(sandbox: SandboxServer, client: Client) -> None:
    parts = {
        asked: set(client.ok(REPORT, **month(sandbox, page_size=1, **asked_as))["transaction_details"][0])
        for asked, asked_as in (
            ("default", {}),
            ("two", {"fields": "payer_info,cart_info"}),
            ("all", {"fields": "all"}),
        )
    }
    assert parts["default"] == {"transaction_info"}
    assert parts["two"] == {"payer_info", "cart_info"}
    assert len(parts["all"]) == 7


def test_rows_that_move_no_balance_are_hidden_by_default(sandbox: SandboxServer, client: Client) -> None:
    shown = client.ok(REPORT, **month(sandbox))["total_items"]
    everything = client.ok(REPORT, **month(sandbox, balance_affecting_records_only="N"))["total_items"]
    published = [row for row in sandbox.paypal.books.shelf.rows if sandbox.paypal.books.moment.holds(row)]
    hidden = [row for row in published if row.at >= sandbox.clock.now - MONTH and not row.affects]
    assert everything - shown == len(hidden) > 0


@pytest.mark.parametrize("name", ["transaction_id", "transaction_type", "transaction_status", "transaction_currency"])
def test_filters(sandbox: SandboxServer, client: Client, name: str) -> None:
    field = {"transaction_type": "transaction_event_code"}.get(name, name)
    asked = month(sandbox, balance_affecting_records_only="N", page_size=500)

    def value(row: Row) -> str:
        found: str = info(row)["transaction_amount"]["currency_code"] if "currency" in name else info(row)[field]
        return found

    everything = client.ok(REPORT, **asked)["transaction_details"]
    wanted = value(everything[0])
    found = client.ok(REPORT, **asked, **{name: wanted})["transaction_details"]
    assert found == [row for row in everything if value(row) == wanted] != everything


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"start_date": None}, "start_date"),
        ({"end_date": None}, "end_date"),
        ({"start_date": "2026-10-05"}, "start_date"),
        ({"start_date": "2026-10-05T00:00Z"}, "start_date"),
        ({"start_date": "2026-10-05T00:00:00"}, "start_date"),
        ({"start_date": "2026-10-05T00:00:00 0000"}, "start_date"),
        ({"start_date": "2026-02-30T00:00:00Z"}, "start_date"),
        ({"start_date": "2026-10-21T00:00:00Z"}, "end_date"),
        ({"start_date": "2026-09-18T23:59:59Z"}, "end_date"),
        ({"start_date": "2023-10-31T23:59:59Z", "end_date": "2023-11-05T00:00:00Z"}, "start_date"),
        ({"page_size": 501}, "page_size"),
        ({"page_size": 0}, "page_size"),
        ({"page": 0}, "page"),
        ({"page": "two"}, "page"),
        ({"fields": "everything"}, "fields"),
        ({"balance_affecting_records_only": "no"}, "balance_affecting_records_only"),
        ({"store_id": "1"}, "store_id"),
    ],
)
def test_wrong_parameters_are_refused_by_name(client: Client, params: dict[str, Any], field: str) -> None:
    asked = {"start_date": "2026-10-05T00:00:00Z", "end_date": "2026-10-20T00:00:00Z", **params}
    answer = client.get(REPORT, **asked)
    assert answer.status_code == 400
    error = answer.json()
    assert (error["name"], error["details"][0]["field"]) == ("INVALID_REQUEST", field)
    assert error["debug_id"] == answer.headers["Paypal-Debug-Id"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-09-19T00:00:00Z", "2026-10-20T00:00:00Z"),
        ("2026-09-19T00:00:00.000Z", "2026-10-20T00:00:00+00:00"),
        ("2026-09-18T17:00:00-0700", "2026-10-20T00:00:00+0000"),
        ("2023-11-01T00:00:00Z", "2023-11-05T00:00:00Z"),
    ],
)
def test_windows_of_31_days_and_dates_of_any_offset_are_good(client: Client, start: str, end: str) -> None:
    client.ok(REPORT, start_date=start, end_date=end)


def test_too_many_rows_are_refused_with_their_number(sandbox: SandboxServer, client: Client, switched: Any) -> None:
    found = client.ok(REPORT, **month(sandbox))["total_items"]
    switched("maximum_items", found)
    assert client.ok(REPORT, **month(sandbox))["total_items"] == found
    switched("maximum_items", found - 1)
    error = client.error(REPORT, 400, **month(sandbox))
    assert error["name"] == "RESULTSET_TOO_LARGE"
    assert (error["total_items"], error["maximum_items"]) == (found, found - 1)
    assert "transaction_details" not in error


def test_windows_can_be_halved_down_to_a_second(
    client: Client, sandbox: SandboxServer, rows: list[Row], switched: Any
) -> None:
    switched("maximum_items", 3)
    now = sandbox.clock.now
    assert client.window(now - 20 * DAY, now) == [
        row for row in rows if info(row)["transaction_initiation_date"] >= zulu(now - 20 * DAY).replace("Z", "+0000")
    ]


@pytest.mark.parametrize("status", [400, 404])
def test_a_window_later_than_the_data_is_refused(
    sandbox: SandboxServer, client: Client, switched: Any, status: int
) -> None:
    switched("too_new_status", status)
    refreshed = sandbox.clock.now - sandbox.paypal.lag
    assert client.report(refreshed, refreshed).status_code == 200
    answer = client.report(refreshed + 1, refreshed + 10)
    assert answer.status_code == status
    assert answer.json()["name"] == "INVALID_REQUEST"
    assert answer.json()["message"] == "Data for the given start date is not available."
    assert answer.json()["details"] == []


def test_the_answer_says_how_far_the_data_go(sandbox: SandboxServer, client: Client) -> None:
    page = client.report(sandbox.clock.now - DAY, sandbox.clock.now + DAY).json()
    assert page["last_refreshed_datetime"] == page["end_date"] == "2026-10-31T23:00:00+0000"
    assert page["start_date"] == "2026-10-31T00:00:00+0000"


def test_an_id_has_a_row_that_moves_money_and_one_that_does_not(sandbox: SandboxServer, rows: list[Row]) -> None:
    codes: dict[str, list[str]] = {}
    for row in rows:
        codes.setdefault(info(row)["transaction_id"], []).append(info(row)["transaction_event_code"])
    notes = [found for found in codes.values() if len(found) == 2 and "T1300" in found]
    assert len(notes) > 5
    affecting = {(row.id, row.code): row.affects for row in sandbox.paypal.books.shelf.rows}
    assert all(
        affecting[identity, code] is (code != "T1300")
        for identity, found in codes.items()
        if len(found) == 2 and "T1300" in found
        for code in found
    )


def test_twins_share_id_code_and_date_and_are_numbered_by_amount(sandbox: SandboxServer, rows: list[Row]) -> None:
    keys = Counter(
        (info(row)["transaction_id"], info(row)["transaction_event_code"], info(row)["transaction_initiation_date"])
        for row in rows
    )
    twins = [":".join(key) for key, times in keys.items() if times == 2]
    truth = sandbox.world_state("transactions", vendor="paypal")
    assert len(twins) > 2
    assert all(amount(truth[key]) < amount(truth[f"{key}:2"]) for key in twins)
    assert len(truth) == len(rows)


def test_dates_are_those_of_the_accounts_clock(sandbox: SandboxServer, client: Client, switched: Any) -> None:
    def dates(page: Row) -> list[str]:
        return [info(row)["transaction_initiation_date"] for row in page["transaction_details"]]

    # The clocks of California went back within this window.
    asked = {"start_date": "2026-09-20T12:00:00Z", "end_date": "2026-10-20T12:00:00Z"}
    before = dates(client.ok(REPORT, **asked))
    switched("offsets", (-8, -7))
    after = dates(client.ok(REPORT, **asked))
    assert all(date.endswith("+0000") for date in before)
    assert all(date.endswith("-0700") for date in after)
    winter = dates(client.ok(REPORT, start_date="2026-01-05T00:00:00Z", end_date="2026-01-30T00:00:00Z"))
    assert all(date.endswith("-0800") for date in winter)
    assert any(key.endswith("-0800") for key in sandbox.world_state("transactions", vendor="paypal"))


def test_money_is_text_and_signed(rows: list[Row]) -> None:
    sale = next(row for row in rows if info(row)["transaction_event_code"] == "T0006" and "fee_amount" in info(row))
    assert amount(sale) > 0 > float(info(sale)["fee_amount"]["value"])
    assert info(sale)["transaction_amount"]["value"].partition(".")[2].isdigit()
    assert all(amount(row) < 0 for row in rows if info(row)["transaction_event_code"] in ("T1107", "T1201", "T0400"))


def test_on_outgoing_payments_the_payer_is_the_receiver(rows: list[Row]) -> None:
    out = [row for row in rows if info(row)["transaction_event_code"] in ("T0000", "T0001") and amount(row) < 0]
    assert {info(row)["transaction_event_code"] for row in out} == {"T0000", "T0001"}
    assert all("@" in row["payer_info"]["email_address"] for row in out)
    suppliers = {row["payer_info"]["email_address"] for row in out if info(row)["transaction_event_code"] == "T0000"}
    assert suppliers == {"facturas@imprenta.example"}


@pytest.mark.parametrize("code", ["T0200", "T0113", "T0400", "T0106", "T1503", "T1105"])
def test_rows_of_the_account_itself_have_no_payer(rows: list[Row], code: str) -> None:
    found = [row for row in rows if info(row)["transaction_event_code"] == code]
    assert found
    assert all(row["payer_info"] == {"payer_name": {}} for row in found)
    assert not any("paypal_account_id" in info(row) for row in found)


@pytest.mark.parametrize("code", ["T1107", "T1201", "T1503", "T0200", "T0113"])
def test_rows_about_another_one_name_it(rows: list[Row], code: str) -> None:
    ids = {info(row)["transaction_id"]: row for row in rows}
    found = [row for row in rows if info(row)["transaction_event_code"] == code]
    assert {info(row)["paypal_reference_id_type"] for row in found} == {"TXN"}
    known = [(row, ids[info(row)["paypal_reference_id"]]) for row in found if info(row)["paypal_reference_id"] in ids]
    assert len(known) >= len(found) - 2, "all but those whose payment is published late"
    for row, about in known:
        if code in ("T1107", "T1201"):
            assert info(about)["transaction_status"] == "V"
            assert info(about)["transaction_updated_date"] > info(about)["transaction_initiation_date"]
            assert about["payer_info"].get("email_address") == row["payer_info"].get("email_address")


def test_payments_agree_with_the_csv_exports(sandbox: SandboxServer, rows: list[Row]) -> None:
    world = sandbox.world
    lines = [
        (person, line)
        for name in ("paypal_en", "paypal_es")
        for person, line, _ in EXPORTS[name].rows(world, range(world.people))
        if line.incoming and line.kind != "General Authorization"
    ]
    shown: dict[str, Row] = {}
    for row in rows:
        shown[info(row)["transaction_id"]] = max(row, shown.get(info(row)["transaction_id"], row), key=amount)
    found = [(line, shown[line.id]) for _, line in lines if line.id in shown]
    assert len(found) > 0.9 * len(lines)
    for line, row in found:
        assert round(amount(row) * 100) == line.gross
        assert info(row)["transaction_amount"]["currency_code"] == line.currency
        assert row["payer_info"]["email_address"] == line.sender.strip()
        assert row["payer_info"]["payer_name"]["alternate_full_name"] == line.name
        assert row["payer_info"].get("account_id", line.payment.by.id) == line.payment.by.id or _is_guest(sandbox, line)


def _is_guest(sandbox: SandboxServer, line: Any) -> bool:
    index = line.payment.by.person.index
    return any(payer.guest == "changing" for payer in sandbox.paypal.books.payers if payer.index == index)


def test_a_few_guests_have_no_account_id_or_another_each_time(sandbox: SandboxServer, rows: list[Row]) -> None:
    ids: dict[str, set[str | None]] = {}
    for row in rows:
        if "email_address" in row["payer_info"] and amount(row) > 0:
            assert row["payer_info"].get("account_id") == info(row).get("paypal_account_id")
            ids.setdefault(row["payer_info"]["email_address"], set()).add(row["payer_info"].get("account_id"))
    without = [email for email, found in ids.items() if found == {None}]
    changing = [email for email, found in ids.items() if len(found) > 1]
    assert 0 < len(without) < len(ids) / 20
    assert 0 < len(changing) < len(ids) / 20
    assert len(sandbox.paypal.books.payers) > 200


def test_recurring_payments_name_their_subscription(sandbox: SandboxServer, rows: list[Row]) -> None:
    found = [info(row) for row in rows if info(row)["transaction_event_code"] == "T0002"]
    assert len(found) > 20
    assert {row["paypal_reference_id_type"] for row in found} == {"SUB"}
    named = {row["paypal_reference_id"] for row in found}
    assert named == set(sandbox.world_state("subscriptions", vendor="paypal"))
    assert all(identity.startswith("I-") for identity in named)


def test_a_token_says_how_long_it_lasts_and_what_it_may_read(client: Client) -> None:
    token = client.token().json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 32400)
    assert "https://uri.paypal.com/services/reporting/search/read" in token["scope"].split()


@pytest.mark.parametrize("auth", [("sandbox_client", "wrong"), ("somebody", "sandbox_secret")])
def test_wrong_credentials_get_no_token(client: Client, auth: tuple[str, str]) -> None:
    answer = client.token(auth)
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "error_description": "Client Authentication failed"}


def test_only_client_credentials_are_granted(client: Client) -> None:
    answer = client.token(grant="password")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("path", "shape", "expected"),
    [
        (REPORT, "", {"error": "invalid_token"}),
        ("/v2/invoicing/invoices", "", {"error": "invalid_token"}),
        ("/v1/billing/plans", "", {"name": "AUTHENTICATION_FAILURE"}),
        ("/v1/customer/disputes", "", {"name": "AUTHENTICATION_FAILURE"}),
        (REPORT, "envelope", {"name": "AUTHENTICATION_FAILURE"}),
        ("/v1/billing/plans", "oauth", {"error": "invalid_token"}),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer no"}])
def test_a_request_without_a_good_token_is_refused_in_one_of_two_shapes(
    client: Client, switched: Any, path: str, shape: str, expected: dict[str, str], headers: dict[str, str]
) -> None:
    switched("unauthorized", shape)
    answer = requests.get(f"{client.base}{path}", headers=headers, timeout=5)
    assert answer.status_code == 401
    assert answer.json().items() >= expected.items()


def test_a_token_ends_in_the_middle_of_a_run_and_a_new_one_goes_on(
    client: Client, sandbox: SandboxServer, switched: Any
) -> None:
    client.renew()
    switched("token_requests", 2)
    statuses = [client.get(REPORT, **month(sandbox)).status_code for _ in range(3)]
    assert statuses == [200, 200, 401]
    client.renew()
    client.ok(REPORT, **month(sandbox))
    switched("token_requests", None)


def test_without_the_feature_a_stream_is_forbidden_and_needs_a_new_token(
    sandbox: SandboxServer, client: Client
) -> None:
    sandbox.paypal.forbid("transactions")
    error = client.error(REPORT, 403, **month(sandbox))
    assert (error["name"], error["details"][0]["issue"]) == ("NOT_AUTHORIZED", "PERMISSION_DENIED")
    assert "reporting/search" not in client.token().json()["scope"]
    client.ok("/v1/billing/plans")
    client.renew()
    sandbox.paypal.forbid("transactions", False)
    client.error(REPORT, 403, **month(sandbox))
    client.renew()
    client.ok(REPORT, **month(sandbox))


def test_beyond_the_limit_requests_are_refused_and_recorded() -> None:
    with SandboxServer(World(7, 20)) as sandbox, Client(sandbox) as client:
        now = time.monotonic()
        sandbox.paypal.limiter.clock = lambda: now
        statuses = Counter(client.get("/v1/billing/plans").status_code for _ in range(33))
        assert statuses == {200: 30, 429: 3}
        answer = client.get("/v1/billing/plans")
        assert answer.json()["name"] == "RATE_LIMIT_REACHED"
        assert "Retry-After" not in answer.headers
        assert [one.limit for one in sandbox.violations] == ["account"] * 4
        tokens = Counter(client.token().status_code for _ in range(7))
        assert tokens[429] >= 2
        assert sandbox.violations[-1].limit == "token"


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("rate_limit", 429, {"name": "RATE_LIMIT_REACHED"}),
        ("server_error", 500, {"name": "INTERNAL_SERVER_ERROR"}),
        ("unavailable", 503, {"name": "SERVICE_UNAVAILABLE"}),
        ("unauthorized", 401, {"error": "invalid_token"}),
        ("forbidden", 403, {"name": "NOT_AUTHORIZED"}),
    ],
)
def test_faults_speak_paypals_words(
    sandbox: SandboxServer, client: Client, kind: str, status: int, expected: dict[str, str]
) -> None:
    sandbox.faults.add(kind, "/paypal/v1/*")
    answer = client.get("/v1/billing/plans")
    assert answer.status_code == status
    assert answer.json().items() >= expected.items()
    assert client.get("/v1/billing/plans").status_code == 200


def test_a_crowded_world_has_a_second_that_no_window_can_divide() -> None:
    with SandboxServer(World(7, 3000), limits=False, crowded=True) as sandbox, Client(sandbox) as client:
        seconds = Counter(row.at for row in sandbox.paypal.books.shelf.rows)
        (at, most), *_ = seconds.most_common(1)
        total = sum(seconds.values())
        in_a_month = sum(times for second, times in seconds.items() if at - 200 <= second < at + MONTH)
        assert in_a_month > 0.8 * total
        assert most > 0.05 * total
        assert sum(times for second, times in seconds.items() if abs(second - at) < 90) > 0.3 * total
        sandbox.paypal.maximum_items = most
        assert by_key(client.rows()) == sandbox.world_state("transactions", vendor="paypal")

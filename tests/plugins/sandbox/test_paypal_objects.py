"""PayPal's memberships, catalogue, invoices, disputes and balances, and the days that change them."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from sandbox.server.paypal.truth import STREAMS, keys

from tests.conftest import SHARED
from tests.plugins.sandbox.paypal_client import DAY, Client, by_key, zulu

if TYPE_CHECKING:
    from collections.abc import Iterator

SPECS = SHARED / "specs" / "paypal"
PEOPLE = 1500
Object = dict[str, Any]
PATHS = {
    "plans": "/v1/billing/plans",
    "products": "/v1/catalogs/products",
    "invoices": "/v2/invoicing/invoices",
    "disputes": "/v1/customer/disputes",
}
NAMES = {"invoices": "items", "disputes": "items"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    """A world that has lived through a month."""
    with SandboxServer(World(7, PEOPLE), limits=False) as started:
        started.advance(30)
        yield started


@pytest.fixture(scope="module")
def client(sandbox: SandboxServer) -> Iterator[Client]:
    with Client(sandbox) as connected:
        yield connected


def truth(sandbox: SandboxServer, stream: str) -> dict[str, Object]:
    return sandbox.world_state(stream, vendor="paypal")


def linked(page: Object, rel: str) -> dict[str, str] | None:
    """Give the parameters of a link."""
    href = next((link["href"] for link in page["links"] if link["rel"] == rel), None)
    return {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()} if href else None


def everything(client: Client, stream: str, **params: Any) -> list[Object]:
    """Follow `next` to the end."""
    asked: dict[str, Any] | None = params
    found: list[Object] = []
    while asked is not None:
        page = client.ok(PATHS[stream], **asked)
        found += page[NAMES.get(stream, stream)]
        asked = linked(page, "next")
    return found


@pytest.mark.parametrize("stream", PATHS)
def test_following_next_gives_every_object_once(sandbox: SandboxServer, client: Client, stream: str) -> None:
    found = everything(client, stream, page_size=7)
    by_id = {one.get("dispute_id", one.get("id")): one for one in found}
    assert len(found) == len(by_id) > 10
    assert by_id == sandbox.paypal.listed(stream)


@pytest.mark.parametrize("stream", PATHS)
def test_its_own_address_shows_more_of_an_object(sandbox: SandboxServer, client: Client, stream: str) -> None:
    identity, whole = next(iter(truth(sandbox, stream).items()))
    assert client.ok(f"{PATHS[stream]}/{identity}") == whole
    assert len(whole) > len(sandbox.paypal.listed(stream)[identity])


@pytest.mark.parametrize(
    "path",
    [
        *(f"{path}/NO-SUCH" for path in PATHS.values()),
        "/v1/billing/subscriptions",
        "/v1/billing/subscriptions/I-NO",
        "/v1/nothing",
    ],
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.error(path, 404)["name"] == "RESOURCE_NOT_FOUND"


def test_nobody_can_write(client: Client) -> None:
    assert client.session.post(f"{client.base}/v2/invoicing/invoices", timeout=5).status_code == 405


def test_no_address_lists_subscriptions_but_each_has_its_own(sandbox: SandboxServer, client: Client) -> None:
    known = truth(sandbox, "subscriptions")
    assert len(known) > 50
    for identity in list(known)[:20]:
        assert client.ok(f"/v1/billing/subscriptions/{identity}") == known[identity]
    assert {one["status"] for one in known.values()} == {"ACTIVE", "CANCELLED", "SUSPENDED", "EXPIRED"}


def test_a_subscription_shows_its_plan_to_those_who_ask(sandbox: SandboxServer, client: Client) -> None:
    identity, one = next(iter(truth(sandbox, "subscriptions").items()))
    with_plan = client.ok(f"/v1/billing/subscriptions/{identity}", fields="plan,last_failed_payment")
    assert with_plan["plan"] == truth(sandbox, "plans")[one["plan_id"]]
    client.error(f"/v1/billing/subscriptions/{identity}", 400, fields="everything")


def test_payments_of_a_subscription_are_those_of_the_report(sandbox: SandboxServer, client: Client) -> None:
    found: dict[str, Object] = {}
    window = {"start_time": "2023-11-01T00:00:00Z", "end_time": zulu(sandbox.clock.now)}
    for identity in truth(sandbox, "subscriptions"):
        page = client.ok(f"/v1/billing/subscriptions/{identity}/transactions", **window)
        assert page["total_items"] == len(page["transactions"])
        found |= {one["id"]: one for one in page["transactions"]}
    assert found == truth(sandbox, "subscription_transactions")
    reported = {row.id: row for row in keys(sandbox.paypal.books).values() if row.code == "T0002"}
    assert set(reported) <= set(found)
    assert all(found[key]["time"] == zulu(row.at) for key, row in reported.items())


def test_payments_of_a_subscription_need_a_window(sandbox: SandboxServer, client: Client) -> None:
    path = f"/v1/billing/subscriptions/{next(iter(truth(sandbox, 'subscriptions')))}/transactions"
    assert client.error(path, 400)["details"][0]["field"] == "start_time"
    empty = client.ok(path, start_time="2023-11-01T00:00:00Z", end_time="2023-11-01T00:00:00Z")
    assert empty["transactions"] == []


@pytest.mark.parametrize(("stream", "usual", "most"), [("plans", 10, 20), ("products", 10, 20), ("invoices", 20, 100)])
def test_pages_have_a_size_and_totals_only_on_demand(client: Client, stream: str, usual: int, most: int) -> None:
    name = NAMES.get(stream, stream)
    page = client.ok(PATHS[stream])
    assert len(page[name]) == usual
    assert "total_items" not in page
    client.error(PATHS[stream], 400, page_size=most + 1)
    counted = client.ok(PATHS[stream], page_size=most, total_required="true")
    assert counted["total_pages"] == -(-counted["total_items"] // most)


def test_plans_are_whole_for_those_who_prefer_it(sandbox: SandboxServer, client: Client) -> None:
    client.session.headers["Prefer"] = "return=representation"
    found = client.ok(PATHS["plans"], page_size=20)["plans"]
    del client.session.headers["Prefer"]
    assert found == list(truth(sandbox, "plans").values())[:20]
    assert "billing_cycles" not in client.ok(PATHS["plans"])["plans"][0]


def test_plans_can_be_asked_by_product_or_id(sandbox: SandboxServer, client: Client) -> None:
    identity, one = next(iter(truth(sandbox, "plans").items()))
    assert len(client.ok(PATHS["plans"], product_id=one["product_id"])["plans"]) == 4
    assert [plan["id"] for plan in client.ok(PATHS["plans"], plan_ids=identity)["plans"]] == [identity]
    client.error(PATHS["plans"], 400, plan_ids=",".join(["P-1"] * 11))


def search(client: Client, **wish: Any) -> Any:
    return client.session.post(f"{client.base}/v2/invoicing/search-invoices?page_size=100", json=wish, timeout=5)


def test_invoices_can_be_searched_by_the_time_of_their_creation(sandbox: SandboxServer, client: Client) -> None:
    every = sandbox.paypal.listed("invoices").values()
    wish = {"start": zulu(sandbox.clock.now - 60 * DAY), "end": zulu(sandbox.clock.now)}
    found = search(client, creation_date_range=wish).json()["items"]
    assert 3 < len(found) < len(every)
    times = [one["detail"]["metadata"]["create_time"] for one in found]
    assert times == sorted(times, reverse=True)
    assert found == [one for one in every if one["detail"]["metadata"]["create_time"] >= wish["start"]]


@pytest.mark.parametrize("status", [["PAID"], ["SENT", "DRAFT"]])
def test_invoices_can_be_searched_by_status(sandbox: SandboxServer, client: Client, status: list[str]) -> None:
    expected = [one["id"] for one in sandbox.paypal.listed("invoices").values() if one["status"] in status]
    assert [one["id"] for one in search(client, status=status).json()["items"]] == expected


@pytest.mark.parametrize("wish", [{"creation_date_range": {"start": "2026-01-01T00:00:00Z"}}, {"color": "red"}])
def test_wrong_searches_are_refused(client: Client, wish: Object) -> None:
    assert search(client, **wish).status_code == 400


def test_paid_invoices_name_the_transaction(sandbox: SandboxServer) -> None:
    rows = {row.id: row for row in keys(sandbox.paypal.books).values()}
    paid = [one for one in truth(sandbox, "invoices").values() if one["status"] == "PAID"]
    assert len(paid) > 10
    shown = [rows[one["payments"]["transactions"][0]["payment_id"]] for one in paid[5:]]
    assert {row.invoice for row in shown} == {one["detail"]["invoice_number"] for one in paid[5:]}


def test_drafts_are_deleted_and_sent_invoices_only_cancelled(sandbox: SandboxServer, client: Client) -> None:
    deleted = sandbox.deleted("invoices", vendor="paypal")
    assert len(deleted) > 3
    assert not set(deleted) & set(truth(sandbox, "invoices"))
    client.error(f"{PATHS['invoices']}/{next(iter(deleted))}", 404)
    assert Counter(one["status"] for one in truth(sandbox, "invoices").values())["CANCELLED"] > 3
    assert sandbox.deleted("transactions", vendor="paypal") == {}


@pytest.mark.parametrize("moves", [True, False])
def test_payments_of_invoices_are_edits_or_not(moves: bool) -> None:
    with SandboxServer(World(7, 300), limits=False) as sandbox:
        sandbox.paypal.payments_move_last_update_time = moves
        before = truth(sandbox, "invoices")
        sandbox.advance(20)
        after = truth(sandbox, "invoices")
    settled = [key for key in before.keys() & after.keys() if before[key].get("payments") != after[key].get("payments")]
    refunded = [key for key in before.keys() & after.keys() if "refunds" in after[key].keys() - before[key].keys()]
    assert settled
    assert refunded
    for key in settled + refunded:
        changed = before[key]["detail"]["metadata"] != after[key]["detail"]["metadata"]
        assert changed is moves


@pytest.mark.parametrize("name", ["start_time", "update_time_after", "update_time_before"])
def test_disputes_look_back_180_days(sandbox: SandboxServer, client: Client, name: str) -> None:
    first = sandbox.clock.now - 180 * DAY
    client.ok(PATHS["disputes"], **{name: zulu(first)})
    assert client.error(PATHS["disputes"], 400, **{name: zulu(first - 1)})["details"][0]["field"] == name


def test_older_disputes_are_seen_at_their_own_address_alone() -> None:
    with SandboxServer(World(7, PEOPLE), limits=False) as sandbox, Client(sandbox) as client:
        old = set(sandbox.paypal.books.disputes) - set(truth(sandbox, "disputes"))
        assert old
        assert not old & {one["dispute_id"] for one in everything(client, "disputes")}
        assert client.ok(f"{PATHS['disputes']}/{min(old)}")["dispute_id"] == min(old)


def test_disputes_by_time_of_change_and_by_transaction(sandbox: SandboxServer, client: Client) -> None:
    after = zulu(sandbox.clock.now - 5 * DAY)
    expected = {key for key, one in truth(sandbox, "disputes").items() if one["update_time"] >= after}
    found = everything(client, "disputes", update_time_after=after)
    assert {one["dispute_id"] for one in found} == expected
    assert 0 < len(expected) < len(truth(sandbox, "disputes"))
    identity, one = next(iter(truth(sandbox, "disputes").items()))
    about = one["disputed_transactions"][0]["seller_transaction_id"]
    named = everything(client, "disputes", disputed_transaction_id=about)
    assert [found["dispute_id"] for found in named] == [identity]
    client.error(PATHS["disputes"], 400, disputed_transaction_id=about, start_time=after)


def test_the_next_page_of_disputes_is_in_a_link_alone(client: Client) -> None:
    page = client.ok(PATHS["disputes"])
    assert len(page["items"]) == 10
    assert set(page) == {"items", "links"}
    assert "next_page_token" in (linked(page, "next") or {})
    client.error(PATHS["disputes"], 400, page_size=51)
    client.error(PATHS["disputes"], 400, next_page_token="no token")


def test_balances_are_what_the_rows_add_up_to(sandbox: SandboxServer, client: Client) -> None:
    total: Counter[str] = Counter()
    for row in keys(sandbox.paypal.books).values():
        if row.affects and row.code not in ("T1503", "T1105"):
            total[row.currency] += row.cents + row.fee
    answer = client.ok("/v1/reporting/balances")
    shown = {one["currency"]: round(float(one["total_balance"]["value"]) * 100) for one in answer["balances"]}
    assert shown == {currency: total[currency] for currency in sorted(total)}
    assert answer["as_of_time"] == answer["last_refresh_time"]
    assert {one["currency"]: one for one in answer["balances"]} == truth(sandbox, "balances")


def test_balances_of_each_day_are_those_of_the_rows_until_then(sandbox: SandboxServer, client: Client) -> None:
    rows = [row for row in keys(sandbox.paypal.books).values() if row.currency == "USD" and row.affects]
    for at in range(sandbox.clock.now - 900 * DAY, sandbox.clock.now - DAY, 90 * DAY):
        held = [row for row in rows if row.at <= at and row.code in ("T1503", "T1105")]
        total = sum(row.cents + row.fee for row in rows if row.at <= at) - sum(row.cents for row in held)
        one = client.ok("/v1/reporting/balances", as_of_time=zulu(at), currency_code="USD")["balances"][0]
        assert round(float(one["total_balance"]["value"]) * 100) == total
        assert round(float(one["withheld_balance"]["value"]) * 100) == -sum(row.cents for row in held)


def test_balances_of_another_time_and_currency(sandbox: SandboxServer, client: Client) -> None:
    before = client.ok("/v1/reporting/balances", as_of_time="2026-01-01T00:00:00Z", currency_code="USD")
    assert [one["currency"] for one in before["balances"]] == ["USD"]
    assert before["as_of_time"] == "2026-01-01T00:00:00+0000"
    client.error("/v1/reporting/balances", 400, as_of_time="2020-01-01T00:00:00Z")
    client.error("/v1/reporting/balances", 400, as_of_time=zulu(sandbox.clock.now + 1))


def test_each_day_the_report_is_the_world_and_old_windows_get_late_rows() -> None:
    with SandboxServer(World(7, 600), limits=False) as sandbox, Client(sandbox) as client:
        late, before = 0, set(truth(sandbox, "transactions"))
        for _ in range(12):
            refreshed = sandbox.clock.now - sandbox.paypal.lag
            sandbox.advance()
            client.renew()
            rows = keys(sandbox.paypal.books)
            assert by_key(client.rows()) == truth(sandbox, "transactions")
            new = [row for key, row in rows.items() if key not in before]
            assert new
            late += sum(row.at <= refreshed for row in new)
            assert all(refreshed - row.at < 3 * DAY for row in new)
            before |= set(rows)
        assert late > 5


def test_rows_need_up_to_three_hours_and_some_a_day_or_two(sandbox: SandboxServer) -> None:
    waits = [row.published - row.at for row in sandbox.paypal.books.shelf.rows]
    assert max(wait for wait in waits if wait < DAY) < 3 * 3600
    late = [wait for wait in waits if wait >= DAY]
    assert 0.03 < len(late) / len(waits) < 0.07
    assert max(late) < 2 * DAY


def test_days_change_old_rows_and_move_their_update(sandbox: SandboxServer) -> None:
    rows = list(keys(sandbox.paypal.books).values())
    changed = [row for row in rows if row.updated >= sandbox.world.now > row.at]
    assert {row.status for row in changed} >= {"S", "V"}
    assert max(row.updated - row.at for row in changed) > 50 * DAY
    settled = [row for row in rows if row.at >= sandbox.world.now and row.updated > row.at and row.status in "SD"]
    assert any(row.affects is (row.status == "S") for row in settled)
    codes = Counter(row.code for row in rows if row.at >= sandbox.world.now)
    assert codes["T1107"] > 10
    assert codes["T1201"] > 3
    assert codes["T1202"]


def test_a_total_moves_when_rows_come_while_a_window_is_paged() -> None:
    with SandboxServer(World(7, 600), limits=False) as sandbox, Client(sandbox) as client:
        sandbox.paypal.token_seconds = 100 * DAY
        now, rows = sandbox.clock.now, sandbox.paypal.books.shelf.rows
        while not (late := [row for row in rows if row.at < now - DAY // 2 and now < row.published < now + DAY]):
            sandbox.advance()
            now = sandbox.clock.now
        asked = {"start": now - 3 * DAY, "end": now - DAY // 2, "page_size": 5}
        first, second = client.report(**asked).json(), client.report(**asked, page=2).json()
        sandbox.faults.add("advance", "/paypal/v1/reporting/*")
        moved = client.report(**asked, page=2).json()
        assert moved["total_items"] == first["total_items"] + len(late)
        assert second["total_items"] == first["total_items"]


def test_a_token_ends_with_the_clock() -> None:
    with SandboxServer(World(7, 20), limits=False) as sandbox, Client(sandbox) as client:
        client.ok(PATHS["plans"])
        sandbox.advance()
        client.error(PATHS["plans"], 401)
        client.renew()
        client.ok(PATHS["plans"])


def test_the_same_days_are_lived_again_by_whoever_looks_first_later() -> None:
    with SandboxServer(World(7, 300), limits=False) as early, SandboxServer(World(7, 300), limits=False) as late:
        early.advance(3)
        late.paypal._opened = None
        late.clock.now += 3 * DAY
        for stream in STREAMS:
            assert truth(early, stream) == truth(late, stream)


def test_a_payer_changes_the_email_and_keeps_the_account_id() -> None:
    with SandboxServer(World(7, 300), limits=False) as sandbox:
        sandbox.advance(40)
        emails: dict[str, set[str]] = {}
        for row in truth(sandbox, "transactions").values():
            payer = row["payer_info"]
            if "account_id" in payer:
                emails.setdefault(payer["account_id"], set()).add(payer["email_address"])
        assert any(len(found) > 1 for found in emails.values())


NOT_KEPT = ("pattern", "format")
"""What answers do not keep: dates without a colon in the offset, letters with accents, ids of other letters."""
REPORTING, BILLING, INVOICING = "/v1/reporting", "/v1/billing", "/v2/invoicing"
REPORTED = {"start_date": "2026-11-01T00:00:00Z", "end_date": "2026-11-30T00:00:00Z", "fields": "all"}
PAID = {"start_time": "2023-11-01T00:00:00Z", "end_time": "2026-11-30T00:00:00Z"}
ANSWERS = (
    ("reporting_transactions_v1", f"{REPORTING}/transactions", "", REPORTED),
    ("reporting_transactions_v1", f"{REPORTING}/balances", "", {}),
    ("billing_subscriptions_v1", f"{BILLING}/plans", "", {}),
    ("billing_subscriptions_v1", f"{BILLING}/plans/{{id}}", "plans", {}),
    ("billing_subscriptions_v1", f"{BILLING}/subscriptions/{{id}}", "subscriptions", {}),
    ("billing_subscriptions_v1", f"{BILLING}/subscriptions/{{id}}/transactions", "subscriptions", PAID),
    ("catalogs_products_v1", "/v1/catalogs/products", "", {}),
    ("catalogs_products_v1", "/v1/catalogs/products/{product_id}", "products", {}),
    ("invoicing_v2", f"{INVOICING}/invoices", "", {}),
    ("invoicing_v2", f"{INVOICING}/invoices/{{invoice_id}}", "invoices", {}),
    ("invoicing_v2", f"{INVOICING}/search-invoices", "", {}),
    ("customer_disputes_v1", "/v1/customer/disputes", "", {}),
    ("customer_disputes_v1", "/v1/customer/disputes/{id}", "disputes", {}),
)


def schema_of(file: str, path: str, method: str) -> Object:
    """Give the published schema of an answer."""
    document = json.loads((SPECS / f"{file}.json").read_text("utf-8"))
    answer = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    return {**kept(answer), "components": kept(document["components"])}


def kept(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: kept(one) for key, one in schema.items() if key not in NOT_KEPT or not isinstance(one, str)}
    return [kept(one) for one in schema] if isinstance(schema, list) else schema


@pytest.mark.needs_shared
@pytest.mark.parametrize(("file", "path", "stream", "params"), ANSWERS, ids=[path for _, path, *_ in ANSWERS])
def test_answers_fit_paypals_schemas(
    sandbox: SandboxServer, client: Client, file: str, path: str, stream: str, params: dict[str, str]
) -> None:
    from jsonschema import Draft4Validator

    method = "post" if "search" in path else "get"
    body: Object | None = {} if method == "post" else None
    for identity in list(truth(sandbox, stream))[:20] if stream else [""]:
        before, _, rest = path.partition("{")
        address = f"{client.base}{before}{identity}{rest.partition('}')[2]}"
        answer = client.session.request(method, address, params=params, json=body, timeout=5)
        assert answer.status_code == 200, answer.text
        Draft4Validator(schema_of(file, path, method)).validate(answer.json())

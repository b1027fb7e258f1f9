"""Clients: found by whatever is known of them, explained, decided about, and never broken by odd input."""

from __future__ import annotations

import os
import re
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from support.panels import PHONE, browser_page, running_panel
from sync_center.pages.clients import search_index

from tests.plugins.stage_first.people import key, warehouse_of_people

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from playwright.sync_api import Browser
    from support.panels import Panel, Visitor

    from tests.transform.conftest import Warehouse

SCRIPT = '<script>alert("1")</script>'
FOREIGN = {
    "bobby": {"Name": SCRIPT, "Email": "bobby@x.mx"},
    "anna": {"Name": "Анна Каренина", "Email": "anna@x.ru"},
    "wang": {"Name": "王小明", "Email": "wang@x.cn"},
    "ali": {"Name": "محمد علي", "Email": "ali@x.sa"},
    "pena": {"Name": "José O'Peña-Núñez", "Customer": "cus_9xYz", "Email": "jp+news@correo.example"},
}
FAMILY = {
    f"family{number}": {"Name": f"Relative {number:02}", "Email": "family@x.mx", "Email 2": f"own{number}@x.mx"}
    for number in range(9)
}
PAYMENT = {
    "transaction_info": {
        "transaction_event_code": "T0006", "transaction_status": "S",
        "transaction_initiation_date": "2026-01-02T10:00:00Z",
        "transaction_amount": {"currency_code": "USD", "value": "49.50"},
    },
    "payer_info": {"account_id": "PAYER1", "email_address": "rosa@z.mx", "payer_name": {}},
}  # fmt: skip
CHAT = {"88": {"name": "Marina", "email": "marina@x.mx"}}
REASON = "they told us"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def world(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """People of all kinds, unified."""
    with warehouse_of_people(server, template, tmp_path_factory.mktemp("clients")) as warehouse:
        warehouse.load("people", FOREIGN)
        warehouse.load("people", FAMILY)
        warehouse.load_api("paypal.transactions", {"first": PAYMENT})
        warehouse.load_api("manychat.subscribers", CHAT)
        warehouse.build()
        yield warehouse


@pytest.fixture(scope="module")
def clients(world: Warehouse) -> Iterator[Panel]:
    with running_panel(world.url, dict(os.environ)) as running:
        yield running


@pytest.fixture(scope="module")
def operator(clients: Panel) -> Visitor:
    return clients.logged_in("operator")


@pytest.fixture(autouse=True)
def nothing_decided(clients: Panel) -> Iterator[None]:
    yield
    clients.query("delete from ops.merge_decisions")


def client(world: Warehouse, own_id: str) -> str:
    return f"/clients/{world.client_of(f'people:{own_id}')}"


def names(visitor: Visitor, typed: str) -> list[str]:
    page = visitor.get(f"/clients?q={quote(typed)}")
    assert page.status_code == 200
    return re.findall(r'class="person-name">\s*<a [^>]*>([^<]*)</a>', page.text)


def follow(visitor: Visitor, answer: httpx.Response) -> str:
    assert answer.status_code == 303
    return visitor.text(answer.headers["location"])


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("rosa gil", "Rosa Gil Mora"),
        ("rosa g. rosita", "Rosa Gil Mora"),
        ("ROSITA GIL", "Rosita Gil"),
        ("jose pena nunez", "José O&#39;Peña-Núñez"),
        ("O'Peña", "José O&#39;Peña-Núñez"),
        ("каренина", "Анна Каренина"),
        ("小明", "王小明"),
        ("علي", "محمد علي"),
        ("rosa@x.mx", "Rosa Gil Mora"),
        ("osa@z", "Rosa Gil Mora"),
        ("jp+news@", "José O&#39;Peña-Núñez"),
        ("+52 55 1000-0002", "Rosa Gil Mora"),
        ("55 1000 0002", "Rosa Gil Mora"),
        ("10000002", "Rosa Gil Mora"),
        ("+52 1 55 1000 0002", "Rosa Gil Mora"),
        ("cus_9xyz", "José O&#39;Peña-Núñez"),
        ("cus_9xYz", "José O&#39;Peña-Núñez"),
        ("main/rosa", "Rosa Gil Mora"),
        ("manychat:subscribers:main:88", "Marina"),
        ("main/88", "Marina"),
        (key("rosa_chat"), "Rosa Gil Mora"),
    ],
)
def test_a_client_is_found_by_whatever_is_known(operator: Visitor, typed: str, name: str) -> None:
    assert names(operator, typed)[0] == name


def test_what_is_found_says_by_what(operator: Visitor) -> None:
    assert "also +525510000002" in operator.text("/clients?q=10000002")
    assert "also rosa@z.mx" in operator.text("/clients?q=osa%40z")


def test_the_name_as_typed_comes_first(operator: Visitor) -> None:
    assert names(operator, "paz")[0] == "Paz"
    assert names(operator, "ana")[:1] == ["Ana L."]
    assert names(operator, "nobody at all") == []
    assert "Nobody is known by that" in operator.text("/clients?q=nobody+at+all")


def test_pages_follow_each_other_by_key(operator: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = names(operator, "")
    monkeypatch.setattr("sync_center.pages.clients.search.PAGE", 7)
    for typed in ("", "x.mx"):
        address, seen = f"/clients?q={typed}", []
        while address:
            page = operator.get(address).text
            seen += re.findall(r'href="/clients/([0-9a-f-]{36})">', page)
            found = re.search(r'href="(/clients\?q=[^"]*after=[^"]*)"', page)
            address = found.group(1).replace("&amp;", "&") if found else ""
        assert len(seen) == len(set(seen)) > 7
        assert typed or len(seen) == len(everybody)


def test_without_trigrams_names_are_found_by_their_beginning(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_center.pages.clients.search.can_look_inside", lambda _: False)
    assert names(operator, "rosa") == ["Rosa Gil Mora"]
    assert names(operator, "gil") == []
    assert names(operator, "rosa@z.mx") == ["Rosa Gil Mora"]
    assert "has no pg_trgm" in operator.text("/clients?q=rosa")


def test_an_old_id_leads_to_the_client_of_today_and_says_so(operator: Visitor, world: Warehouse) -> None:
    old = world.value(
        "select alias_client_id::text from unified.client_records where record_key = %s", key("rosa_chat")
    )
    answer = operator.get(f"/clients/{old}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{client(world, 'rosa')}?was={old}")
    assert f"The id {old} is an old one" in operator.text(answer.headers["location"])
    assert "is an old one" not in operator.text(f"{client(world, 'rosa')}?was={uuid.uuid4()}")
    assert names(operator, old) == ["Rosa Gil Mora"]


@pytest.mark.parametrize("unknown", [NOBODY, "1", "%00", "a" * 3000, "%ff%fe", "'--", "%F0%9F%92%A9"])
def test_an_unknown_id_is_answered_kindly(operator: Visitor, unknown: str) -> None:
    for address in (f"/clients/{unknown}", f"/clients/{unknown}/raw", f"/clients/{unknown}/merge"):
        answer = operator.get(address)
        assert answer.status_code in {400, 404}
        assert answer.status_code == 400 or "Nobody is or was known by this id" in answer.text


def test_the_page_says_what_won_and_why(operator: Visitor, world: Warehouse) -> None:
    text = operator.text(client(world, "rosa"))
    assert "Rosa Gil Mora" in text
    assert "changed last" in text
    assert "which says" in text
    assert "attached by phone +525510000002" in text
    assert "by way of e-mail rosa@x.mx" in text
    assert "$49.50" in text
    assert "+525510000004 phone · 2 clients hold it" in text
    assert "published for the first time" in text


def test_the_picture_has_the_records_and_what_joins_them(operator: Visitor, world: Warehouse) -> None:
    page = operator.get(client(world, "rosa")).text
    picture = page[page.index("<svg viewBox") : page.index("</svg>", page.index("<svg viewBox"))]
    assert "style=" not in picture
    assert picture.count("<rect") == 6 + 4
    assert 'data-tone="founding"' in picture
    assert 'data-tone="contested"' in picture
    large = operator.text(client(world, "family0"))
    assert "1 more record is not drawn." in large


def test_a_name_stays_text(operator: Visitor, world: Warehouse) -> None:
    for address in ("/clients?q=bobby", client(world, "bobby"), f"{client(world, 'bobby')}/merge"):
        page = operator.get(address).text
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page
    assert "<b>" not in operator.get("/clients?q=%3Cb%3E").text


def test_the_raw_row_of_a_record_is_shown_and_of_no_other_client(operator: Visitor, world: Warehouse) -> None:
    address = f"{client(world, 'rosa')}/raw?record="
    page = operator.text(address + quote(key("rosa_two")))
    assert "staging_csv.imports" in page
    assert "&#34;Email 2&#34;: &#34;rosa@z.mx&#34;" in page
    assert "people.csv, line" in page
    payer = world.value("select record_key from unified.client_records where source = 'paypal'")
    assert "49.50" in operator.text(address + quote(payer))
    for other in (key("eva"), "", "nonsense", "a" * 3000):
        assert "The raw row is gone" in operator.text(address + quote(other))


def decided(clients: Panel) -> list[tuple[str, str, str | None, str, str]]:
    return [
        tuple(row)
        for row in clients.query(
            "select decision, record_key, coalesce(field, value, other_record_key), decided_by, reason "
            "from ops.merge_decisions where withdrawn_at is null order by decision_id"
        )
    ]


def test_a_value_is_pinned_and_the_pin_undone(operator: Visitor, clients: Panel, world: Warehouse) -> None:
    rosa = client(world, "rosa")
    data = {"record": key("rosa_chat"), "field": "name", "because": REASON}
    text = follow(operator, operator.post(f"{rosa}/pin", data))
    assert decided(clients) == [("pinned", key("rosa_chat"), "name", "operator", REASON)]
    assert "Pinned." in text
    assert "Waits for the next unify" in text
    assert "Name of Rosita wins" in text
    again = follow(operator, operator.post(f"{rosa}/pin", {**data, "record": key("rosa")}))
    assert "another value is pinned already" in again
    (number,) = re.findall(r'name="decisions" value="(\d+)"', operator.get(rosa).text)
    assert "Undone." in follow(operator, operator.post(f"{rosa}/undo", {"decisions": number}))
    assert decided(clients) == []
    assert "Waits for the next unify" not in operator.text(rosa)
    noted = clients.query(
        "select action, who, about from ops.panel_audit where action in ('pin', 'undo') order by audit_id"
    )
    assert [tuple(row) for row in noted] == [(action, "operator", rosa.rsplit("/", 1)[1]) for action in ("pin", "undo")]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("all", [("not_theirs", "rosa@x.mx"), ("not_theirs", "rosa@z.mx")]),
        ("value email rosa@z.mx", [("not_theirs", "rosa@z.mx")]),
        ("different", [("different_people", key("rosa"))]),
    ],
)
def test_a_record_is_split_off_and_put_back(
    operator: Visitor, clients: Panel, world: Warehouse, how: str, expected: list[tuple[str, str]]
) -> None:
    rosa = client(world, "rosa")
    data = {"record": key("rosa_two"), "how": how, "other": key("rosa"), "because": REASON}
    assert "The record leaves with the next unify" in follow(operator, operator.post(f"{rosa}/split", data))
    assert [(row[0], row[2]) for row in decided(clients)] == expected
    (numbers,) = re.findall(r'name="decisions" value="([\d ]+)"', operator.get(rosa).text)
    operator.post(f"{rosa}/undo", {"decisions": numbers})
    assert decided(clients) == []


def test_two_clients_are_merged_after_both_were_seen(operator: Visitor, clients: Panel, world: Warehouse) -> None:
    carmen, work = client(world, "carmen"), client(world, "carmen_work")
    other = work.rsplit("/", 1)[1]
    assert "C. Ruiz" in operator.text(f"{carmen}/merge?q=ruiz")
    assert f"{carmen}/merge?other={other}" in operator.get(f"{carmen}/merge?q=work").text
    assert "Are these one person?" in operator.text(f"{carmen}/merge?other={other}")
    text = follow(operator, operator.post(f"{carmen}/merge", {"other": other, "because": REASON}))
    assert "Carmen Ruiz and" in text
    assert "are the same person" in text
    assert decided(clients) == [("same_person", key("carmen"), key("carmen_work"), "operator", REASON)]
    assert "Waits for the next unify" in operator.text(work)
    twice = follow(operator, operator.post(f"{carmen}/merge", {"other": other, "because": REASON}))
    assert "Nothing was decided" in twice


def test_the_contested_are_proposed_for_a_merge(operator: Visitor, world: Warehouse) -> None:
    assert "Rosita Gil" in operator.text(f"{client(world, 'rosa')}/merge")


def test_what_cannot_be_decided_is_said(operator: Visitor, clients: Panel, world: Warehouse) -> None:
    rosa, agency = client(world, "rosa"), world.client_of("people:ana", "agency")
    refused = {
        "say why": (f"{rosa}/pin", {"record": key("rosa"), "field": "name", "because": " "}),
        "belongs to another client": (f"{rosa}/split", {"record": key("eva"), "because": REASON}),
        "no field": (f"{rosa}/pin", {"record": key("rosa"), "field": "age", "because": REASON}),
        "two businesses": (f"{rosa}/merge", {"other": agency, "because": REASON}),
        "There is no decision": (f"{rosa}/undo", {"decisions": "999999"}),
        "not known any more": (f"/clients/{uuid.uuid4()}/pin", {"record": key("rosa"), "because": REASON}),
        "choose the other": (f"{rosa}/merge", {"other": "nobody", "because": REASON}),
        "Nothing was undone": (f"{rosa}/undo", {"decisions": "x"}),
        "Nothing was decided": (f"{rosa}/split", {"record": key("rosa"), "how": "value 1 2", "because": REASON}),
    }
    for said, (address, data) in refused.items():
        assert said in follow(operator, operator.post(address, data)), said
    assert decided(clients) == []


def test_a_viewer_sees_no_forms_and_may_not_decide(clients: Panel, world: Warehouse) -> None:
    viewer, rosa = clients.logged_in("viewer"), client(world, "rosa")
    page = viewer.get(rosa).text
    assert "Split off" not in page
    assert "/pin" not in page
    assert viewer.get(f"{rosa}/merge").status_code == 403
    for act in ("pin", "split", "merge", "undo"):
        data = {"record": key("rosa_two"), "field": "name", "because": REASON, "decisions": "1"}
        assert viewer.post(f"{rosa}/{act}", data).status_code == 403
    assert decided(clients) == []


@pytest.mark.parametrize(
    "odd",
    [
        "%00",
        "%F0%9F%92%A9",
        "a" * 5000,
        "%ff%fe",
        "'--",
        "%25%25",
        "_",
        "\\",
        "+".join("x" * 90),
        "%0a%0d",
        "( ( (",
        "++++",
        "0000",
    ],
)
def test_odd_input_never_breaks(operator: Visitor, world: Warehouse, odd: str) -> None:
    rosa = client(world, "rosa")
    for address in (f"/clients?q={odd}&after={odd}", f"{rosa}?was={odd}&records={odd}", f"{rosa}/raw?record={odd}",
                    f"{rosa}/merge?q={odd}&other={odd}&after={odd}"):  # fmt: skip
        assert operator.get(address).status_code < 500, address
    for act in ("pin", "split", "merge", "undo"):
        data = dict.fromkeys(("record", "field", "how", "other", "because", "decisions"), odd.replace("%", "\0"))
        assert operator.post(f"{rosa}/{act}", data).status_code < 500


def test_everything_is_said_in_spanish_too(clients: Panel, world: Warehouse) -> None:
    spanish = clients.logged_in("owner", **{"accept-language": "es"})
    text = spanish.text(client(world, "rosa"))
    for said in ("Quién es", "cambió al último", "unido por correo rosa@x.mx", "a través de", "hecho de 6 registros"):
        assert said in text
    for english in ("which says", "joined by", "Why"):
        assert english not in text
    assert "49,50" in text or "49.50" in text


def test_the_search_follows_the_publishes(
    clients: Panel, operator: Visitor, world: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later publish is taken over client by client; what is lost is made anew."""
    monkeypatch.setattr(search_index, "SECONDS_BETWEEN", 0)
    clients.query("update ops.client_search set words = '  stale  ', name = 'stale'")
    client_id = world.client_of("people:eva")
    ((publish_id,),) = clients.query(
        "insert into ops.publishes (invocation_id) values (gen_random_uuid()) returning publish_id"
    )
    clients.query(
        "insert into ops.publish_log (publish_id, table_name, key, operation) "
        "values (%s, 'clients', jsonb_build_object('client_id', %s::text), 'update')", publish_id, client_id,
    )  # fmt: skip
    assert names(operator, "eva paz") == ["Eva Paz"]
    assert names(operator, "leo paz") == []
    clients.query("update ops.client_search_state set publish_id = null")
    assert names(operator, "leo paz") == ["Leo Paz"]
    clients.query("delete from ops.client_search")
    assert names(operator, "leo paz") == ["Leo Paz"]


def test_searches_are_answered_while_the_search_is_made(
    clients: Panel, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(search_index, "make_current", lambda _: None)
    clients.query("delete from ops.client_search")
    assert names(operator, "rosa@x.mx") == ["Rosa Gil Mora"]
    assert "The search is being prepared" in operator.text("/clients?q=rosa")
    monkeypatch.undo()
    monkeypatch.setattr(search_index, "SECONDS_BETWEEN", 0)
    assert names(operator, "rosa") == ["Rosa Gil Mora"]


def test_before_the_first_unify_the_page_teaches(panel: Panel) -> None:
    owner = panel.logged_in("owner")
    assert "There are no clients yet" in owner.text("/clients?q=ana")
    assert owner.get(f"/clients/{uuid.uuid4()}").status_code == 404
    assert owner.post(f"/clients/{uuid.uuid4()}/pin", {"because": "x"}).status_code == 303


def test_a_person_searches_as_they_type_and_decides(browser: Browser, clients: Panel) -> None:
    with browser_page(browser, clients, color_scheme="dark") as watched:
        page = watched.log_in("operator")
        watched.open("/clients")
        page.locator("#q").press_sequentially("rosa@z", delay=20)
        expect(page.locator(".person")).to_have_count(1)
        page.wait_for_url("**/clients?q=rosa**")
        assert page.evaluate("document.activeElement.id") == "q"
        assert watched.violations() == []
        page.click(".person-name a")
        page.wait_for_selector("#golden")
        assert watched.violations() == []
        page.click("#record-1 details:first-of-type summary")
        page.wait_for_selector("#record-1 pre")
        page.click("#record-2 details:nth-of-type(2) summary")
        page.fill("#because-split-2", REASON)
        page.click("#record-2 form button")
        page.wait_for_selector("#waiting")
        assert watched.violations() == []
        page.click(".waiting .decision button")
        page.wait_for_selector("#waiting", state="detached")


def test_it_fits_a_phone(browser: Browser, clients: Panel, world: Warehouse) -> None:
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "locale": "es-MX"}
    with browser_page(browser, clients, **options) as watched:
        watched.log_in("operator")
        for address in ("/clients", client(world, "rosa"), client(world, "family0"), f"{client(world, 'rosa')}/merge",
                        f"{client(world, 'rosa')}/merge?other={world.client_of('people:rosa_new')}",
                        f"{client(world, 'rosa')}/raw?record={quote(key('rosa'))}"):  # fmt: skip
            watched.open(address)
            watched.page.evaluate("document.querySelectorAll('details.fold').forEach(one => { one.open = true })")
            watched.page.wait_for_timeout(100)
            assert not watched.is_too_wide(), address
            assert watched.violations() == [], address

"""Why a client is who it is, told from what was published."""

from __future__ import annotations

import os
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from stage_first import decisions
from stage_first.cli import main
from stage_first.decisions import EMPTY
from stage_first.explain import explain
from stage_first.explain_paths import ways
from stage_first.explain_report import lines
from stage_first.explain_report import shown_way as shown
from stage_first.explain_winners import is_like
from stage_first.queries import fetch
from stage_first.settings import UsageError
from warehouse.connection import connect

from tests.plugins.stage_first.people import key, warehouse_of_people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stage_first.explain import Explanation

    from tests.transform.conftest import Warehouse

LUZ = {
    "luz": {"Name": "Luz Mar", "Email": "luz@x.mx", "Phone": "+525510000005", "Updated": "2026-03-01 10:00:00"},
    "luz_two": {"Name": "Luz M.", "Email": "luz@x.mx", "Email 2": "luz@work.mx", "Updated": "2026-02-01 10:00:00"},
}
TERE = {
    "tere": {"Name": "Teresa Sol", "Email": "tere@x.mx", "Updated": "2026-02-01 10:00:00"},
    "tere_new": {"Name": "Tere Sol", "Email": "tere@x.mx", "Updated": "2026-03-01 10:00:00"},
    "tere_gone": {"Name": "T. Sol", "Email": "tere@x.mx", "Country": "MX", "Updated": "2026-04-01 10:00:00"},
    "paz": {"Name": "Paz Sol", "Email": "paz@x.mx", "Email 2": "paz@y.mx"},
    "paz_gone": {"Name": "P. Sol", "Email": "paz@x.mx"},
}
IRIS = {
    "iris": {"Name": "Iris Vega", "Email": "iris@x.mx", "Phone": "+525510000006"},
    "iris_son": {"Name": "Hugo Vega", "Email": "hugo@x.mx", "Phone": "+525510000006"},
}
PAYMENT = {
    "transaction_info": {
        "transaction_event_code": "T0006",
        "transaction_amount": {"currency_code": "USD", "value": "5.00"},
    },
    "payer_info": {"account_id": "PAYER1", "email_address": "luz@work.mx", "payer_name": {}},
}
DECIDED = [
    {"decision": "same_person", "record_key": key("carmen"), "other_record_key": key("carmen_work")},
    {"decision": "different_people", "record_key": key("eva"), "other_record_key": key("leo")},
    {"decision": "not_theirs", "record_key": key("iris_son"), "kind": "phone_e164", "value": "+525510000006"},
    {"decision": "blocked", "kind": "email", "value": "pablo@x.mx"},
    {"decision": "pinned", "record_key": key("rosa"), "field": "name"},
    {"decision": "preferred", "field": "email", "pattern": "%@work.mx"},
    {"decision": "preferred", "field": "name", "source": "stripe"},
]


@pytest.fixture(scope="module")
def people(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """People about whom something was decided before they were unified."""
    with warehouse_of_people(server, template, tmp_path_factory.mktemp("people")) as warehouse:
        warehouse.load("people", LUZ)
        warehouse.load("people", {**TERE, **IRIS})
        warehouse.load("people", {own_id: TERE[own_id] for own_id in ("tere_gone", "paz_gone")}, deleted=True)
        warehouse.load_api("paypal.transactions", {"first": PAYMENT, "second": PAYMENT})
        warehouse.load_api("manychat.subscriber_pushes", {"9": {"name": "Luz", "whatsapp_phone": "+525510000005"}},
                           phones={"9": ["+525510000005"]})  # fmt: skip
        for decided in DECIDED:
            signed = {"reason": "they told us", "decided_by": "Marta"}
            fetch(warehouse.connection, "decide", {**EMPTY, **decided, **signed})
        warehouse.build()
        yield warehouse


def one(people: Warehouse, text: str) -> Explanation:
    (explanation,) = explain(people.connection, text)
    return explanation


def told(people: Warehouse, text: str) -> str:
    return "\n".join(line for each in explain(people.connection, text) for line in lines(people.connection, each))


def won(people: Warehouse, text: str) -> dict[str, tuple[str, str | None, str]]:
    return {each.field: (each.value, each.record_key, str(each.because)) for each in one(people, text).winners}


@pytest.mark.parametrize(
    "text",
    ["ROSA@x.mx", "+52 1 55 1000 0002", key("rosa_phone"), "ghl:contacts:main:rosa", "main/rosa", "rosa"],
    ids=["email", "phone", "record", "contact", "account-and-id", "id"],
)
def test_a_client_is_known_by_whatever_it_holds(people: Warehouse, text: str) -> None:
    assert one(people, text).client.client_id == people.client_of("people:rosa")


def test_every_id_that_a_record_would_found_leads_to_its_client(people: Warehouse) -> None:
    query = "select alias_client_id::text from unified.client_records where record_key = %s"
    old_id = people.value(query, key("rosa_chat"))
    assert old_id != people.client_of("people:rosa")
    assert one(people, old_id).client.client_id == people.client_of("people:rosa")


def test_a_value_of_a_few_clients_explains_each_and_of_many_asks(people: Warehouse) -> None:
    assert [each.client.business for each in explain(people.connection, "ana@x.mx")] == ["main", "agency"]
    with pytest.raises(UsageError, match=r"6 clients hold '\+525550000001'. The first 5: .* \(Customer 0, main\)"):
        explain(people.connection, "+525550000001")
    with pytest.raises(UsageError, match="Nobody is known as"):
        explain(people.connection, "nobody@x.mx")


def test_each_record_has_the_shortest_way_from_the_founding_record(people: Warehouse) -> None:
    explanation = one(people, "rosa@x.mx")
    rosa, two, phone = key("rosa"), key("rosa_two"), key("rosa_phone")
    assert {record.record_key: explanation.ways.to(record.record_key) for record in explanation.records} == {
        rosa: [rosa],
        two: [rosa, "email rosa@x.mx", two],
        "ghl:contacts:main:rosa": [rosa, "email rosa@x.mx", "ghl:contacts:main:rosa"],
        phone: [rosa, "email rosa@x.mx", two, "email rosa@z.mx", phone],
        key("rosa_chat"): [
            rosa, "email rosa@x.mx", two, "email rosa@z.mx", phone, "phone_e164 +525510000002", key("rosa_chat"),
        ],
    }  # fmt: skip
    text = told(people, "rosa@x.mx")
    assert f"{rosa} --email rosa@x.mx-- {two} --email rosa@z.mx-- {phone}\n" in text
    assert "attached by phone_e164 +525510000002" in text
    assert "gives the client its id; joined by email rosa@x.mx" in text


def test_a_decision_links_too(people: Warehouse) -> None:
    carmen, work = key("carmen"), key("carmen_work")
    assert one(people, carmen).ways.to(work) == [carmen, "decision 1", work]
    text = told(people, carmen)
    assert "joined by a decision" in text
    assert f"1 {carmen} and {work} are the same person; stands\n      Marta, " in text


def test_a_value_wins_for_a_reason(people: Warehouse) -> None:
    rosa, luz = won(people, "rosa@x.mx"), won(people, "luz@x.mx")
    assert rosa["name"][:2] == ("Rosa Gil", key("rosa"))
    assert rosa["name"][2].startswith("pinned: Decision 5 (Marta, ")
    assert rosa["email"] == (
        "rosa@x.mx",
        "ghl:contacts:main:rosa",
        f"ghl/contacts (priority 5) comes before csv/people (priority none); {key('rosa_two')} says rosa@z.mx",
    )
    assert luz["email"][:2] == ("luz@work.mx", "paypal:payers:main:PAYER1")
    assert luz["email"][2].startswith("preferred: Decision 6 ")
    assert luz["name"] == (
        "Luz",
        "manychat:subscribers:main:9",
        f"manychat/subscribers (priority 35) comes before csv/people (priority none); {key('luz')} says Luz Mar",
    )
    assert luz["phone"] == ("+525510000005", "manychat:subscribers:main:9", "nothing else is told")


def test_the_newer_record_wins_and_a_deleted_one_only_alone(people: Warehouse) -> None:
    tere, paz = won(people, "tere@x.mx"), won(people, "paz@x.mx")
    newer = f"changed last, 2026-03-01 10:00 against 2026-02-01 10:00; {key('tere')} says Teresa Sol"
    assert tere["name"] == ("Tere Sol", key("tere_new"), newer)
    assert tere["country"] == ("MX", key("tere_gone"), "nothing else is told")
    gone = f"the other record is deleted at its source; {key('paz_gone')} says P. Sol"
    assert paz["name"] == ("Paz Sol", key("paz"), gone)
    assert paz["email"] == ("paz@x.mx", key("paz"), "the record names it before paz@y.mx")
    assert "; deleted at its source 2026-01-01" in told(people, key("paz_gone"))


def test_who_nearly_joined_is_told_with_the_reason(people: Warehouse) -> None:
    near = {(each.what, each.because.split(": ")[0].split(" (")[0]): each for each in one(people, key("eva")).nearly}
    assert set(near) == {("phone_e164 +525510000003", "a conflict, open"), ("different people", "Decision 2")}
    assert set(near["phone_e164 +525510000003", "a conflict, open"].client_ids) == {
        people.client_of("people:leo"),
        people.client_of("people:paz_chat"),
    }
    (shop,) = one(people, key("shop1")).nearly
    assert (shop.because, len(shop.client_ids)) == ("shared: 6 records under 6 names; its kind allows 5", 5)
    (typo,) = one(people, key("typo")).nearly
    assert (typo.what, typo.because, typo.client_ids) == (
        "email test@test.com",
        "blocked",
        [people.client_of("people:typo_two")],
    )
    (son,) = one(people, key("iris_son")).nearly
    assert son.because.startswith("not theirs: Decision 3 ")
    assert son.client_ids == [people.client_of("people:iris")]


def test_decisions_are_those_of_its_records_and_values(people: Warehouse) -> None:
    assert [each.decision_id for each in one(people, key("eva")).decisions] == [2]
    assert [each.decision_id for each in one(people, key("typo")).decisions] == [4]
    assert [each.decision_id for each in one(people, key("typo_two")).decisions] == []


def test_each_record_leads_to_its_raw_row_and_its_run(people: Warehouse) -> None:
    run_id = people.value("select _run_id from staging_csv.imports where id = 'people:luz'")
    people.connection.execute(
        "insert into ops.sync_runs (run_id, source, stream, started_by) values (%s, 'csv', 'imports', 'cron')", [run_id]
    )
    text = told(people, key("luz"))
    assert (
        f"staging_csv.imports, account main, id people:luz (people.csv, line 2); run {run_id} by cron, batch " in text
    )
    assert "staging_paypal.transactions, account main, id first; run " in text
    assert "staging_manychat.subscriber_pushes, account main, id 9; run " in text


def test_it_is_a_command(people: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DATABASE_URL", people.url)
    done = CliRunner().invoke(main, ["explain", "client", "+52", "55", "1000", "0002"])
    assert done.exit_code == 0
    assert done.output.startswith(f"Client {people.client_of('people:rosa')}: Rosa Gil\n  business main, records 5, ")
    unknown = CliRunner().invoke(main, ["explain", str(uuid.uuid4())])
    assert (unknown.exit_code, unknown.output[:16]) == (1, "Nobody is known ")


def test_what_waits_for_unify_is_told(people: Warehouse) -> None:
    """Last: it decides."""
    number = decisions.write(people.connection, "no", None, decision="pinned", record_key=key("leo"), field="name")
    decisions.withdraw(people.connection, [2], "sisters")
    text = told(people, key("leo"))
    assert f"{number} the name of {key('leo')} wins; waits for unify" in text
    assert ": sisters; counts until the next unify" in text


def test_before_the_first_unify_there_is_nobody_to_explain(database_url: str) -> None:
    with (
        connect(database_url, application="tests") as connection,
        pytest.raises(UsageError, match="Nothing is unified"),
    ):
        explain(connection, "ana@x.mx")


def test_a_very_long_chain_has_a_way_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stage_first.explain_report.END_OF_WAY", 3)
    length = 20_000
    records = [SimpleNamespace(record_number=n, record_key=f"r{n}", is_founding=n == 0) for n in range(length)]
    holdings = [
        SimpleNamespace(record_number=n, kind="email", value=f"e{n + side}", excluded=None)
        for n in range(length)
        for side in (0, 1)
    ]
    found = ways(records, holdings, [])  # type: ignore[arg-type]
    assert len(found.to(f"r{length - 1}")) == 2 * length - 1
    assert shown(found.to("r5")) == "r0 --email e1-- r1 ... 2 more ... r4 --email e5-- r5"
    assert shown(found.to("r3")) == "r0 --email e1-- r1 --email e2-- r2 --email e3-- r3"


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        ("ana@work.mx", "%@work.mx", True),
        ("ana@work.mx", "ana_work.mx", True),
        ("ana@workxmx", "%@work.mx", False),
        ("100%", r"100\%", True),
        ("1000", r"100\%", False),
    ],
    ids=["any", "one", "dot", "escaped", "escaped-not"],
)
def test_patterns_are_those_of_like(value: str, pattern: str, expected: bool) -> None:
    assert is_like(value, pattern) is expected

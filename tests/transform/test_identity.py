"""Who is who, told with people: each business is a story, and one real `dbt build` resolves them all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("transform-identity")

PHONE = "+525512345678"


def stage_stories(world: Warehouse) -> None:
    world.load("other_list", account="chain", rows={
        "a": {"Name": "Ana", "Email": "ana@example.com"},
        "b": {"Name": "Ana", "Email": "ANA@example.com ", "Email 2": "ana.perez@work.example"},
        "c": {"Name": "Ana", "Email": "ana.perez@work.example", "Phone": PHONE},
        "d": {"Name": "Anita", "Email": "", "Phone": PHONE},
        "x": {"Name": "Xavi", "Email": "xavi@example.com"},
    })  # fmt: skip
    world.load("ghl_contacts", account="two_emails", rows={
        "ghl": {
            "First Name": "Ana", "Last Name": "Pérez", "Email": "ana@example.com", "Phone": PHONE, "Contact Id": "c1",
        },
    })  # fmt: skip
    world.load("manychat_subscribers", account="two_emails", rows={
        "chat": {"First Name": "Ana", "Email": "otra@example.com", "Phone": PHONE, "Subscriber ID": "77"},
    })  # fmt: skip
    world.load("other_list", account="waits", rows={
        "anchor1": {"Email": "a@example.com", "Phone": "+5215550000001"},
        "anchor2": {"Email": "b@example.com", "Phone": "+5215550000001", "Contact Id": "g9"},
        "free": {"Phone": "+5215550000001", "Contact Id": "g9"},
    })  # fmt: skip
    names = ["Ana", "Luis", "Eva", "Juan", "Rosa", "Pedro"]
    world.load("other_list", account="shop", rows={
        name: {"Name": name, "Phone": "+525555550001"} for name in names
    } | {"ana": {"Name": "ÁNA", "Phone": "+525555550001"}})  # fmt: skip
    world.load("other_list", account="family", rows={
        name: {"Name": name, "Phone": "+525555550001"} for name in [*names[:5], "ROSA "]
    })  # fmt: skip
    world.load("other_list", account="loyalty", rows={
        "old": {"Name": "Ana", "SSN": "123"}, "new": {"Name": "Anna", "SSN": " 123"}, "other": {"SSN": "124"},
        "rounded": {"SSN": "1.23457E+15"}, "rounded too": {"SSN": "1.23457E+15"},
    })  # fmt: skip
    for agency in ("agency_a", "agency_b"):
        world.load("other_list", account=agency, rows={"ana": {"Email": "ana@example.com", "Phone": PHONE}})
    world.load("paypal_activity", account="paypal", rows={
        "in": {"Name": "Ana", "Payer": "ana@example.com", "Amount": "1,234.50"},
        "again": {"Name": "Ana", "Payer": "ana@example.com", "Amount": "5"},
        "out": {"Name": "Shop", "Payer": "me@example.com", "Amount": "-20.00", "Phone": PHONE},
    })  # fmt: skip
    world.load("other_list", account="blocked", rows={
        "a": {"Name": "Ana", "Email": "test@test.com"}, "b": {"Name": "Luis", "Email": "test@test.com"},
        "nobody": {"Name": "No Address", "Email": "not an address"},
    })  # fmt: skip
    world.load("other_list", account="gone", deleted=True, rows={
        "first": {"Name": "Old Name", "Email": "ana@example.com", "Phone": "+525555550009"},
    })  # fmt: skip
    world.load("other_list", account="gone", rows={"second": {"Name": "New Name", "Email": "ana@example.com"}})


@pytest.fixture(scope="module")
def world(warehouse: Warehouse) -> Warehouse:
    stage_stories(warehouse)
    warehouse.build()
    return warehouse


@pytest.mark.parametrize(
    ("business", "clients"),
    [
        pytest.param("chain", [{"a", "b", "c", "d"}, {"x"}], id="a-b, b-c, c-d is one client"),
        pytest.param("two_emails", [{"ghl"}, {"chat"}], id="one phone and two e-mails are two clients"),
        pytest.param("waits", [{"anchor1"}, {"anchor2", "free"}], id="contested by phone, attached by a later kind"),
        pytest.param(
            "shop",
            [{"Ana"}, {"Luis"}, {"Eva"}, {"Juan"}, {"Rosa"}, {"Pedro"}, {"ana"}],
            id="six names share a shop's phone",
        ),
        pytest.param("family", [{"Ana", "Luis", "Eva", "Juan", "Rosa", "ROSA "}], id="five names are a family"),
        pytest.param("loyalty", [{"old", "new"}, {"other"}], id="an added kind joins, rounded numbers do not"),
        pytest.param("agency_a", [{"ana"}], id="two businesses never meet"),
        pytest.param("paypal", [{"in", "again"}], id="outgoing payments identify nobody"),
        pytest.param("blocked", [{"a"}, {"b"}], id="a blocked value joins nobody"),
        pytest.param("gone", [{"first", "second"}], id="a deleted record still links"),
    ],
)
def test_people(world: Warehouse, business: str, clients: list[set[str]]) -> None:
    assert world.people(business) == {frozenset(ids) for ids in clients}


def test_a_ghl_contact_and_a_manychat_subscriber_with_one_phone_are_one_conflict(world: Warehouse) -> None:
    conflicts = world.rows("select * from unified.merge_conflicts where business = 'two_emails'")
    clients = {
        world.client_of("ghl_contacts:ghl", "two_emails"),
        world.client_of("manychat_subscribers:chat", "two_emails"),
    }
    assert [(row["kind"], row["value"], row["status"]) for row in conflicts] == [("phone_e164", PHONE, "open")]
    assert {str(client) for client in conflicts[0]["client_ids"]} == clients
    assert world.value("select sum(open_conflicts)::int from unified.clients where business = 'two_emails'") == 2


def test_a_shared_value_is_listed_and_no_conflict(world: Warehouse) -> None:
    shared = world.rows(
        "select business, kind, value, name_count, max_names, record_count from unified.shared_identifiers"
    )
    assert shared == [
        {
            "business": "shop",
            "kind": "phone_e164",
            "value": "+525555550001",
            "name_count": 6,
            "max_names": 5,
            "record_count": 7,
        }
    ]
    assert world.rows("select from unified.merge_conflicts where business = 'shop'") == []


def test_each_record_says_why(world: Warehouse) -> None:
    query = (
        "select split_part(id, ':', 2), why_kind, why_value, why_rule from unified.client_records where business = %s"
    )
    assert {tuple(row.values()) for row in world.rows(query, "chain")} == {
        ("a", "email", "ana@example.com", "joined"),
        ("b", "email", "ana.perez@work.example", "joined"),
        ("c", "email", "ana.perez@work.example", "joined"),
        ("d", "phone_e164", PHONE, "attached"),
        ("x", None, None, "alone"),
    }
    assert ("free", "ghl_contact_id", "waits/g9", "attached") in {
        tuple(row.values()) for row in world.rows(query, "waits")
    }


def test_a_client_shows_what_its_records_say(world: Warehouse) -> None:
    client = world.rows("select * from unified.clients where client_id = %s", world.client_of("other_list:a", "chain"))[
        0
    ]
    assert client["emails"] == ["ana@example.com", "ana.perez@work.example"]
    assert (client["email"], client["phone"], client["record_count"]) == ("ana@example.com", PHONE, 4)
    ghl = world.rows(
        "select * from unified.clients where business = 'two_emails' and 'csv/ghl_contacts' = any(sources)"
    )[0]
    assert (ghl["name"], ghl["ids"]) == ("Ana Pérez", {"ghl_contact_id": ["two_emails/c1"]})


def test_a_deleted_record_keeps_the_id_and_gives_only_what_no_live_record_has(world: Warehouse) -> None:
    client = world.rows("select * from unified.clients where business = 'gone'")[0]
    founder = world.value(
        "select alias_client_id from unified.client_records where record_key = 'csv:imports:gone:other_list:first'"
    )
    assert client["client_id"] == founder
    assert (client["name"], client["phone"], client["is_deleted"]) == ("New Name", "+525555550009", False)


def test_rows_without_an_identifier_are_counted(world: Warehouse) -> None:
    query = "select business, count(*) from unified_internal.int_identity__unidentifiable group by business"
    assert sorted(tuple(row.values()) for row in world.rows(query)) == [("blocked", 1), ("loyalty", 2), ("paypal", 1)]


def test_a_record_leads_back_to_its_raw_row_and_run(world: Warehouse) -> None:
    query = """
        select count(imports._run_id) = count(*)
        from unified.client_records
        left join staging_csv.imports using (account, id)
    """
    assert world.value(query)


def test_nothing_is_pending_after_a_build(world: Warehouse) -> None:
    assert world.rows("select * from unified.pending_unification") == []


def test_the_tests_of_the_project_pass(world: Warehouse) -> None:
    statuses = world.dbt("test")
    assert {"a_chain_of_four_is_one_circle", "assert_every_record_has_one_client"} <= set(statuses)
    assert set(statuses.values()) == {"pass"}


def test_docs_describe_every_column_and_show_the_line_from_the_raw_table_to_the_publish(world: Warehouse) -> None:
    world.dbt("docs", "generate")
    manifest, catalog = (
        json.loads((world.scratch / "target" / f"{name}.json").read_text("utf-8")) for name in ("manifest", "catalog")
    )
    reached, open_ends = set(), ["source.stage_first.staging_csv.imports"]
    while open_ends:
        node = open_ends.pop()
        reached.add(node)
        open_ends += [child for child in manifest["child_map"].get(node, []) if child not in reached]
    assert {"model.stage_first.clients", "model.stage_first.publish"} <= reached

    described = {
        name: node
        for name, node in (manifest["nodes"] | manifest["functions"]).items()
        if node["resource_type"] != "test"
    }
    faults = [name for name, node in described.items() if not node["description"]]
    for name, relation in catalog["nodes"].items():
        told = {column for column, detail in described[name]["columns"].items() if detail["description"]}
        faults += [f"{name}.{column}" for column in told ^ set(relation["columns"])]
    assert faults == []

"""What was decided goes on meaning the same when options change, accounts are connected, and somebody writes `TRUE`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from stage_first import decisions_report
from stage_first.decisions import all_decisions

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("transform-decisions")

ANA, BEA = ("csv:imports:main:other_list:ana", "csv:imports:main:other_list:bea")
LUIS = "stripe:customers:main:cus"
PEOPLE = {
    "ana": {"Name": "Ana", "Email": "a.na@gmail.com", "Phone": "+525555550001"},
    "ana_again": {"Name": "Ana", "Email": "ana@gmail.com"},
    "bea": {"Name": "Bea", "Email": "b.ea@gmail.com", "Phone": "+525555550002"},
    "bea_again": {"Name": "Bea", "Email": "bea@gmail.com", "Phone": "+525555550003"},
}


@pytest.fixture(scope="module")
def decided(warehouse: Warehouse) -> Warehouse:
    """Decided while Gmail was not folded and ManyChat not connected; since then both have come."""
    world = warehouse
    world.load("other_list", PEOPLE)
    world.load_api(
        "stripe.customers", {"cus": {"name": "Luis", "email": "l@x.mx", "metadata": {"manychat_subscriber_id": "77"}}}
    )
    decide(world, decision="not_theirs", record_key=ANA, kind="email", value="a.na@gmail.com")
    decide(world, decision="blocked", kind="email", value="b.ea@gmail.com")
    decide(world, decision="not_theirs", record_key=LUIS, kind="manychat_subscriber_id", value="main/77")
    override(world, "identity_options", {"option": "gmail_dots"}, {"value": "TRUE"})
    world.load_api("manychat.subscribers", {"77": {"id": "77", "name": "Zoe"}}, account="page")
    world.build()
    return world


def decide(world: Warehouse, **columns: str) -> None:
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    world.connection.execute(f"insert into ops.merge_decisions ({names}) values ({places})", list(columns.values()))


def override(world: Warehouse, seed: str, key: dict[str, str], row: dict[str, str]) -> None:
    world.connection.execute(
        "insert into ops.rule_overrides (seed, key, row) values (%s, %s, %s)", [seed, json.dumps(key), json.dumps(row)]
    )


def shown(world: Warehouse, record_key: str) -> dict[str, Any]:
    query = """
        select clients.* from unified.clients
        inner join unified.client_records using (client_id)
        where record_key = %s
    """
    return world.rows(query, record_key)[0]


def test_an_email_that_is_not_theirs_is_not_with_gmail_folded_either(decided: Warehouse) -> None:
    assert decided.client_of("other_list:ana") != decided.client_of("other_list:ana_again")
    assert (shown(decided, ANA)["email"], shown(decided, ANA)["emails"]) == (None, [])


def test_a_blocked_email_joins_nobody_and_is_not_shown_with_gmail_folded_either(decided: Warehouse) -> None:
    assert decided.client_of("other_list:bea") != decided.client_of("other_list:bea_again")
    assert shown(decided, BEA)["emails"] == []


def test_an_id_that_is_not_theirs_is_not_in_the_account_that_it_turned_out_to_be_of(decided: Warehouse) -> None:
    assert shown(decided, LUIS)["ids"] == {"stripe_customer_id": ["cus"]}
    assert shown(decided, "manychat:subscribers:page:77")["ids"] == {"manychat_subscriber_id": ["page/77"]}


def test_a_decision_about_records_of_two_businesses_is_told_to_be_idle(decided: Warehouse) -> None:
    decided.connection.execute("update unified.client_records set business = 'shop' where record_key = %s", [BEA])
    decide(decided, decision="same_person", record_key=ANA, other_record_key=BEA)
    last = all_decisions(decided.connection)[-1]
    assert decisions_report.state_of(last, {}) == "idle: its records are of two businesses now"


@pytest.mark.parametrize(
    ("seed", "key", "row"),
    [
        ("accounts", [{"source": "gohighlevel", "account": "loc"}], {"business": "shop"}),
        ("identity_options", [{"option": "gmail_plus"}], {"value": "yes"}),
        ("identity_rules", [{"kind": f"card_{number}"} for number in range(40)], {"exclusive": "false"}),
    ],
    ids=["no-such-source", "neither-true-nor-false", "too-many-kinds"],
)
def test_a_rule_that_nobody_could_follow_is_named(
    decided: Warehouse, seed: str, key: list[dict[str, str]], row: dict[str, str]
) -> None:
    for place, one in enumerate(key, start=100):
        override(decided, seed, one, {**row, "priority": str(place), "per_account": "false"})
    statuses = decided.dbt("build", "--select", "int_rules__overrides+,+assert_rules_are_sound")
    decided.connection.execute("update ops.rule_overrides set withdrawn_at = now() where seed = %s", [seed])
    assert statuses["assert_rules_are_sound"] == "fail"

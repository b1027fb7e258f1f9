"""Days of `dbt build`: ids stay, what is late is not lost, a mapping changes, and all of it equals a full rebuild."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("transform-incremental")

PHONE = "+525555550001"
PHONE_OF_SHOP = "+525555550002"
Published = dict[str, list[dict[str, Any]]]


@dataclass
class History:
    """What readers saw at the end of each day, and what each publish wrote."""

    world: Warehouse
    published: dict[str, Published] = field(default_factory=dict)
    logged: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pending: list[dict[str, Any]] = field(default_factory=list)

    def end_of(self, day: str, *arguments: str) -> None:
        before = self.world.value("select coalesce(max(publish_id), 0) from ops.publishes")
        self.world.build(*arguments)
        self.published[day] = self.world.published()
        self.logged[day] = self.world.rows("select * from ops.publish_log where publish_id > %s", before)

    def client(self, day: str, business: str, own_id: str) -> str:
        records = self.published[day]["client_records"]
        found = [row for row in records if row["record_key"] == f"csv:imports:{business}:other_list:{own_id}"]
        return str(found[0]["client_id"])

    def clients(self, day: str, business: str) -> int:
        return len([row for row in self.published[day]["clients"] if row["business"] == business])


def stage_apis(world: Warehouse, day: str) -> None:
    """On the second day the contact has another e-mail, the customer is gone, and the payer paid once more."""
    if day == "first":
        world.load_api("ghl.contacts", account="apis", rows={"c": {"firstName": "Ana", "email": "ana@example.com"}})
        world.load_api("stripe.customers", account="apis", rows={"cus": {"name": "Ana", "email": "eva@example.com"}})
    else:
        world.load_api("ghl.contacts", account="apis", rows={"c": {"firstName": "Eva", "email": "eva@example.com"}})
        world.load_api("stripe.customers", account="apis", rows={"cus": {"deleted": True}}, deleted=True)
    info = {"transaction_event_code": "T0006", "transaction_amount": {"value": "1.00"}}
    payer = {"account_id": "P", "email_address": f"{day}@example.com"}
    world.load_api("paypal.transactions", account="apis", rows={day: {"transaction_info": info, "payer_info": payer}})


def decide(world: Warehouse, **columns: str) -> None:
    """Write a decision down, as the command and the panel do."""
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    world.connection.execute(f"insert into ops.merge_decisions ({names}) values ({places})", list(columns.values()))


def stage_decided(world: Warehouse) -> None:
    """A shop's phone, a person with two names, and a customer whose contact is in a GHL that is not connected yet."""
    for name in ("Eva", "Juan"):
        world.load("other_list", account="shop", rows={name: {"Name": name, "Phone": PHONE_OF_SHOP}})
    decide(world, decision="shared", kind="phone_e164", value=PHONE_OF_SHOP)
    both = {name: {"Name": name, "Email": "ana@example.com"} for name in ("Ana", "Zoe")}
    world.load("other_list", account="two_emails", rows=both)
    customer = {"name": "Luis", "email": "luis@example.com", "metadata": {"ghl_contact_id": "G"}}
    world.load_api("stripe.customers", account="files_found", rows={"cus": customer})


@pytest.fixture(scope="module")
def history(warehouse: Warehouse) -> History:
    days = History(warehouse)
    reserved = warehouse.value("select nextval(pg_get_serial_sequence('ops.batches', 'batch_id'))")
    warehouse.load("other_list", account="merge", rows={"older": {"Email": "ana@example.com"}})
    warehouse.load("other_list", account="merge", rows={"younger": {"Phone": PHONE}})
    warehouse.load("other_list", account="family_grows", rows={
        name: {"Name": name, "Phone": PHONE} for name in ("Ana", "Luis", "Eva", "Juan", "Rosa")
    })  # fmt: skip
    warehouse.load("other_remapped", account="remap", rows={
        "a": {"Name": "Ana", "Correo": "ana@example.com"},
        "b": {"Name": "Anna", "Correo": "ana@example.com", "Email": ""},
    })  # fmt: skip
    stage_apis(warehouse, "first")
    stage_decided(warehouse)
    days.end_of("first")
    days.end_of("nothing new")

    bridge = {"bridge": {"Email": "ana@example.com", "Phone": PHONE}}
    warehouse.load("other_list", account="merge", rows=bridge)
    warehouse.load("other_list", account="merge", rows={"older": {"Email": "ana@example.com"}}, deleted=True)
    warehouse.load("other_list", account="family_grows", rows={"Pedro": {"Name": "Pedro", "Phone": PHONE}})
    warehouse.load("other_list", account="late", rows={"late": {"Email": "late@example.com"}}, batch_id=reserved)
    warehouse.connection.execute(
        "insert into ops.csv_mappings (kind, header, field) values ('other_remapped', 'Correo', 'email')"
    )
    days.pending = warehouse.rows("select * from unified.pending_unification where source = 'csv' order by stream")
    stage_apis(warehouse, "second")
    warehouse.load_api("ghl.contacts", account="location_1", rows={"G": {"firstName": "Luis", "phone": PHONE}})
    decide(warehouse, decision="blocked", kind="phone_e164", value=PHONE_OF_SHOP)
    decide(warehouse, decision="preferred", field="name", pattern="Zoe%")
    days.end_of("second")
    for stream in ("csv.imports", "ghl.contacts"):  # as a load does that commits while these are read
        warehouse.connection.execute(
            f"update staging_{stream} set _batch_id = 1000000 where account in ('merge', 'apis')"
        )
    days.end_of("full rebuild", "--full-refresh")

    warehouse.load("other_list", account="merge", rows={"bridge": {"Email": "ana@example.com", "Phone": ""}})
    warehouse.load("other_list", account="family_grows", rows={"Pedro": {"Name": "ana", "Phone": PHONE}})
    warehouse.connection.execute("alter table unified_internal.stg_ghl__contacts drop column full_name")
    warehouse.connection.execute("comment on table unified_internal.stg_ghl__contacts is 'read by query 0'")
    days.end_of("third")

    warehouse.connection.execute("drop schema unified_internal cascade")
    warehouse.connection.execute("alter table unified.clients drop column name, add column nickname text")
    warehouse.connection.execute("alter table unified.client_records alter column why_rule type varchar(20)")
    days.end_of("after an accident")
    return days


def test_nothing_new_writes_nothing(history: History) -> None:
    assert history.logged["nothing new"] == []
    assert history.published["nothing new"] == history.published["first"]


def test_pending_unification_says_what_waits(history: History) -> None:
    pending = [(row["source"], row["stream"], row["batches"], row["rows_new"]) for row in history.pending]
    assert pending == [("csv", "files", 4, 4), ("csv", "imports", 4, 4)]
    assert history.world.rows("select * from unified.pending_unification") == []


def test_a_merge_keeps_the_older_id_and_the_younger_one_still_resolves(history: History) -> None:
    older, younger = history.client("first", "merge", "older"), history.client("first", "merge", "younger")
    assert history.clients("first", "merge") == 2
    assert history.clients("second", "merge") == 1
    assert history.client("second", "merge", "younger") == older
    query = "select client_id::text from unified.client_aliases where alias_client_id = %s"
    assert history.world.value(query, younger) in {older, younger}


def test_an_unmerge_brings_the_old_id_back(history: History) -> None:
    for own_id in ("older", "younger"):
        assert history.client("third", "merge", own_id) == history.client("first", "merge", own_id)


def test_a_deleted_founding_record_keeps_its_client_id(history: History) -> None:
    deleted = [row["record_key"] for row in history.published["second"]["client_records"] if row["deleted_at"]]
    assert sorted(deleted) == ["csv:imports:merge:other_list:older", "stripe:customers:apis:cus"]
    assert history.client("second", "merge", "bridge") == history.client("first", "merge", "older")


def test_a_phone_that_becomes_shared_splits_and_joins_again_under_the_older_id(history: History) -> None:
    assert [history.clients(day, "family_grows") for day in ("first", "second", "third")] == [1, 6, 1]
    assert len(history.published["second"]["shared_identifiers"]) == 1
    assert history.client("third", "family_grows", "Luis") == history.client("first", "family_grows", "Ana")


def test_a_batch_that_commits_late_with_a_smaller_number_is_not_lost(history: History) -> None:
    assert history.clients("first", "late") == 0
    assert history.clients("second", "late") == 1


def test_a_changed_mapping_takes_effect_without_a_new_import(history: History) -> None:
    assert history.clients("first", "remap") == 0
    assert history.clients("second", "remap") == 1


def test_what_changed_at_a_vendor_is_staged_again(history: History) -> None:
    assert [history.clients(day, "apis") for day in ("first", "second")] == [3, 2]
    both = [
        row for row in history.published["second"]["clients"] if row["business"] == "apis" and row["record_count"] == 2
    ]
    assert [(row["name"], row["email"], row["is_deleted"]) for row in both] == [("Eva", "eva@example.com", False)]
    payer = [row for row in history.published["second"]["clients"] if "paypal/payers" in row["sources"]]
    assert [row["emails"] for row in payer] == [["first@example.com", "second@example.com"]]


def test_a_changed_query_reads_all_rows_again(history: History) -> None:
    names = {row["name"] for row in history.published["third"]["clients"] if row["business"] == "apis"}
    assert "Eva" in names


def test_a_shared_phone_that_is_blocked_is_shown_for_nobody(history: History) -> None:
    phones = {
        day: [row["phones"] for row in history.published[day]["clients"] if row["business"] == "shop"]
        for day in ("first", "second")
    }
    assert phones == {"first": [[PHONE_OF_SHOP], [PHONE_OF_SHOP]], "second": [[], []]}


def test_a_preference_reaches_clients_of_whom_nothing_else_changed(history: History) -> None:
    names = [
        [row["name"] for row in history.published[day]["clients"] if row["business"] == "two_emails"]
        for day in ("first", "second")
    ]
    assert names == [["Ana"], ["Zoe"]]


def test_an_account_that_is_connected_later_joins_whom_others_had_told_of(history: History) -> None:
    counts = {row["record_count"] for row in history.published["second"]["clients"] if row["business"] == "found"}
    assert counts == {2}


def test_a_full_rebuild_changes_nothing(history: History) -> None:
    assert history.published["full rebuild"] == history.published["second"]
    assert history.logged["full rebuild"] == []


def test_lost_internal_tables_and_a_changed_shape_are_put_right(history: History) -> None:
    def without_order(day: str) -> dict[str, list[str]]:
        """Rows and columns of each table, in no order."""
        tables = history.published[day].items()
        return {table: sorted(repr(sorted(row.items())) for row in rows) for table, rows in tables}

    assert without_order("after an accident") == without_order("third")


def test_the_log_leads_back_to_yesterday(history: History) -> None:
    world = history.world
    changes = [row for row in history.logged["third"] if row["table_name"] == "clients"]
    assert {row["operation"] for row in changes} == {"insert", "update", "delete"}
    today = {str(row["client_id"]) for row in history.published["third"]["clients"]}
    for row in changes:
        client_id = row["key"]["client_id"]
        today.discard(client_id)
        if row["old"]:
            today.add(client_id)
            yesterday = [r for r in history.published["second"]["clients"] if str(r["client_id"]) == client_id]
            assert yesterday[0]["record_count"] == row["old"]["record_count"]
    assert today == {str(row["client_id"]) for row in history.published["second"]["clients"]}
    assert world.value("select bool_and(batches_unified >= 0) from ops.publishes")


def test_no_scope_is_computed_before_its_run_is_known(history: History) -> None:
    """Else a run that is killed early leaves its scopes to the publish of the run before."""
    manifest = json.loads((history.world.scratch / "target" / "manifest.json").read_text("utf-8"))
    models = {node["name"]: node_id for node_id, node in manifest["nodes"].items() if node["resource_type"] == "model"}

    @cache
    def before(node_id: str) -> frozenset[str]:
        parents = frozenset(manifest["parent_map"].get(node_id, []))
        return parents.union(*map(before, parents))

    scopes = {node["config"]["scope"] for node in manifest["nodes"].values() if node["config"].get("scope")}
    assert {scope for scope in scopes if models["int_run"] not in before(models[scope])} == set()


def test_what_a_crash_of_the_server_has_emptied_is_not_published(history: History) -> None:
    world, run_id = history.world, str(uuid.uuid4())
    world.connection.execute(
        "update unified_internal.int_run set run_id = %s, is_full = true, started_at = clock_timestamp()", [run_id]
    )
    unlogged = world.rows(
        "select oid::regclass::text as name from pg_class where relpersistence = 'u' and relkind = 'r'"
    )
    for table in unlogged:
        if ".next_" in table["name"]:
            world.connection.execute(f"comment on table {table['name']} is 'computed by run {run_id}'")
        world.connection.execute(f"truncate {table['name']}")
    before = world.published()
    assert world.dbt("run", "--select", "publish") == {"publish": "error"}
    assert world.published() == before


def test_a_published_table_that_somebody_emptied_is_filled_whole(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    why = "{{ why_everything_is_new({'kind': 'publish', 'rules_version': 'as now'}, 'as now') }}"
    history.world.connection.execute("truncate unified.clients")
    history.world.dbt("compile", "--inline", why)
    assert "unified.clients was emptied by hand" in capsys.readouterr().out


def test_a_published_table_that_is_gone_is_filled_whole(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    why = "{{ why_everything_is_new({'kind': 'publish', 'rules_version': 'as now'}, 'as now') }}"
    history.world.connection.execute("drop table unified.subscriptions cascade")
    history.world.dbt("compile", "--inline", why)
    assert "unified.subscriptions is gone" in capsys.readouterr().out

"""Subscriptions, which no list names, and tokens: what the tap remembers in the warehouse, or in its bookmark."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sandbox.server import SandboxServer
from support.tap_warehouse import Warehouse
from warehouse.connection import connect

from tests.extractors.tap_paypal.harness import Outcome, differences, requests_of, run

MEMBERSHIPS = ("transactions", "subscriptions", "subscription_transactions")
ROWS = """
create table staging_paypal.{} (
    account text, id text, record jsonb, _first_loaded_at timestamptz default clock_timestamp(), _deleted_at timestamptz
)
"""


@pytest.fixture
def warehouse_url(database_url: str) -> str:
    with connect(database_url, application="tests") as connection:
        connection.execute("create schema if not exists staging_paypal")
        for table in ("transactions", "subscriptions"):
            connection.execute(f"drop table if exists staging_paypal.{table}")
            connection.execute(ROWS.format(table))
    return database_url


def store(url: str, outcome: Outcome, *tables: str) -> None:
    """Put rows into the warehouse, as the loader would."""
    with connect(url, application="tests") as connection:
        for table in tables:
            rows = [("main", row["id"], Jsonb(row["record"])) for row in outcome.records(table)]
            connection.cursor().executemany(
                f"insert into staging_paypal.{table} (account, id, record) values (%s, %s, %s)", rows
            )


def memberships_asked(sandbox: SandboxServer, since: int) -> set[str]:
    found = [path for path in requests_of(sandbox, since) if path.startswith("/v1/billing/subscriptions/")]
    return {path.split("/")[4] for path in found}


def unfinished(sandbox: SandboxServer) -> set[str]:
    world = sandbox.world_state("subscriptions", vendor="paypal")
    return {key for key, one in world.items() if one["status"] not in ("CANCELLED", "EXPIRED")}


def test_members_that_are_not_finished_are_read_once_a_day(sandbox: SandboxServer, warehouse_url: str) -> None:
    first = run(f"{sandbox.url}/paypal", None, MEMBERSHIPS, database_url=warehouse_url)
    store(warehouse_url, first, "transactions", "subscriptions")
    assert "unfinished" not in first.state["bookmarks"]["subscriptions"]
    asked = len(sandbox.log)
    second = run(f"{sandbox.url}/paypal", first.state, MEMBERSHIPS, database_url=warehouse_url)
    assert memberships_asked(sandbox, asked) == set()
    living = unfinished(sandbox)
    sandbox.advance()
    asked = len(sandbox.log)
    third = run(f"{sandbox.url}/paypal", second.state, MEMBERSHIPS, database_url=warehouse_url)
    assert memberships_asked(sandbox, asked) >= living
    loaded = Warehouse().load(first.messages + third.messages)
    assert differences(loaded, sandbox, MEMBERSHIPS) == []


def test_members_of_a_run_that_was_killed_are_found_in_the_warehouse(
    sandbox: SandboxServer, warehouse_url: str
) -> None:
    first = run(f"{sandbox.url}/paypal", None, ("transactions",), database_url=warehouse_url)
    store(warehouse_url, first, "transactions")
    second = run(f"{sandbox.url}/paypal", first.state, MEMBERSHIPS, database_url=warehouse_url)
    assert differences(Warehouse().load(first.messages + second.messages), sandbox, MEMBERSHIPS) == []


def test_a_finished_membership_is_read_when_a_new_row_names_it(sandbox: SandboxServer) -> None:
    first = run(f"{sandbox.url}/paypal", None, MEMBERSHIPS)
    books = sandbox.paypal.books
    member = next(one for one in books.subscriptions.values() if one.status in ("CANCELLED", "EXPIRED"))
    member.status = "ACTIVE"
    paid = member.payments[-1]
    paid.published = 0
    row = type(paid)("REVIVED0000000001", "T0002", sandbox.clock.now - 7_200, paid.currency, 900, published=1)
    row.reference, row.reference_type = member.id, "SUB"
    member.payments.append(row)
    books.add(row)
    asked = len(sandbox.log)
    run(f"{sandbox.url}/paypal", first.state, MEMBERSHIPS)
    assert memberships_asked(sandbox, asked) == {member.id}


@pytest.mark.parametrize("has_warehouse", [True, False])
def test_a_membership_that_is_no_more_is_a_tombstone_only_if_it_was_known(
    sandbox: SandboxServer, warehouse_url: str, has_warehouse: bool
) -> None:
    settings: dict[str, Any] = {"database_url": warehouse_url} if has_warehouse else {}
    first = run(f"{sandbox.url}/paypal", None, MEMBERSHIPS, **settings)
    store(warehouse_url, first, "transactions", "subscriptions")
    gone = sorted(unfinished(sandbox))[0]
    del sandbox.paypal.books.subscriptions[gone]
    sandbox.advance()
    settings["subscription_ids"] = ["I-NEVERHEARDOF"]
    second = run(f"{sandbox.url}/paypal", first.state, ("subscriptions",), **settings)
    assert [row["id"] for row in second.records("subscriptions") if row.get("_sdc_deleted_at")] == [gone]
    assert second.finished


def test_a_token_is_kept_and_belongs_to_its_credentials(
    sandbox: SandboxServer, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert run(f"{sandbox.url}/paypal", None, ("plans",), database_url=database_url).finished
    assert requests_of(sandbox).count("/v1/oauth2/token") == 1
    other = run(f"{sandbox.url}/paypal", None, ("plans",), database_url=database_url, client_id="another")
    assert other.exit_code == 1
    assert "TAP_PAYPAL_CLIENT_ID" in caplog.text
    assert requests_of(sandbox).count("/v1/oauth2/token") == 2
    with psycopg.connect(database_url) as connection:
        stored = connection.execute("select account from ops.oauth_tokens where access_token is not null").fetchall()
    assert len(stored) == 1
    assert "sandbox_secret" not in str(stored)

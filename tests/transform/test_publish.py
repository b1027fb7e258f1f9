"""One door: readers see all of a publish or nothing of it, and a gate that fails or a killed dbt changes nothing."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from warehouse.connection import connect

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("transform-publish")

# Of each client its record count, and the records counted: they agree in every state that was published whole.
_WHOLE = """
select
    (select count(*) from unified.clients) as clients,
    (select sum(record_count) from unified.clients) = (select count(*) from unified.client_records)
    and (select count(distinct client_id) from unified.client_records) = (select count(*) from unified.clients)
    as is_whole
"""


MEANT = ("--vars", "{max_id_churn: 1}")


@pytest.fixture
def yesterday(warehouse: Warehouse) -> dict[str, Any]:
    """Forty people are published; since then thirty of them turned out to be Ana."""
    warehouse.load("other_list", {str(n): {"Name": f"Person {n}", "Email": f"{n}@example.com"} for n in range(40)})
    warehouse.build(*MEANT)
    published = warehouse.published()
    warehouse.load("other_list", {str(n): {"Name": "Ana", "Email": "ana@example.com"} for n in range(30)})
    return published


def test_a_gate_that_fails_publishes_nothing_until_a_person_does(
    warehouse: Warehouse, yesterday: dict[str, Any]
) -> None:
    for gate, settings in (
        ("assert_few_clients_changed_id", "{}"),
        ("assert_no_group_is_suspiciously_large", "{max_id_churn: 1, max_records_per_client: 29}"),
    ):
        statuses = warehouse.dbt("build", "--vars", settings)
        assert {name for name, status in statuses.items() if status == "fail"} == {gate}
        assert statuses["publish"] == "skipped"
        assert warehouse.published() == yesterday
        assert warehouse.rows("select from unified.pending_unification") != []
    assert warehouse.dbt("run", "--select", "int_batches_resolved+")["publish"] == "error"  # it passes no gate
    assert warehouse.published() == yesterday
    assert warehouse.dbt("run", "--select", "publish") == {"publish": "success"}
    assert len(warehouse.published()["clients"]) == 11
    assert warehouse.rows("select from unified.pending_unification") == []


@pytest.mark.usefixtures("yesterday")
def test_readers_never_see_half_of_a_publish(warehouse: Warehouse) -> None:
    stop = threading.Event()
    seen: list[tuple[Any, ...]] = []

    def read() -> None:
        with connect(warehouse.url, application="reader") as connection:
            while not stop.is_set():
                seen.extend(connection.execute(_WHOLE).fetchall())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        warehouse.build(*MEANT)
    finally:
        stop.set()
        reader.join()
    assert all(is_whole for _, is_whole in seen)
    assert {clients for clients, _ in seen} == {40, 11}


def test_a_killed_dbt_leaves_yesterdays_tables(warehouse: Warehouse, yesterday: dict[str, Any]) -> None:
    with connect(warehouse.url, application="tests") as holder, holder.transaction():
        # The publish has changed every table when it comes to write here, and waits.
        holder.execute("lock table ops.unified_batches in share mode")
        environment = {**os.environ, **warehouse.environment()}
        child = subprocess.Popen(warehouse.command("build", *MEANT), env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for(warehouse, "wait_event_type = 'Lock' and query like '%into ops.unified_batches%'", child)
        finally:
            child.kill()
            child.wait()
        assert warehouse.published() == yesterday
    wait_for(warehouse, "true", child, present=False)
    assert warehouse.published() == yesterday
    warehouse.build(*MEANT)
    assert len(warehouse.published()["clients"]) == 11


def wait_for(warehouse: Warehouse, condition: str, child: subprocess.Popen[bytes], *, present: bool = True) -> None:
    """Wait until dbt has, or no longer has, a session like that."""
    query = (
        "select count(*) from pg_stat_activity where application_name = 'stage-first unify' "
        f"and datname = current_database() and {condition}"
    )
    with psycopg.connect(warehouse.url, autocommit=True) as watcher:  # under its own name, which may see its sessions
        for _ in range(1200):
            if (watcher.execute(query).fetchone() != (0,)) == present:
                return
            assert not present or child.poll() is None, "dbt ended before it came to the lock"
            time.sleep(0.05)
    raise AssertionError("dbt did not come to the lock within a minute")

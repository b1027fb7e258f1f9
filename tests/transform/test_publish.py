"""One door: readers see all of a publish or nothing of it, and a gate that fails or a killed dbt changes nothing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from stage_first.publishing import UNIFY
from warehouse.connection import connect

from tests.transform.conftest import TRANSFORM

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    statuses = warehouse.dbt(*UNIFY, "--vars", "{max_records_per_client: 29}")
    failed = {name for name, status in statuses.items() if status == "fail"}
    assert failed == {"assert_few_clients_changed_id", "assert_no_group_is_suspiciously_large"}
    assert statuses["publish"] == "skipped"
    assert warehouse.published() == yesterday
    assert warehouse.rows("select from unified.pending_unification") != []
    around_the_gates = (
        ("run", "--select", "int_batches_resolved+"),
        ("build", "--resource-type", "model", *MEANT),
        ("build", "--select", "publish"),
    )
    for words in around_the_gates:
        assert warehouse.dbt(*words)["publish"] == "error"
    assert warehouse.published() == yesterday
    assert warehouse.dbt("run", "--select", "publish") == {"publish": "success"}
    assert len(warehouse.published()["clients"]) == 11
    assert warehouse.rows("select from unified.pending_unification") == []


@contextmanager
def reading(warehouse: Warehouse) -> Iterator[list[tuple[Any, ...]]]:
    """A reader in a loop: how many clients it saw, and whether they agreed with their records."""
    stop = threading.Event()
    seen: list[tuple[Any, ...]] = []

    def read() -> None:
        with connect(warehouse.url, application="reader") as connection:
            while not stop.is_set():
                seen.extend(connection.execute(_WHOLE).fetchall())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        stop.set()
        reader.join()


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_whenever_unify_ends_the_tables_are_whole_and_the_next_run_is_right(
    warehouse: Warehouse, yesterday: dict[str, Any], kills: int
) -> None:
    with reading(warehouse) as seen:
        kill_in_the_midst_of_the_publish(warehouse)
        assert warehouse.published() == yesterday
        cancel(warehouse, at_step=20)
        assert warehouse.published() == yesterday
        for _ in range(kills):
            with unifying(warehouse) as unify:
                wait_for_step(warehouse, unify, random.randint(1, 140))
        warehouse.build(*MEANT)
    assert all(is_whole for _, is_whole in seen)
    assert {clients for clients, _ in seen} == {40, 11}
    right, logged = warehouse.published(), warehouse.value("select count(*) from ops.publish_log")
    statuses = warehouse.dbt("build", "--full-refresh", "--exclude", "test_type:unit", *MEANT)
    assert {name: status for name, status in statuses.items() if status not in {"success", "pass", "no-op"}} == {}
    assert len([name for name in statuses if name.startswith("unique_")]) > 10  # tests of whole tables
    assert warehouse.published() == right
    assert warehouse.value("select count(*) from ops.publish_log") == logged


def kill_in_the_midst_of_the_publish(warehouse: Warehouse) -> None:
    """The publish has changed every table when it comes to write into a table that somebody has locked."""
    with connect(warehouse.url, application="tests") as holder, holder.transaction():
        holder.execute("lock table ops.unified_batches in share mode")
        with unifying(warehouse) as unify:
            wait_for(warehouse, "wait_event_type = 'Lock' and query like '%into ops.unified_batches%'", unify.process)
    wait_for(warehouse, "true", unify.process, present=False)


def cancel(warehouse: Warehouse, at_step: int) -> None:
    """Whoever started it is gone, as Meltano is when it is told to stop: then it is sent SIGTERM."""
    with unifying(warehouse, "sh", "-c", '"$@" & wait', "meltano") as unify:
        assert wait_for_step(warehouse, unify, at_step)
    wait_for(warehouse, "true", unify.process, present=False)
    query = "select status, error, note from ops.sync_runs where started_by = %s and finished_at is not null"
    while not (rows := warehouse.rows(query, unify.name)):
        time.sleep(0.05)
    assert (rows[0]["status"], rows[0]["note"]) == ("incomplete", None)
    assert rows[0]["error"].startswith("Cancelled; nothing was published. Run it again whenever you like")


@dataclass(frozen=True)
class Unify:
    """A run as another process, and who it says started it."""

    process: subprocess.Popen[bytes]
    name: str


@contextmanager
def unifying(warehouse: Warehouse, *starter: str, words: tuple[str, ...] = ()) -> Iterator[Unify]:
    """`meltano run unify` as Meltano starts it: our dbt; the process is killed at the end, if it is still there."""
    name = uuid.uuid4().hex
    settings = {"DATABASE_URL": warehouse.url, "DBT_PROJECT_DIR": str(warehouse.project), "MELTANO_RUN_ID": name}
    settings |= {"DBT_PROFILES_DIR": str(warehouse.project), "STAGE_FIRST_STARTED_BY": name}
    command = [
        *starter,
        sys.executable,
        "-c",
        "from stage_first.doors import dbt; dbt()",
        *UNIFY,
        *words,
        "--quiet",
        *MEANT,
    ]
    child = subprocess.Popen(command, env={**os.environ, **warehouse.environment(), **settings})
    try:
        yield Unify(child, name)
    finally:
        child.kill()
        child.wait()


def wait_for_step(warehouse: Warehouse, unify: Unify, steps: int) -> bool:
    """Wait until that many steps are done; False if it ended before."""
    query = "select from ops.sync_runs where started_by = %s and progress_done >= %s"
    while unify.process.poll() is None:
        if warehouse.rows(query, unify.name, steps):
            return True
        time.sleep(0.05)
    return False


def test_a_full_run_and_somebody_who_decides_wait_for_each_other_and_neither_fails(
    warehouse: Warehouse, yesterday: dict[str, Any]
) -> None:
    assert yesterday
    with unifying(warehouse, words=("--full-refresh",)) as unify:
        with connect(warehouse.url, application="tests") as decider, decider.transaction():
            decider.execute("set local lock_timeout to '10s'")
            decider.execute("lock table ops.merge_decisions in share row exclusive mode")
            decider.execute("select from unified_internal.int_identity__records limit 1")
            wait_for(warehouse, "wait_event_type = 'Lock' and query like '%ops.merge_decisions%'", unify.process)
            time.sleep(1.5)  # longer than Postgres waits before it looks for a circle
            decider.execute("select from unified_internal.int_decisions limit 1")
        assert unify.process.wait(120) == 0


def test_every_gate_stands_before_the_publish(warehouse: Warehouse) -> None:
    """dbt skips a node for a test that failed only if the node comes after all that the test reads."""
    assert warehouse.dbt("parse", *MEANT) == {}
    nodes = json.loads((warehouse.scratch / "target" / "manifest.json").read_text())["nodes"]
    before: set[str] = set()
    waiting = ["model.stage_first.publish"]
    while waiting:
        parents = set(nodes.get(waiting.pop(), {}).get("depends_on", {}).get("nodes", []))
        waiting.extend(parents - before)
        before |= parents
    gates = {node["name"]: set(node["depends_on"]["nodes"]) for node in nodes.values() if "gates" in node["fqn"]}
    assert len(gates) == len(list((TRANSFORM / "tests" / "gates").glob("*.sql")))
    assert {name: parents - before for name, parents in gates.items() if not parents or parents - before} == {}
    assert all(len(node["description"]) > 50 for node in nodes.values() if "gates" in node["fqn"])


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

"""One writer for each source: who comes second, who comes after a dead one, and who was robbed."""

from __future__ import annotations

import json
import os
import threading
import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest
from support.desk import Desk, feed
from support.singer import raw, raw_schema, record, schema, state
from target_postgres.batch import Batch
from target_postgres.loader import Limits, Loader
from target_postgres.runs import Run
from target_postgres.session import Session
from warehouse import heartbeat
from warehouse.connection import connect
from warehouse.lease import LeaseHeldError, LeaseLostError, acquire

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(desk: Desk) -> Session:
    return Session(desk.url, desk.schema, Run(desk.source), reconnect_seconds=0)


def batch_of(desk: Desk, *lines: bytes) -> Batch:
    """The batch that lines make."""
    batches: list[Batch] = []
    loader = Loader(desk.schema, Limits(), batches.append, fail_on_bad=False)
    loader.take(lines)
    loader.flush()
    return batches[-1]


def test_a_second_loader_says_who_is_writing_and_touches_nothing(desk: Desk, session: Session) -> None:
    session.write(batch_of(desk, raw_schema(), raw("a")))
    before = desk.runs()
    outcome = desk.load(raw_schema(), raw("b"), state(1))
    assert outcome.code == 1
    assert isinstance(outcome.error, LeaseHeldError)
    assert f"{desk.schema} is being written by process {os.getpid()}" in str(outcome.error)
    assert "Wait for it to end or stop it" in str(outcome.error)
    assert (outcome.states, desk.runs(), desk.select("id")) == ([], before, [("a",)])
    session.end("succeeded")


def test_two_schemas_are_written_side_by_side(desk: Desk, session: Session, tmp_path: Path) -> None:
    other = Desk(desk.url, f"{desk.schema}_other", desk.connection, tmp_path)
    session.write(batch_of(desk, raw_schema(), raw("a")))
    assert other.load(raw_schema(), raw("b")).code == 0
    session.write(batch_of(desk, raw_schema(), raw("c")))
    session.end("succeeded")
    assert (desk.select("id"), other.select("id")) == ([("a",), ("c",)], [("b",)])
    other.check_books()


def test_after_a_killed_loader_the_next_one_goes_on_at_once(desk: Desk) -> None:
    with desk.start(batch_rows=1, flush_seconds=0) as process:
        feed(process, [raw_schema(), raw("a"), state(1)])
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"bookmarks": {"people": 1}}
        outcome = desk.load(raw_schema(), raw("b"))
        assert f"process {process.pid}" in str(outcome.error)
        process.kill()
    assert [run["state"] for run in desk.runs()] == ["running"]
    assert desk.load(raw_schema(), raw("b")).code == 0
    first, second = desk.runs()
    assert (first["status"], first["rows_new"], first["bookmark"]) == ("dead", 1, 1)
    assert "without a word" in first["error"]
    assert second["status"] == "succeeded"
    assert desk.select("id") == [("a",), ("b",)]


def test_a_silent_run_is_shown_as_dead_without_a_new_one(desk: Desk, session: Session) -> None:
    session.write(batch_of(desk, raw_schema(), raw("a")))
    assert [run["state"] for run in desk.runs()] == ["running"]
    desk.query(
        "update ops.sync_runs set heartbeat_at = heartbeat_at - interval '31 seconds' where source = %s returning 1",
        desk.source,
    )
    assert [(run["state"], run["status"]) for run in desk.runs()] == [("dead", "running")]
    session.end("succeeded")


def test_a_robbed_loader_cannot_commit(desk: Desk, session: Session) -> None:
    """Silent for too long, replaced, and then it wakes up."""
    session.write(batch_of(desk, raw_schema(), raw("a")))
    desk.query(
        "update ops.leases set heartbeat_at = heartbeat_at - interval '31 seconds' where name = %s returning 1",
        desk.schema,
    )
    assert desk.load(raw_schema(), raw("b")).code == 0
    with pytest.raises(LeaseLostError, match="took over"):
        session.write(batch_of(desk, raw_schema(), raw("c"), state(3)))
    session.end("failed", "robbed")
    assert desk.select("id") == [("a",), ("b",)]
    assert [run["status"] for run in desk.runs()] == ["dead", "succeeded"]


def test_a_run_whose_lease_is_stolen_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    original, written = Session.write, []

    def write(session: Session, batch: Batch) -> object:
        if written:
            desk.query("update ops.leases set fence = fence + 1 where name = %s returning 1", desk.schema)
        written.append(batch)
        return original(session, batch)

    monkeypatch.setattr(Session, "write", write)
    lines = [text for n in range(9) for text in (raw(str(n)), state(n))]
    outcome = desk.load(raw_schema(), *lines, batch_rows=1)
    assert isinstance(outcome.error, LeaseLostError)
    assert outcome.states == []
    assert desk.run()["status"] == "failed"
    assert "took over" in desk.run()["error"]
    desk.query("update ops.leases set owner = null where name = %s returning 1", desk.schema)


def test_a_writer_stuck_in_its_transaction_keeps_no_one_from_taking_over(desk: Desk, session: Session) -> None:
    """A lock on the table holds the first writer up in mid-transaction; its heartbeat and its successor go on."""
    session.write(batch_of(desk, raw_schema(), raw("a")))
    batch = batch_of(desk, raw_schema(), raw("b"))
    failures: list[BaseException] = []

    def write() -> None:
        try:
            session.write(batch)
        except BaseException as error:
            failures.append(error)

    with connect(desk.url, application="tests") as locker, connect(desk.url, application="tests") as other:
        other.execute("set lock_timeout = '3s'")
        with locker.transaction():
            locker.execute(psycopg.sql.SQL("lock table {} in access exclusive mode").format(desk.table()))
            writer = threading.Thread(target=write)
            writer.start()
            wait_until_blocked(desk)
            session.lease.beat(other)
            other.execute(
                "update ops.leases set heartbeat_at = heartbeat_at - interval '31 seconds' where name = %s",
                [desk.schema],
            )
            successor = acquire(other, desk.schema, uuid.uuid4())
        writer.join()
        successor.release(other)
    assert [type(failure) for failure in failures] == [LeaseLostError]
    assert desk.select("id") == [("a",)]
    session.end("failed", "robbed")


def wait_until_blocked(desk: Desk) -> None:
    """Until a connection of the loader waits for a lock."""
    query = (
        "select from pg_stat_activity where application_name like %s and datname = current_database()"
        " and wait_event_type = 'Lock'"
    )
    with psycopg.connect(desk.url, autocommit=True) as watcher:
        while not watcher.execute(query, ["%target-postgres"]).fetchall():
            pass


def test_the_heartbeat_beats_for_run_and_lease(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    session = Session(desk.url, desk.schema, Run(desk.source), reconnect_seconds=0)
    session.write(batch_of(desk, schema({"a": "integer"})))
    beats = (
        "select l.heartbeat_at, r.heartbeat_at from ops.leases as l, ops.sync_runs as r"
        " where l.name = %s and r.source = %s"
    )
    ((lease_before, run_before),) = desk.query(beats, desk.schema, desk.source)
    while True:
        ((lease_beat, run_beat),) = desk.query(beats, desk.schema, desk.source)
        if lease_beat > lease_before and run_beat > run_before:
            break
    session.end("succeeded")


def test_a_session_handed_over_by_a_pooler_reads_utc_all_the_same(desk: Desk, session: Session) -> None:
    session._connection.execute("set timezone = 'America/Mexico_City'")
    at = {"type": "string", "format": "date-time"}
    session.write(batch_of(desk, schema({"at": at}), record({"at": "2026-01-01T12:00:00"})))
    assert [at.isoformat() for (at,) in desk.select("at")] == ["2026-01-01T12:00:00+00:00"]
    session.end("succeeded")


def test_a_refused_lease_leaves_no_connection(desk: Desk, session: Session) -> None:
    with pytest.raises(LeaseHeldError):
        Session(desk.url, desk.schema, Run(desk.source), reconnect_seconds=0)
    session.end("succeeded")

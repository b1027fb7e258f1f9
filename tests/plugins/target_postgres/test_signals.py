"""Stopped by a signal, or left by whoever reads its output: nothing half, and the run log says what happened."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from support.desk import Desk, feed
from support.singer import raw, raw_schema, state

if TYPE_CHECKING:
    import subprocess

SETTINGS = {"batch_rows": 2, "flush_seconds": 0}


def numbered(first: int, last: int) -> list[bytes]:
    """Records, each with its STATE."""
    return [text for n in range(first, last) for text in (raw(f"{n:04}"), state(n))]


def first_state(process: subprocess.Popen[bytes]) -> int:
    """Wait for the first commit."""
    assert process.stdout is not None
    found: int = json.loads(process.stdout.readline())["bookmarks"]["people"]
    return found


def temporary_tables(desk: Desk) -> int:
    """Temporary tables in this database, once its loaders are gone."""
    loaders = "select from pg_stat_activity where datname = current_database() and application_name like %s"
    with psycopg.connect(desk.url, autocommit=True) as watcher:
        while watcher.execute(loaders, ["%target-postgres"]).fetchall():
            time.sleep(0.01)
        return len(watcher.execute("select from pg_class where relpersistence = 't' and relkind = 'r'").fetchall())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_the_run_between_two_batches(desk: Desk, number: signal.Signals) -> None:
    """What was read is committed; the input stays open, as under a tap that is still busy."""
    with desk.start(**SETTINGS) as process:
        feed(process, [raw_schema(), *numbered(0, 50)])
        first_state(process)
        process.send_signal(number)
        assert process.stdout is not None
        states = [json.loads(text) for text in process.stdout]
        assert process.wait() == 128 + number
        assert process.stdin is not None
        process.stdin.close()
    run = desk.run()
    assert run["status"] == "incomplete"
    assert f"Stopped by {number.name}" in run["error"]
    stored = [own_id for (own_id,) in desk.select("id")]
    assert stored == [f"{n:04}" for n in range(len(stored))]
    assert run["rows_new"] == len(stored) > 0
    assert not states or states[-1]["bookmarks"]["people"] == run["bookmark"]
    assert temporary_tables(desk) == 0
    desk.check_books()
    assert desk.load(raw_schema(), *numbered(0, 60)).code == 0
    assert len(desk.select("id")) == 60


def test_a_second_signal_ends_at_once_and_a_blocked_batch_is_rolled_back(desk: Desk) -> None:
    desk.load(raw_schema(), raw("first"))
    with psycopg.connect(desk.url) as locker, desk.start(**SETTINGS) as process:
        locker.execute(psycopg.sql.SQL("lock table {} in exclusive mode").format(desk.table()))
        feed(process, [raw_schema(), *numbered(0, 50)])
        wait_for_lock(desk)
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
        assert process.returncode == 128 + signal.SIGTERM
        locker.rollback()
    assert temporary_tables(desk) == 0
    assert desk.select("id") == [("first",)]
    assert desk.load(raw_schema(), *numbered(0, 50)).code == 0
    assert len(desk.select("id")) == 51


def wait_for_lock(desk: Desk) -> None:
    """Until the loader waits for a lock."""
    query = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with psycopg.connect(desk.url, autocommit=True) as watcher:
        while not watcher.execute(query).fetchall():
            time.sleep(0.01)


def test_nobody_reads_the_states_any_more(desk: Desk) -> None:
    with desk.start(**SETTINGS) as process:
        feed(process, [raw_schema(), *numbered(0, 10)])
        first_state(process)
        assert process.stdout is not None
        process.stdout.close()
        feed(process, numbered(10, 20))
        assert process.wait() == 1
    run = desk.run()
    assert run["status"] == "failed"
    assert "Nobody reads the STATE messages" in run["error"]
    assert run["rows_new"] == len(desk.select("id")) > 0
    assert "Nobody reads" in desk.errors()
    assert "Traceback" not in desk.errors()
    assert "Exception ignored" not in desk.errors()
    desk.check_books()
    assert desk.load(raw_schema(), *numbered(0, 20)).code == 0
    assert len(desk.select("id")) == 20


def test_a_tap_that_dies_in_the_middle_of_a_line(desk: Desk) -> None:
    """The rest of the line is kept as a reject; a tap of ours is known not to have finished."""
    half = raw("half")[:-5]
    unfinished = b'{"type":"STATE","value":{"bookmarks":{},"progress":{"finished":false}}}'
    with desk.start(**SETTINGS) as process:
        assert process.stdin is not None
        process.stdin.write(b"\n".join([raw_schema(), raw("a"), unfinished, half]))
        process.stdin.close()
        assert process.wait() == 1
    assert desk.run()["status"] == "incomplete"
    assert desk.select("id") == [("a",)]
    assert [kept for _, _, kept in desk.rejects()] == [half]
    assert "before it had sent everything" in desk.errors()

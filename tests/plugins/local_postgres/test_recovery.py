"""Whatever was killed, cut short or lost: the next start heals it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from local_postgres import LocalServer
from local_postgres import server as server_module
from local_postgres.postmaster import Postmaster, find_postmaster
from local_postgres.waiting import wait_for

DEAD = 2**22 + 1
"""No process has this number: it is above what the system gives."""


@contextmanager
def another_start(server: LocalServer, preparation: str = "") -> Iterator[subprocess.Popen]:
    """A start in a process of its own, as a second terminal would do."""
    code = f"{preparation}\nfrom local_postgres.cli import main; main()"
    options = ["start", "--folder", str(server.folder), "--port", str(server.port)]
    with subprocess.Popen([sys.executable, "-c", code, *options], stdout=subprocess.PIPE, text=True) as process:
        yield process


def kept(server: LocalServer) -> list[str]:
    with psycopg.connect(server.url()) as connection:
        return [row[0] for row in connection.execute("select id from kept")]


def dead(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_two_first_starts_at_once_share_one_server(make_server, postmasters_of):
    server = make_server()
    with another_start(server) as one, another_start(server) as other:
        assert (one.wait(), other.wait()) == (0, 0)
    assert len(postmasters_of(server)) == 1
    assert server.is_running()


def test_a_killed_server_comes_back_with_all_that_was_committed(existing, postmasters_of, processes_of):
    existing.start()
    with psycopg.connect(existing.url()) as connection:
        connection.execute("insert into kept values ('after')")
    # a query that looks at nothing for a long time does not notice that the server is gone
    busy = psycopg.connect(existing.url())
    busy.pgconn.send_query(b"select count(*) from generate_series(1, 1000000000)")
    killed = processes_of(existing)
    postmasters_of(existing)[0].kill()
    existing.start()
    assert kept(existing) == ["before", "after"]
    assert [process for process in killed if not dead(process)] == []
    busy.close()


def test_a_server_that_dies_while_a_start_looks_at_it_is_started(existing, monkeypatch):
    looks = iter([Postmaster(DEAD, existing.port, "ready")] * 2)
    monkeypatch.setattr(server_module, "find_postmaster", lambda data: next(looks, None) or find_postmaster(data))
    existing.start()
    assert kept(existing) == ["before"]


def test_stop_ends_what_a_killed_server_left(existing, postmasters_of, processes_of):
    existing.start()
    busy = psycopg.connect(existing.url())
    busy.pgconn.send_query(b"select count(*) from generate_series(1, 1000000000)")
    postmasters_of(existing)[0].kill()
    existing.stop()
    assert processes_of(existing) == []
    busy.close()
    existing.start()  # which also frees the shared memory of the killed one


@pytest.mark.parametrize("moment", ["data.new", "data", "data/postmaster.pid"])
def test_a_driver_killed_during_the_first_start_is_no_harm(make_server, postmasters_of, moment):
    server = make_server()
    with another_start(server) as driver:
        wait_for(moment, (server.folder / moment).exists)
        driver.kill()
    server.start()
    assert len(postmasters_of(server)) == 1
    assert not (server.folder / "data.new").exists()


def test_an_initdb_that_outlives_its_killed_driver_is_waited_for(make_server, place):
    server = make_server()
    slow = place / "slow_initdb"
    slow.write_text(f"#!/bin/sh\ntouch {place}/begun; while [ ! -e {place}/go ]; do sleep 0.02; done\n")
    slow.chmod(0o755)
    with another_start(server, f"from local_postgres import cluster; cluster.program = lambda _: '{slow}'") as driver:
        wait_for("initdb", (place / "begun").exists)
        driver.kill()
    with (server.folder / "lock").open() as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (place / "go").touch()
        fcntl.flock(lock, fcntl.LOCK_EX)


def test_an_initdb_cut_short_is_done_again(make_server):
    server = make_server()
    half = server.folder / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    (half / "postmaster.pid").write_text(f"{os.getpid()}\n")
    server.start()
    assert server.is_running()


def test_a_power_cut_before_the_role_was_made_is_healed(existing):
    existing.start()
    superuser = {"user": "postgres", "password": (existing.folder / "superuser_password").read_text()}
    with psycopg.connect(existing.url("postgres"), **superuser, autocommit=True) as connection:
        connection.execute("drop database stage_first")
        connection.execute("drop role stage_first")
    existing.stop()
    existing.start()
    existing.ensure_database("stage_first")
    assert existing.is_running()


@pytest.mark.parametrize("while_running", [True, False])
def test_a_lost_password_is_made_anew(existing, while_running):
    existing.start()
    if not while_running:
        existing.stop()
    (existing.folder / "password").unlink()
    existing.start()
    assert kept(existing) == ["before"]


@pytest.mark.parametrize("left", ["", "garbage\n", "{pid}\n{data}\n1\n{port}\n\n127.0.0.1\n1 1\nready\n"])
def test_a_stale_file_of_the_process_number_does_not_stop_a_start(existing, left):
    content = left.format(pid=os.getpid(), data=existing.data, port=existing.port)
    (existing.data / "postmaster.pid").write_text(content)
    assert not existing.is_running()
    existing.start()
    assert kept(existing) == ["before"]


def test_a_server_that_dies_leaves_no_zombie_to_its_driver(existing, postmasters_of):
    existing.start()
    (postmaster,) = postmasters_of(existing)
    postmaster.send_signal(signal.SIGQUIT)
    wait_for("the server to die", lambda: dead(postmaster))
    assert postmaster.pid not in [child.pid for child in psutil.Process().children()]


def test_settings_that_were_edited_away_are_back_at_the_next_start(existing):
    main, ours = existing.data / "postgresql.conf", existing.data / "local_postgres.conf"
    main.write_text("\n".join(line for line in main.read_text().splitlines() if not line.startswith("include")))
    ours.write_text("listen_addresses = '*'\nfsync = off\n")
    existing.start()
    with psycopg.connect(existing.url()) as connection:
        assert connection.execute("show fsync").fetchone() == ("on",)
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)


def test_a_large_log_is_cut_while_the_server_runs(existing):
    existing.start()
    log: Path = existing.folder / "server.log"
    with log.open("a") as file:
        file.write("x" * 10_000_001)
    existing.start()
    assert log.stat().st_size == 0
    assert (existing.folder / "server.log.1").stat().st_size == 1_000_000
    existing.stop()
    assert "database system is shut down" in log.read_text()

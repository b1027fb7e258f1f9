"""Lost connections: in the middle of COPY, between COMMIT and its answer, for ever; each row is counted once."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from support.desk import Desk
from support.singer import finished, raw, raw_schema, record, schema, state
from target_postgres import session as session_module
from target_postgres.store import PartStore
from warehouse.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 60
ENDED = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name like %s and datname = %s"
COMMIT = b"COMMIT\0"


def lines(rows: int = ROWS) -> list[bytes]:
    """A stream with a key and one without: the latter shows every row that is stored twice."""
    keyless = schema({"n": "integer"}, stream="events")
    both = [(raw(f"{n:04}", {"n": n}), record({"n": n}, "events"), state(n)) for n in range(rows)]
    return [raw_schema(), keyless, *[text for three in both for text in three], finished()]


def check_exactly_once(desk: Desk, rows: int = ROWS) -> None:
    assert [n for (n,) in desk.select("n", "events")] == list(range(rows))
    assert [own_id for (own_id,) in desk.select("id")] == [f"{n:04}" for n in range(rows)]
    figures = {run["stream"]: (run["rows_read"], run["rows_new"]) for run in desk.runs()}
    assert figures == {"people": (rows, rows), "events": (rows, rows)}
    assert {run["status"] for run in desk.runs()} == {"succeeded"}


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def admin(desk: Desk) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(desk.url, autocommit=True) as connection:
        yield connection


def end_backends(admin: psycopg.Connection[Any]) -> int:
    """End the loader's connections to this database, as an administrator would."""
    return len(admin.execute(ENDED, ["%target-postgres", admin.info.dbname]).fetchall())


@pytest.mark.parametrize("seed", range(3))
def test_backends_ended_at_random_moments(desk: Desk, admin: psycopg.Connection[Any], seed: int) -> None:
    dice, ended, over = random.Random(seed), [], threading.Event()

    def end_them() -> None:
        while not desk.runs():
            time.sleep(0.001)
        while not over.wait(dice.uniform(0.005, 0.05)):
            if len(ended) < 6:
                ended.extend([0] * end_backends(admin))

    killer = threading.Thread(target=end_them)
    killer.start()
    try:
        outcome = desk.load(*lines(), batch_rows=4)
    finally:
        over.set()
        killer.join()
    assert outcome.error is None
    assert ended
    check_exactly_once(desk)


@pytest.mark.parametrize("moment", ["before_copy", "in_copy", "before_commit"])
def test_a_backend_ended_in_the_middle_of_a_batch(
    desk: Desk, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Each third time the loader comes to this point, its connection is gone."""
    owner, name = {
        "before_copy": (PartStore, "store"),
        "in_copy": (psycopg.Copy, "write"),
        "before_commit": (Lease, "hold"),
    }[moment]
    original, calls = getattr(owner, name), []

    def interrupted(self: Any, *arguments: Any) -> Any:
        calls.append(name)
        if len(calls) % 3 == 2:
            end_backends(admin)
        return original(self, *arguments)

    monkeypatch.setattr(owner, name, interrupted)
    outcome = desk.load(*lines(), batch_rows=20)
    assert outcome.error is None
    assert len(calls) > 6
    check_exactly_once(desk)
    assert outcome.states[-1]["bookmarks"] == {}


class Proxy:
    """Stands between loader and server; `lose` names the COMMITs whose answers get lost, and how.

    `after` the server committed, `before` it heard of it, `stuck`: it goes on waiting for it; `away`: for good.
    """

    def __init__(self, url: str, lose: dict[int, str]) -> None:
        parts = urllib.parse.urlsplit(url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        login = parts.netloc.rpartition("@")[0]
        self.url = parts._replace(netloc=f"{login}@127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        self._lose = lose
        self._open: list[socket.socket] = []
        self.commits = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """The server is away: no new connection, and the present ones are cut."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            self._cut(end)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                threading.Thread(target=self._pass_on, args=[client, server], daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed meanwhile
            while True:
                ready, _, _ = select.select([client, server], [], [])
                if server in ready and not self._copy(server, client):
                    return self._cut(client, server)
                if client in ready and not self._from_client(client, server):
                    return None

    def _from_client(self, client: socket.socket, server: socket.socket) -> bool:
        text = client.recv(65536)
        how = ""
        if text.endswith(COMMIT):
            self.commits += 1
            how = self._lose.get(self.commits, "")
        if how == "away":
            self.close()
        elif not text or how == "before":
            self._cut(client, server)
        elif how == "stuck":
            self._cut(client)  # the server never hears of it: its transaction stays open
        elif how == "after":
            server.sendall(text)
            server.recv(65536)
            self._cut(client, server)
        else:
            server.sendall(text)
            return True
        return False

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> bool:
        text = source.recv(65536)
        sink.sendall(text)
        return bool(text)

    @staticmethod
    def _cut(*ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.mark.parametrize("how", ["before", "after", "stuck"])
def test_the_answer_to_a_commit_gets_lost(desk: Desk, how: str) -> None:
    proxy = Proxy(desk.url, dict.fromkeys((2, 5, 6, 9), how))
    proxied = Desk(proxy.url, desk.schema, desk.connection, desk.folder)
    outcome = proxied.load(*lines(), batch_rows=10)
    assert outcome.error is None
    assert proxy.commits > 9
    check_exactly_once(desk)
    proxy.close()


def test_the_only_commit_is_known_although_its_answer_got_lost(desk: Desk) -> None:
    """The run has its streams, and is not said to have sent nothing."""
    proxy = Proxy(desk.url, {2: "after", 4: "after"})  # the others are those of connecting
    outcome = Desk(proxy.url, desk.schema, desk.connection, desk.folder).load(*lines(3))
    assert (outcome.error, outcome.code) == (None, 0)
    check_exactly_once(desk, 3)
    proxy.close()


@pytest.mark.parametrize(("commit", "seconds"), [(4, 1), (7, 0)], ids=["while_reading", "at_the_end"])
def test_a_database_that_stays_away_ends_the_run(desk: Desk, commit: int, seconds: int) -> None:
    """The commits are those of connecting, of the two tables, three of four records each, the last STATE, the end."""
    proxy = Proxy(desk.url, {commit: "away"})
    proxied = Desk(proxy.url, desk.schema, desk.connection, desk.folder)
    outcome = proxied.load(*lines(6), batch_rows=4, reconnect_seconds=seconds)
    assert proxy.commits == commit
    assert len(desk.select("id")) == (2 if commit == 4 else 6)
    assert outcome.code == 1
    assert isinstance(outcome.error, psycopg.OperationalError)
    people = {run["stream"]: run for run in desk.runs()}["people"]
    assert (people["status"], people["rows_new"]) == ("running", len(desk.select("id")))
    assert len(desk.select("n", "events")) - people["rows_new"] in (-1, 0, 1)
    last = outcome.states[-1]["bookmarks"].get("people", -1) if outcome.states else -1
    assert people["bookmark"] is None or people["bookmark"] >= last
    assert desk.load(raw_schema(), raw("after")).code == 1  # the lease is ours, and this process is alive
    desk.query("update ops.leases set owner = null where name = %s returning 1", desk.schema)
    assert desk.load(raw_schema(), raw("after")).code == 0
    assert desk.runs()[0]["status"] == "dead"


def test_a_reader_hears_that_the_writing_side_failed_while_the_tap_is_silent(desk: Desk) -> None:
    """The tap sends nothing more and does not end: the run must."""
    with desk.start(flush_seconds=0, reconnect_seconds=1) as process:
        assert process.stdin is not None
        process.stdin.write(raw_schema() + b"\n" + raw("a") + b"\n" + state(1) + b"\n")
        process.stdin.flush()
        assert process.stdout is not None
        process.stdout.readline()
        desk.query("update ops.leases set fence = fence + 1 where name = %s returning 1", desk.schema)
        process.stdin.write(raw("b") + b"\n")
        process.stdin.flush()
        assert process.wait() == 1
        process.stdin.close()
    assert "took over" in desk.run()["error"]
    assert desk.select("id") == [("a",)]
    desk.query("update ops.leases set owner = null where name = %s returning 1", desk.schema)

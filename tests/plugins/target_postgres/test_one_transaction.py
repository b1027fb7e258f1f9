"""Rows, bookmark, batches, rejects and run log agree at every moment that another connection can see."""

from __future__ import annotations

import io
import json
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from support.singer import activate, finished, line, raw, raw_schema, state
from target_postgres.session import Session
from warehouse.connection import connect

if TYPE_CHECKING:
    from support.desk import Desk

ROWS = 400
SNAPSHOT = """
select
    (select count(*) from {table}) as stored,
    (select coalesce(max((record ->> 'n')::int), 0) from {table}) as newest,
    (select coalesce(sum(rows_new), 0)::int from ops.batches where source = '{source}') as batches_new,
    (select coalesce(sum(rows_read), 0)::int from ops.batches where source = '{source}') as batches_read,
    (select count(*) from ops.rejected_records where source = '{source}') as rejects,
    (
        select coalesce(max((state #>> '{{bookmarks,people}}')::int), 0) from ops.batches where source = '{source}'
    ) as passed,
    rows_new, rows_read, rows_rejected, coalesce((bookmark #>> '{{}}')::int, 0) as bookmark
from ops.sync_runs where source = '{source}'
"""


def messages() -> list[bytes]:
    """Each tenth record is bad; the bookmark is the number of the last record before it."""
    lines = [raw_schema()]
    for number in range(1, ROWS + 1):
        content = {"n": number, "bad": "\0"} if number % 10 == 0 else {"n": number}
        lines += [raw(f"{number:05}", content), state(number)]
    return lines


def test_every_snapshot_agrees(desk: Desk) -> None:
    query = SNAPSHOT.format(table=desk.table().as_string(None), source=desk.source)
    seen: list[tuple[Any, ...]] = []
    ended = threading.Event()

    def watch() -> None:
        with connect(desk.url, application="watcher") as connection:
            while not ended.is_set():
                found = connection.execute("select to_regclass(%s)", [desk.table().as_string(None)]).fetchone()
                if found and found[0]:
                    seen.extend(connection.execute(query).fetchall())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        desk.load(*messages(), batch_rows=7)
    finally:
        ended.set()
        watcher.join()
    assert len({row[-1] for row in seen}) > 5
    for stored, newest, batches_new, batches_read, rejects, passed, new, read, rejected, bookmark in seen:
        assert stored == batches_new == new
        assert batches_read == read == stored + rejected
        assert rejects == rejected
        assert bookmark == passed <= read
        assert newest in (read, read - 1)
    assert (len(desk.select("id")), desk.run()["bookmark"]) == (ROWS * 9 // 10, ROWS)


class Witness(io.StringIO):
    """A standard output that looks into the database at each STATE."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._url, self._table = desk.url, desk.table().as_string(None)
        self.seen: list[tuple[int, int]] = []

    def write(self, text: str) -> int:
        with connect(self._url, application="witness") as connection:
            row = connection.execute(f"select max((record ->> 'n')::int) from {self._table}").fetchone()
        self.seen.append((json.loads(text)["bookmarks"]["people"], row[0] if row else 0))
        return super().write(text)


def test_state_is_passed_on_only_when_its_rows_are_visible(desk: Desk) -> None:
    lines = [text for n in range(1, 101) for text in (raw(f"{n:05}", {"n": n}), state(n))]
    witness = Witness(desk)
    desk.load(raw_schema(), *lines, out=witness, batch_rows=9)
    assert len(witness.seen) > 5
    assert all(newest >= bookmark for bookmark, newest in witness.seen)
    assert witness.seen[-1] == (100, 100)


def test_a_batch_that_fails_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease is looked at last: what it refuses was complete but for the commit."""
    desk.load(raw_schema(), raw("a"), state(1))
    before = desk.select("id, ctid::text"), desk.run()
    original = Session.write

    def steal_then_write(session: Session, batch: Any) -> Any:
        desk.query("update ops.leases set fence = fence + 1 where name = %s returning 1", desk.schema)
        return original(session, batch)

    monkeypatch.setattr(Session, "write", steal_then_write)
    outcome = desk.load(raw_schema(), raw("b"), raw("bad\0"), state(2), finished())
    assert outcome.code == 1
    assert (desk.select("id, ctid::text"), desk.runs()[0]) == before
    assert outcome.states == []
    assert desk.rejects() == []
    desk.query("update ops.leases set owner = null where name = %s returning 1", desk.schema)


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ('{"bookmarks":{"people":{"id":12345678901234567890123}}}', "12345678901234567890123"),
        ('{"bookmarks":{"people":{"amount":1.10}}}', "1.10"),
        ('{"bookmarks":{"people":{"big":1e400}}}', "1e400"),
        ('{"bookmarks":{"people":["a"]},"other":{"x":1.0}}', '["a"]'),
    ],
    ids=["long_number", "decimals", "exponent", "list"],
)
def test_state_is_passed_on_to_the_digit(desk: Desk, value: str, exact: str) -> None:
    out = io.StringIO()
    desk.load(raw_schema(), raw("a"), f'{{"type":"STATE","value":{value}}}'.encode(), out=out)
    assert out.getvalue() == value + "\n"
    assert exact in out.getvalue()
    kept = desk.one("select bookmark::text from ops.sync_runs where source = %s", desk.source)
    assert json.loads(kept, parse_float=Decimal) == json.loads(value, parse_float=Decimal)["bookmarks"]["people"]


STATES: list[Any] = [
    {},
    {"bookmarks": {}},
    {"value": 1},
    {"bookmarks": None},
    {"bookmarks": {"people": None}},
    {"progress": 5},
    {"progress": "finished"},
]


@pytest.mark.parametrize("value", STATES, ids=json.dumps)
def test_any_state_is_passed_on(desk: Desk, value: Any) -> None:
    outcome = desk.load(line(type="STATE", value=value), raw_schema(), raw("a"))
    assert outcome.states == [value]
    assert (outcome.code, desk.run()["bookmark"]) == (0, None)


def test_a_state_alone_is_passed_on(desk: Desk) -> None:
    outcome = desk.load(line(type="STATE", value={}))
    assert (outcome.code, outcome.states) == (0, [{}])
    assert [run["status"] for run in desk.runs()] == ["succeeded"]


def test_progress_is_written_and_not_passed_on(desk: Desk) -> None:
    progress = {
        "done": 5,
        "total": 9,
        "unit": "rows",
        "requests": 3,
        "waits": 1,
        "waiting_until": "2026-01-01T00:00:00Z",
    }
    outcome = desk.load(raw_schema(), raw("a"), finished(done=False, people=progress))
    run = desk.run()
    assert {name: run[f"progress_{name}"] for name in ("done", "total", "unit")} == {
        "done": 5,
        "total": 9,
        "unit": "rows",
    }
    assert (run["requests"], run["waits"]) == (3, 1)
    assert outcome.states == [{"bookmarks": {}}]


@pytest.mark.parametrize("progress", [{"done": "many"}, {"waiting_until": "soon"}, 5, None])
def test_progress_that_cannot_be_read_stops_nothing(desk: Desk, progress: Any) -> None:
    outcome = desk.load(raw_schema(), raw("a"), finished(people=progress))
    assert (outcome.code, outcome.error) == (0, None)
    assert desk.run()["progress_done"] is None


def test_nothing_at_all_is_not_a_success(desk: Desk) -> None:
    outcome = desk.load()
    assert outcome.code == 1
    assert desk.run()["status"] == "incomplete"
    assert "no Singer message" in desk.run()["error"]


def test_rubbish_alone_is_not_a_success(desk: Desk) -> None:
    outcome = desk.load(b"Traceback (most recent call last):")
    assert outcome.code == 1
    assert (desk.run()["stream"], desk.run()["status"], len(desk.rejects())) == ("(unknown)", "incomplete", 1)


def test_a_complete_input_without_streams_is_a_success(desk: Desk) -> None:
    assert desk.load(finished()).code == 0


def test_an_empty_stream_has_a_table_and_a_run(desk: Desk) -> None:
    assert desk.load(raw_schema(), activate(1)).code == 0
    assert desk.select("id") == []
    assert desk.run()["status"] == "succeeded"

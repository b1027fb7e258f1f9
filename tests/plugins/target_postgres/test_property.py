"""Whatever happens in whatever order, the table equals a dict."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.singer import activate, finished, raw, raw_schema, raw_text, state
from target_postgres.loader import Limits, Loader
from target_postgres.messages import encode
from target_postgres.runs import Run
from target_postgres.session import Session

if TYPE_CHECKING:
    from support.desk import Desk
    from target_postgres.batch import Batch

NUMBERS = itertools.count()
KEYS = st.sampled_from("abcdef")
PUT = st.tuples(st.just("put"), KEYS, st.integers(0, 3))
EVENTS = st.one_of(
    PUT,
    PUT,
    PUT,
    st.tuples(st.just("delete"), KEYS, st.just(0)),
    st.tuples(st.just("bad"), KEYS, st.integers(0, 1)),
    st.tuples(st.just("state"), st.none(), st.none()),
)
HISTORIES = st.lists(EVENTS, max_size=40)
CRASHES = st.lists(st.integers(0, 40), max_size=3)
RELISTS = st.none() | st.frozensets(KEYS)
BAD = ['{"n":"\\u0000"}', '{"n":1e400000}']
"""One that the loader refuses, and one that Postgres does."""


class Crash(Exception):  # noqa: N818
    """The process is gone."""


def lines_of(stream: str, history: list[Any], relist: frozenset[str] | None) -> list[bytes]:
    """What the tap sends, each STATE being the number of the line after it; at the end, perhaps, a full re-list."""
    lines = [raw_schema(stream)]
    for kind, key, value in history:
        if kind == "state":
            lines.append(state(len(lines) + 1, stream))
        elif kind == "bad":
            lines.append(raw_text(key, BAD[value], stream))
        else:
            deleted = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if kind == "delete" else {}
            lines.append(raw(key, {"n": value}, stream, **deleted))
    if relist is not None:
        lines += [raw(key, {"n": 9}, stream, version=1) for key in sorted(relist)] + [activate(1, stream)]
    return [*lines, finished()]


def model_of(history: list[Any], relist: frozenset[str] | None, *, certain: bool) -> dict[str, tuple[int, bool]]:
    """Key to value and whether it is deleted; a re-list deletes where it is `certain` that nothing was rejected."""
    model: dict[str, tuple[int, bool]] = {}
    for kind, key, value in history:
        if kind in ("put", "delete"):
            model[key] = (value, kind == "delete")
    if relist is not None:
        model |= dict.fromkeys(relist, (9, False))
        if certain:
            model |= {key: (value, True) for key, (value, _) in model.items() if key not in relist}
    return model


def run(desk: Desk, lines: list[bytes], crash_after: int | None, batch_rows: int) -> int | None:
    """Load the lines, or a part of them and then nothing more; the last bookmark that was passed on."""
    session = Session(desk.url, desk.schema, Run(desk.source), reconnect_seconds=0)
    passed_on: list[int] = []

    def submit(batch: Batch) -> None:
        session.write(batch)
        for bookmark in json.loads(encode(batch.state or {})).get("bookmarks", {}).values():
            passed_on.append(bookmark)

    loader = Loader(desk.schema, Limits(batch_rows), submit, fail_on_bad=False)
    loader.take(lines[:crash_after])
    if crash_after is None:
        loader.end()
        session.end("succeeded")
    else:
        session._heartbeat.stop()
        session._connection.close()
        desk.query("update ops.leases set owner = null where name = %s returning 1", desk.schema)
    return passed_on[-1] if passed_on else None


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(HISTORIES, CRASHES, st.integers(1, 9), RELISTS)
def test_the_table_equals_a_dict(
    desk: Desk, history: list[Any], crashes: list[int], batch_rows: int, relist: frozenset[str] | None
) -> None:
    stream = f"s{next(NUMBERS)}"
    lines = lines_of(stream, history, relist)
    start = 1
    for crash in crashes:
        start = run(desk, [lines[0], *lines[start:]], crash, batch_rows) or start
    run(desk, [lines[0], *lines[start:]], None, batch_rows)
    rows = desk.select("id, record -> 'n', _deleted_at is not null", stream)
    assert {key: (value, gone) for key, value, gone in rows} == model_of(
        history, relist, certain=all(kind != "bad" for kind, _, _ in history[start - 1 :])
    )


@pytest.fixture(autouse=True)
def _no_leftovers(desk: Desk) -> Any:
    yield
    with psycopg.connect(desk.url, autocommit=True) as admin:
        assert admin.execute("select count(*) from pg_class where relpersistence = 't'").fetchone() == (0,)

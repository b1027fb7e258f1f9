"""A tombstone of a raw row marks it and adds what it says; it takes away nothing that was known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.singer import raw, raw_schema

if TYPE_CHECKING:
    from support.desk import Desk

GONE = "2026-01-02T00:00:00Z"
KNOWN: dict[str, Any] = {
    "content": {"id": "a", "name": "Ana", "tags": ["x"]},
    "phones": ["+525512345678"],
    "created_at": "2024-01-01T00:00:00Z",
    "updated_at": "2025-01-01T00:00:00Z",
}
ALL = "record, phones, created_at::date::text, updated_at::date::text, _deleted_at::date::text"
MARKS = "ctid::text, _loaded_at, _run_id, _batch_id"
MERGED = {"id": "a", "name": "Ana", "tags": ["x"], "deleted": True}


def stub(content: Any = None, deleted_at: str = GONE, **more: Any) -> bytes:
    """What a vendor says of a row that is gone."""
    return raw("a", {"id": "a", "deleted": True} if content is None else content, _sdc_deleted_at=deleted_at, **more)


@pytest.mark.parametrize("batch_rows", [1, 100])
@pytest.mark.parametrize("phones", [{}, {"phones": None}, {"phones": []}], ids=["absent", "null", "empty"])
def test_a_stub_loses_nothing(desk: Desk, batch_rows: int, phones: dict[str, Any]) -> None:
    desk.load(raw_schema(), raw("a", **KNOWN), stub(**phones), raw("b"), batch_rows=batch_rows)
    wanted = (MERGED, ["+525512345678"], "2024-01-01", "2025-01-01", "2026-01-02")
    assert desk.select(ALL, rest="where id = 'a'") == [wanted]
    run = desk.run()
    assert (run["rows_new"], run["rows_changed"], run["rows_repeated"]) == (2, 1, 0)


def test_what_a_tombstone_says_is_newer(desk: Desk) -> None:
    desk.load(raw_schema(), raw("a", **KNOWN))
    desk.load(raw_schema(), stub({"name": "Anna"}, phones=["+1"], updated_at="2026-01-01T00:00:00Z"))
    content = {"id": "a", "name": "Anna", "tags": ["x"]}
    assert desk.select(ALL) == [(content, ["+1"], "2024-01-01", "2026-01-01", "2026-01-02")]


def test_a_tombstone_again_changes_nothing(desk: Desk) -> None:
    desk.load(raw_schema(), raw("a", **KNOWN), stub())
    before = desk.select(MARKS)
    desk.load(raw_schema(), stub(), stub(deleted_at="2026-03-03T00:00:00Z"))
    assert desk.select(MARKS) == before
    assert desk.runs()[-1]["rows_unchanged"] == 2


def test_a_tombstone_of_an_unknown_row_is_stored_as_it_is(desk: Desk) -> None:
    desk.load(raw_schema(), stub(phones=[]))
    assert desk.select(ALL) == [({"id": "a", "deleted": True}, [], None, None, "2026-01-02")]


def test_a_living_row_replaces_all_that_a_tombstone_kept(desk: Desk) -> None:
    desk.load(raw_schema(), raw("a", **KNOWN), stub(), raw("a", {"id": "a", "name": "New"}))
    assert desk.select(ALL) == [({"id": "a", "name": "New"}, None, None, None, None)]


def test_a_tombstone_that_postgres_refuses_leaves_the_row(desk: Desk) -> None:
    desk.load(raw_schema(), raw("a", **KNOWN), stub(deleted_at="2026-02-31T00:00:00Z"))
    assert desk.select("record, _deleted_at") == [(KNOWN["content"], None)]
    assert len(desk.rejects()) == 1


EVENTS = st.tuples(st.sampled_from("ab"), st.booleans(), st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2)))


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(EVENTS, min_size=2, max_size=12))
def test_one_batch_gives_the_same_as_many(desk: Desk, events: list[tuple[str, bool, dict[str, int]]]) -> None:
    model: dict[str, tuple[Any, bool]] = {}
    for key, gone, content in events:
        before = model.get(key, ({}, False))[0] if gone else {}
        model[key] = ({**before, **content}, gone)
    for batch_rows in (2, 100):
        stream = f"s{abs(hash(json.dumps(events)))}_{batch_rows}"
        deleted = [{"_sdc_deleted_at": GONE} if gone else {} for _, gone, _ in events]
        lines = [raw(key, content, stream, **more) for (key, _, content), more in zip(events, deleted, strict=True)]
        desk.load(raw_schema(stream), *lines, batch_rows=batch_rows)
        rows = desk.select("id, record, _deleted_at is not null", stream)
        assert {key: (content, gone) for key, content, gone in rows} == model

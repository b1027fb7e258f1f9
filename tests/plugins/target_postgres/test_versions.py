"""ACTIVATE_VERSION and tombstones: a row is marked as deleted when that is certain, and never removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.singer import activate, finished, raw, raw_schema, raw_text, record, schema, state

if TYPE_CHECKING:
    from support.desk import Desk

NUMBERS = schema({"id": "integer", "v": "integer"}, ["id"])
MARKS = "id, ctid::text, _loaded_at, _batch_id"


def deleted(desk: Desk) -> list[str]:
    """Ids of the rows marked as deleted."""
    return [own_id for (own_id,) in desk.select("id", rest="where _deleted_at is not null order by 1")]


def relist(desk: Desk, ids: str, version: int = 2, *, done: bool = True) -> int | str | None:
    """A full list of these ids."""
    rows = [raw(own_id, version=version) for own_id in ids]
    return desk.load(raw_schema(), *rows, activate(version), finished(done=done)).code


def test_a_complete_list_marks_what_it_does_not_show(desk: Desk) -> None:
    relist(desk, "abcd", 1)
    relist(desk, "ac", 2)
    assert deleted(desk) == ["b", "d"]
    assert desk.runs()[-1]["rows_deleted"] == 2
    relist(desk, "abc", 3)
    assert deleted(desk) == ["d"]
    latest = desk.runs()[-1]
    assert (latest["rows_changed"], latest["rows_unchanged"], latest["rows_deleted"]) == (1, 2, 0)
    assert desk.query("select from ops.listed_keys where stream like %s", f"{desk.schema}.%") == []


def test_rows_that_are_still_there_are_not_rewritten(desk: Desk) -> None:
    relist(desk, "abc", 1)
    before = desk.select(MARKS, rest="where id in ('a', 'b') order by 1")
    relist(desk, "ab", 2)
    assert desk.select(MARKS, rest="where id in ('a', 'b') order by 1") == before


def test_a_row_marked_once_is_not_marked_again(desk: Desk) -> None:
    relist(desk, "ab", 1)
    relist(desk, "a", 2)
    before = desk.select(MARKS)
    relist(desk, "a", 3)
    assert desk.select(MARKS) == before


def test_a_list_over_many_batches_is_one_list(desk: Desk) -> None:
    relist(desk, "abcdefgh", 1)
    rows = [raw(own_id, version=2) for own_id in "abcdefg"]
    desk.load(raw_schema(), *rows, activate(2), finished(), batch_rows=2)
    assert deleted(desk) == ["h"]


def test_a_list_that_was_interrupted_goes_on_in_the_next_run(desk: Desk) -> None:
    relist(desk, "abcd", 1)
    desk.load(raw_schema(), raw("a", version=2), raw("b", version=2), state(2), finished(done=False))
    assert deleted(desk) == []
    desk.load(raw_schema(), raw("c", version=2), activate(2), finished())
    assert deleted(desk) == ["d"]


def test_an_interrupted_list_deletes_nothing(desk: Desk) -> None:
    relist(desk, "abcd", 1)
    assert relist(desk, "ab", 2, done=False) == 1
    assert deleted(desk) == []
    assert desk.runs()[-1]["status"] == "incomplete"
    assert "goes on from the bookmark" in desk.runs()[-1]["error"]


def test_a_list_without_its_end_deletes_nothing(desk: Desk) -> None:
    """A tap that reports progress and is killed sends no last word at all."""
    relist(desk, "abcd", 1)
    progress = finished(done=False)
    desk.load(raw_schema(), progress, raw("a", version=2), activate(2))
    assert deleted(desk) == []


def test_a_version_before_its_rows_deletes_nothing(desk: Desk) -> None:
    relist(desk, "abcd", 1)
    desk.load(raw_schema(), activate(2), raw("a", version=2), raw("b", version=2), finished())
    assert deleted(desk) == []


def test_a_version_before_and_after_its_rows(desk: Desk) -> None:
    relist(desk, "abcd", 1)
    desk.load(raw_schema(), activate(2), raw("a", version=2), activate(2), finished())
    assert deleted(desk) == ["b", "c", "d"]


def test_an_empty_list_marks_all(desk: Desk) -> None:
    relist(desk, "abcd", 1)
    relist(desk, "", 2)
    assert deleted(desk) == ["a", "b", "c", "d"]


def test_a_tap_that_reports_no_progress_is_believed(desk: Desk) -> None:
    relist(desk, "abcd", 1)
    desk.load(raw_schema(), raw("a", version=2), activate(2))
    assert deleted(desk) == ["b", "c", "d"]


@pytest.mark.parametrize(
    "bad",
    [
        raw("b\0", version=2),
        b"rubbish",
        raw_text("b", '{"a":1e400000}')[:-1] + b',"version":2}',
        raw("b", version=2)[:-9],
    ],
    ids=["refused_by_us", "of_no_known_stream", "refused_by_postgres", "cut_off"],
)
def test_a_rejected_record_may_be_what_is_missing(desk: Desk, bad: bytes) -> None:
    relist(desk, "abcd", 1)
    desk.load(raw_schema(), raw("a", version=2), bad, activate(2), finished())
    assert deleted(desk) == []
    assert len(desk.rejects()) == 1


def test_a_reject_of_one_stream_does_not_hold_up_another(desk: Desk) -> None:
    relist(desk, "ab", 1)
    bad = record({"id": "x"}, "numbers")
    numbers = schema({"id": "integer"}, ["id"], "numbers")
    desk.load(numbers, bad, raw_schema(), raw("a", version=2), activate(2), finished())
    assert deleted(desk) == ["b"]


def test_typed_rows_are_marked_and_come_back(desk: Desk) -> None:
    desk.load(NUMBERS, *[record({"id": n, "v": n}, version=1) for n in (1, 2, 3)], activate(1))
    before = desk.select(MARKS, rest="where id = 1")
    desk.load(NUMBERS, record({"id": 1, "v": 1}, version=2), activate(2))
    assert deleted(desk) == [2, 3]
    assert desk.select(MARKS, rest="where id = 1") == before
    desk.load(NUMBERS, *[record({"id": n, "v": n}, version=3) for n in (1, 2)], activate(3))
    assert deleted(desk) == [3]


@pytest.mark.parametrize(
    ("stored", "shown", "kinds"),
    [
        ("1.0", "1", ("number", "number")),
        ("1", "1.00", ("number", "number")),
        ("1", '"1"', ("integer", "string")),
        ('"1"', "1", ("string", "integer")),
        ('"a"', '"a"', ("string", "object")),
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}', ("object", "object")),
        ('"2024-01-01T00:00:00Z"', '"2024-01-01T01:00:00+01:00"', ("instant", "instant")),
    ],
    ids=["fewer_zeros", "more_zeros", "widened", "wider_before", "text_then_object", "object", "instant"],
)
def test_a_key_is_seen_however_it_is_written(desk: Desk, stored: str, shown: str, kinds: tuple[str, str]) -> None:
    for version, (text, kind) in enumerate(zip((stored, shown), kinds, strict=True)):
        of_kind = {"type": "string", "format": "date-time"} if kind == "instant" else kind
        row = f'{{"type":"RECORD","stream":"people","version":{version},"record":{{"id":{text}}}}}'
        desk.load(schema({"id": of_kind}, ["id"]), row.encode(), activate(version))
    assert deleted(desk) == []
    assert desk.one(f'select count(*) from "{desk.schema}".people') == 1


def test_a_key_that_is_widened_in_the_middle_of_a_list(desk: Desk) -> None:
    desk.load(NUMBERS, *[record({"id": n}, version=1) for n in (1, 2, 3)], activate(1))
    wider = schema({"id": "string", "v": "integer"}, ["id"])
    desk.load(NUMBERS, record({"id": 1}, version=2), wider, record({"id": "2"}, version=2), activate(2), finished())
    assert deleted(desk) == ["3"]


@pytest.mark.parametrize("name", ["stream", "version", "key_hash", "account", "_relist_version"])
def test_a_key_named_like_a_column_of_ours(desk: Desk, name: str) -> None:
    named = schema({name: "string"}, [name])
    for version, shown in ((1, "abc"), (2, "ab")):
        desk.load(named, *[record({name: text}, version=version) for text in shown], activate(version))
    assert desk.one(f'select count(*) from "{desk.schema}".people where _deleted_at is not null') == 1


def test_rows_without_a_key_cannot_be_marked(desk: Desk) -> None:
    keyless = schema({"v": "integer"})
    assert desk.load(keyless, record({"v": 1}, version=1), activate(1)).code == 0
    assert desk.load(keyless, record({"v": 2}, version=2), activate(2)).code == 0
    assert desk.select("v", rest="where _deleted_at is null order by 1") == [(1,), (2,)]


def test_a_tombstone_marks_the_row_and_a_later_record_brings_it_back(desk: Desk) -> None:
    desk.load(raw_schema(), raw("a"), raw("b"))
    desk.load(raw_schema(), raw("a", _sdc_deleted_at="2026-02-03T04:05:06+02:00"))
    assert desk.select("id, _deleted_at::text", rest="where _deleted_at is not null") == [
        ("a", "2026-02-03 02:05:06+00")
    ]
    desk.load(raw_schema(), raw("a"))
    assert deleted(desk) == []


def test_a_typed_tombstone(desk: Desk) -> None:
    desk.load(NUMBERS, record({"id": 1, "v": 1, "_sdc_deleted_at": "2026-02-03T04:05:06Z"}), record({"id": 2}))
    assert deleted(desk) == [1]
    assert "_sdc_deleted_at" not in desk.columns()

"""What an upsert touches, and what it leaves alone to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.singer import raw, raw_schema, raw_text, record, schema

if TYPE_CHECKING:
    from support.desk import Desk

MARKS = "id, ctid::text, xmin::text, _first_loaded_at, _loaded_at, _run_id, _batch_id"
RAW = [raw("a", {"n": 1.5, "t": "x"}, origin={"line": 1}, phones=["+1"]), raw("b", {"n": 2})]
TYPED = {"id": "integer", "text": "string", "amount": "number", "thing": "object", "at": "string"}


def figures(desk: Desk) -> tuple[int, int, int]:
    run = desk.runs()[-1]
    return run["rows_new"], run["rows_changed"], run["rows_unchanged"]


@pytest.mark.parametrize(
    "again",
    [
        RAW,
        list(reversed(RAW)),
        [raw_text("a", '{ "t" : "\\u0078" , "n" : 1.50 }')[:-2] + b',"phones":[ "+1" ]}}', RAW[1]],
        [raw("a", {"t": "x", "n": 1.5}, origin={"line": 99, "file": "new"}, phones=["+1"]), RAW[1]],
    ],
    ids=["the_same", "another_order", "another_spelling", "another_origin"],
)
def test_unchanged_content_touches_nothing(desk: Desk, again: list[bytes]) -> None:
    desk.load(raw_schema(), *RAW)
    before = desk.select(MARKS)
    desk.load(raw_schema(), *again)
    assert desk.select(MARKS) == before
    assert figures(desk) == (0, 0, 2)


@pytest.mark.parametrize(
    "changed",
    [
        raw("b", {"n": 3}),
        raw("b", {"n": "2"}),
        raw("b", {"n": 2, "more": None}),
        raw("b", {"n": 2}, phones=["+5"]),
        raw("b", {"n": 2}, created_at="2024-01-01"),
        raw("b", {"n": 2}, updated_at="2024-01-01T00:00:00Z"),
        raw("b", {"n": 2}, _sdc_deleted_at="2024-01-01T00:00:00Z"),
    ],
    ids=["value", "type", "new_field", "phones", "created_at", "updated_at", "deleted"],
)
def test_changed_content_moves_all_but_the_first_load(desk: Desk, changed: bytes) -> None:
    desk.load(raw_schema(), *RAW)
    (kept_a, before), kept = desk.select(MARKS), desk.select("record", rest="where id = 'a'")
    desk.load(raw_schema(), RAW[0], changed)
    same_a, after = desk.select(MARKS)
    assert (same_a, desk.select("record", rest="where id = 'a'")) == (kept_a, kept)
    assert figures(desk) == (0, 1, 1)
    assert after[3] == before[3]
    assert after[4] > before[4]
    assert after[5] == desk.runs()[-1]["run_id"] != before[5]
    assert after[6] > before[6]


def test_the_same_number_with_more_zeros_is_not_a_change(desk: Desk) -> None:
    lines = [schema(TYPED, ["id"]), b'{"type":"RECORD","stream":"people","record":{"id":1,"amount":1.10}}']
    desk.load(*lines)
    before = desk.select(MARKS)
    desk.load(lines[0], lines[1].replace(b"1.10", b"1.1"))
    assert desk.select(MARKS) == before


def test_typed_rows_that_did_not_change_are_left_alone(desk: Desk) -> None:
    values: dict[str, Any] = {"id": 1, "text": "x", "amount": 1.1, "thing": {"a": [1]}, "unknown": True}
    desk.load(schema(TYPED, ["id"]), record(values), record({"id": 2, "text": "y"}))
    before = desk.select(MARKS)
    desk.load(schema(TYPED, ["id"]), record(values), record({"id": 2, "text": "z"}))
    after = desk.select(MARKS)
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert figures(desk) == (0, 1, 1)


def test_text_is_utf_8_whatever_the_environment_says(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    desk.load(raw_schema(), raw("ñ", {"name": "José Ñandú 😀"}))
    assert desk.select("id, record ->> 'name'") == [("ñ", "José Ñandú 😀")]


def test_a_key_alone_is_a_row(desk: Desk) -> None:
    desk.load(schema({"id": "integer"}, ["id"]), record({"id": 1}), record({"id": 1}))
    desk.load(schema({"id": "integer"}, ["id"]), record({"id": 1}))
    assert desk.content() == [{"id": 1}]
    assert figures(desk) == (0, 0, 1)


def test_a_key_of_two_columns(desk: Desk) -> None:
    lines = [record({"a": a, "b": b, "v": v}) for a, b, v in [("1", "2\t3", 0), ("1\t2", "3", 0), ("1", "2\t3", 1)]]
    desk.load(schema({"a": "string", "b": "string", "v": "integer"}, ["a", "b"]), *lines)
    assert desk.select("a, b, v") == [("1", "2\t3", 1), ("1\t2", "3", 0)]


def test_equal_ids_of_two_accounts_are_two_rows(desk: Desk) -> None:
    desk.load(raw_schema(), raw("1"), record({"account": "second", "id": "1", "record": {}}))
    assert desk.select("account, id") == [("main", "1"), ("second", "1")]

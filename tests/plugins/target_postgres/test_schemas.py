"""Schemas that change in mid-stream, and names that Postgres has its own opinion of; one file each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.singer import raw, raw_schema, record, schema

if TYPE_CHECKING:
    from support.desk import Desk, Outcome

FIXTURES = Path(__file__).parents[2] / "fixtures" / "target_postgres"
RELOADS = [1, 2]
"""How often a file is loaded: the second time the table is already as wide as it gets."""


def load_file(desk: Desk, name: str, times: int = 1) -> Outcome:
    lines = (FIXTURES / f"{name}.singer").read_bytes().splitlines()
    for _ in range(times):
        outcome = desk.load(*lines)
    return outcome


@pytest.mark.parametrize("times", RELOADS)
@pytest.mark.parametrize(
    ("name", "columns", "rows"),
    [
        (
            "schema.new_column",
            {"id": "bigint", "name": "text", "age": "bigint", "tags": "jsonb"},
            [{"id": 1, "name": "Ana", "age": 30}, {"id": 2, "name": "Luis", "age": 40, "tags": ["vip"]}],
        ),
        (
            "schema.widened",
            {"id": "bigint", "value": "text"},
            [{"id": 1, "value": "1"}, {"id": 2, "value": "2.50"}, {"id": 3, "value": "three"}],
        ),
        (
            "schema.string_to_object",
            {"id": "bigint", "value": "jsonb"},
            [{"id": 1, "value": "one"}, {"id": 2, "value": {"two": [2]}}, {"id": 3, "value": "three"}],
        ),
        (
            "schema.narrowed",
            {"id": "bigint", "value": "text", "thing": "jsonb", "amount": "numeric"},
            [
                {"id": 1, "value": "one", "thing": {"a": 1}, "amount": "1.5"},
                {"id": 2, "value": "2", "thing": "2", "amount": 2},
                {"id": 3, "value": "3", "thing": "text", "amount": 3},
            ],
        ),
        (
            "schema.nullable",
            {"id": "bigint", "name": "text"},
            [{"id": 1, "name": "Ana"}, {"id": 2}, {"id": 3}],
        ),
    ],
)
def test_evolution(desk: Desk, name: str, columns: dict[str, str], rows: list[dict[str, Any]], times: int) -> None:
    outcome = load_file(desk, name, times)
    assert (outcome.error, desk.rejects()) == (None, [])
    assert {kind: of for kind, of in desk.columns().items() if kind != "_extra"} == columns
    assert sorted(desk.content(), key=lambda row: row["id"]) == rows
    assert all(run["status"] == "succeeded" for run in desk.runs())


@pytest.mark.parametrize("name", ["schema.widened", "schema.string_to_object", "schema.narrowed"])
def test_what_was_stored_wider_is_compared_as_it_is_stored(desk: Desk, name: str) -> None:
    load_file(desk, name, 2)
    before = desk.select("id, ctid::text, _batch_id")
    load_file(desk, name)
    assert desk.select("id, ctid::text, _batch_id") == before


def test_a_column_that_is_no_longer_sent_keeps_what_it_has(desk: Desk) -> None:
    load_file(desk, "schema.column_dropped")
    assert desk.content() == [{"id": 1, "name": "Ana María", "old": "kept"}, {"id": 2, "name": "Luis"}]


def test_each_kind_of_property_has_a_type_that_loses_nothing(desk: Desk) -> None:
    load_file(desk, "schema.kinds")
    assert desk.columns() == {
        "id": "bigint",
        "mixed": "text",
        "anything": "jsonb",
        "yes": "jsonb",
        "true": "jsonb",
        "either": "timestamp with time zone",
        "both": "text",
        "number_or_list": "jsonb",
        "money": "numeric",
        "amount": "numeric",
        "refers": "jsonb",
        "_extra": "jsonb",
    }
    (row,) = desk.content()
    assert row["either"] == "2025-12-31T23:00:00+00:00"
    assert row["both"] == "2026-01-01T00:00:00+01:00"
    assert (row["anything"], row["number_or_list"], row["refers"]) == ("x", [1], 7)


def test_a_schema_without_properties_keeps_everything_aside(desk: Desk) -> None:
    load_file(desk, "schema.no_properties")
    assert [row["_extra"] for row in desk.content()] == [{"anything": 1}, {"other": {"a": 2}}]


def test_a_key_that_changes_in_mid_stream(desk: Desk) -> None:
    load_file(desk, "key.changed")
    assert desk.select("id, email", rest="order by email") == [(3, "ana@example.com"), (2, "luis@example.com")]


def test_a_new_key_that_does_not_fit_the_stored_rows_is_said_and_changes_nothing(desk: Desk) -> None:
    outcome = load_file(desk, "key.changed.no_value")
    assert outcome.code == 1
    run = desk.run()
    assert run["status"] == "failed"
    assert "is now (email)" in run["error"]
    assert "load again" in run["error"]
    assert desk.content() == [{"id": 1}]


def test_a_key_that_is_given_up(desk: Desk) -> None:
    load_file(desk, "key.given_up")
    assert desk.select("id, v") == [(1, 1), (1, 2)]


@pytest.mark.parametrize("times", RELOADS)
def test_reserved_names(desk: Desk, times: int) -> None:
    load_file(desk, "names.reserved", times)
    (row,) = desk.content("table")
    renamed = {
        "xmin_": "xmin",
        "ctid_": "ctid",
        "tableoid_": "tableoid",
        "_extra_": "_extra",
        "_batch_id_": "_batch_id",
    }
    renamed |= {"_deleted_at_": "_deleted_at", "_loaded_at_": "_loaded_at_", "_loaded_at__": "_loaded_at"}
    assert row == {**{name: name for name in ("select", "user", "table", "order", "oid")}, **renamed}


@pytest.mark.parametrize("times", RELOADS)
def test_long_names_keep_apart(desk: Desk, times: int) -> None:
    load_file(desk, "names.long", times)
    tables = desk.query("select tablename from pg_tables where schemaname = %s order by 1", desk.schema)
    assert len(tables) == 2
    ends = set()
    for (table,) in tables:
        assert len(desk.columns(table)) == 6 + 1
        (row,) = desk.content(table)
        assert all(len(name.encode()) <= 63 for name in row)
        assert len(set(row.values())) == 6
        ends.add(row["x" * 63].removeprefix("x" * 63))
    assert ends == {"", "!"}
    assert {run["stream"] for run in desk.runs()} == {"a" * 70 + "stream", "a" * 70 + "stream_2"}


@pytest.mark.parametrize("times", RELOADS)
def test_quotes_and_percent_signs_in_names(desk: Desk, times: int) -> None:
    """`%` is psycopg's sign for a placeholder, braces are those of its templates."""
    outcome = load_file(desk, "names.quotes", times)
    assert (outcome.error, desk.rejects()) == (None, [])
    ((table,),) = desk.query("select tablename from pg_tables where schemaname = %s", desk.schema)
    (row,) = desk.content(table)
    assert len(row) == 25
    assert sum(name != value for name, value in row.items()) == 2  # the one with NUL and the empty one
    assert row["100%"] == "100%"
    assert row["__"] == ""
    assert {row[name] for name in ("Id", "id", "ID", "iD")} == {"Id", "id", "ID", "iD"}
    assert desk.runs()[-1]["rows_unchanged"] == times - 1
    assert desk.runs()[0]["stream"] == '100% "of" {it}\\0'


def test_columns_are_the_same_whatever_the_order_of_the_schema(desk: Desk) -> None:
    for names in (["_loaded_at", "_loaded_at_"], ["_loaded_at_", "_loaded_at"]):
        desk.load(
            schema({"id": "integer", **dict.fromkeys(names, "string")}, ["id"]), record({"id": 1, "_loaded_at": "x"})
        )
    assert desk.content() == [{"id": 1, "_loaded_at__": "x"}]


def test_an_integer_that_outgrows_its_column_widens_it_once(desk: Desk) -> None:
    lines = [record({"id": n, "count": 10**20 + n if n == 3 else n}) for n in range(8)]
    desk.load(schema({"id": "integer", "count": "integer"}, ["id"]), *lines, batch_rows=2)
    assert desk.columns()["count"] == "numeric"
    assert desk.select("count", rest="where id = 3") == [(10**20 + 3,)]
    desk.load(schema({"id": "integer", "count": "integer"}, ["id"]), *lines)
    assert desk.runs()[-1]["rows_unchanged"] == 8


def test_the_same_schema_again_starts_no_new_batch(desk: Desk) -> None:
    lines = [text for n in range(5) for text in (raw_schema(), raw(str(n)))]
    desk.load(*lines)
    assert desk.one("select count(*) from ops.batches where source = %s", desk.source) == 1


def test_a_raw_shape_with_more_properties_is_a_typed_stream(desk: Desk) -> None:
    """Nothing that the SCHEMA announces is left out."""
    properties = {**json.loads(raw_schema())["schema"]["properties"], "score": {"type": "number"}}
    desk.load(schema(properties, ["account", "id"]), raw("a", score=1.5))
    assert desk.select("id, record, score::text") == [("a", {"name": "a"}, "1.5")]


def test_a_key_named_twice_is_a_key(desk: Desk) -> None:
    desk.load(schema({"id": "integer"}, ["id", "id"]), record({"id": 1}), record({"id": 1}))
    assert desk.content() == [{"id": 1}]


def test_descriptions_and_options_of_any_kind(desk: Desk) -> None:
    latin = schema({"id": {"type": "integer", "description": "#", "anyOf": None}}, ["id"]).replace(b"#", b"\xf1")
    assert desk.load(latin, record({"id": 1})).error is None
    assert desk.columns()["id"] == "bigint"


def test_a_key_that_is_no_property_is_said(desk: Desk) -> None:
    outcome = desk.load(schema({"a": "integer"}, ["id"]))
    assert outcome.code == 1
    assert "has no property id" in desk.run()["error"]

"""Bad records, one case each: the others are stored, the bad one is kept with its bytes and the reason."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from support.singer import (
    activate,
    finished,
    line,
    raw,
    raw_schema,
    raw_text,
    record,
    schema,
    state,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.desk import Desk

MEGABYTE = 2**20
DEEP_3000 = "[" * 3_000 + "]" * 3_000
DEEP_100000 = '{"a":' * 100_000 + "1" + "}" * 100_000
COLUMNS = {
    "id": "integer",
    "text": "string",
    "count": "integer",
    "amount": "number",
    "flag": "boolean",
    "at": {"type": ["string", "null"], "format": "date-time"},
    "day": {"type": ["string", "null"], "format": "date"},
    "thing": "object",
}
INCOMPRESSIBLE = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(200))


class Case(NamedTuple):
    """Bad lines among good ones: what is stored of them, and why the rest is not."""

    name: str
    lines: list[bytes]
    rows: Sequence[dict[str, Any]] | None = ()
    rejects: Sequence[str] = ()


def typed(own_id: int, **values: Any) -> bytes:
    return record({"id": own_id, **values})


def typed_text(own_id: int, name: str, value: str) -> bytes:
    return f'{{"type":"RECORD","stream":"people","record":{{"id":{own_id},"{name}":{value}}}}}'.encode()


NUL = "NUL character"
SHAPE = "not have the shape of a raw record"
RAW_CASES = [
    Case("nul_in_id", [raw("a\0b")], [], [NUL]),
    Case("nul_in_account", [record({"account": "\0", "id": "x", "record": {}})], [], [NUL]),
    Case("nul_in_record", [raw("x", {"a": {"b": ["c\0"]}})], [], [NUL]),
    Case("nul_in_key_of_record", [raw("x", {"a\0": 1})], [], [NUL]),
    Case("nul_in_phones", [raw("x", phones=["+1\0"])], [], [NUL]),
    Case("nul_in_origin", [raw("x", origin={"path": "\0"})], [], [NUL]),
    Case("nul_byte", [raw_text("x", b'{"a":"\0"}')], [], ["invalid character"]),
    Case("backslash_before_u0000", [raw_text("x", r'{"a":"\\u0000"}')], [{"id": "x", "record": {"a": "\\u0000"}}]),
    Case("two_backslashes_before_u0000", [raw_text("x", r'{"a":"\\\u0000"}')], [], [NUL]),
    Case("surrogate_in_id", [raw_text(r"\ud800", "{}")], [], ["lone surrogate"]),
    Case("surrogate_in_record", [raw_text("x", r'{"a":"\udc00"}')], [], ["lone surrogate"]),
    Case("surrogates_in_wrong_order", [raw_text("x", r'{"a":"\udc00\ud800"}')], [], ["lone surrogate"]),
    Case("surrogate_pair", [raw_text("x", r'{"a":"\ud83d\ude00"}')], [{"id": "x", "record": {"a": "😀"}}]),
    Case("surrogate_bytes_in_id", [raw("\ud800")], [], ["invalid continuation byte"]),
    Case("surrogate_bytes_in_record", [raw("x", {"a": "\ud800"})], [], ["invalid byte sequence"]),
    Case("latin_1_bytes", [raw_text("x", '{"a":"ñ"}'.encode("latin-1"))], [], ["invalid byte sequence"]),
    Case("latin_1_bytes_in_id", [raw_text("x", "{}").replace(b'"x"', b'"\xf1"')], [], ["can't decode byte"]),
    Case("overlong_utf_8", [raw_text("x", b'{"a":"\xc0\xaf"}')], [], ["invalid byte sequence"]),
    Case("not_a_number", [raw_text("x", '{"a":NaN}')], [], ["invalid character"]),
    Case("infinity", [raw_text("x", '{"a":Infinity}')], [], ["invalid character"]),
    Case("minus_infinity", [raw_text("x", '{"a":-Infinity}')], [], ["invalid"]),
    Case("large_exponent", [raw_text("x", '{"a":1e400}')], [{"id": "x", "record": {"a": 10**400}}]),
    Case("too_large_exponent", [raw_text("x", '{"a":1e400000}')], [], ["numeric"]),
    Case("decimal_digits", [raw_text("x", '{"a":1.10,"b":0.10}')], [{"id": "x", "record": {"a": "1.10", "b": "0.10"}}]),
    Case(
        "long_number",
        [raw_text("x", '{"a":12345678901234567890}')],
        [{"id": "x", "record": {"a": 12345678901234567890}}],
    ),
    Case("tabs_between_tokens", [raw_text("x", '{\t"a":\t1\t}')], [{"id": "x", "record": {"a": 1}}]),
    Case("carriage_returns_between_tokens", [raw_text("x", '{\r"a":\r1}')], [{"id": "x", "record": {"a": 1}}]),
    Case("line_ends_of_windows", [raw("x", {"a": 1}) + b"\r"], [{"id": "x", "record": {"a": 1}}]),
    Case("control_character", [raw_text("x", b'{"a":"\x01"}')], [], ["invalid character"]),
    Case("escapes", [raw("x\t\\\n\r\\N", {"a": "\t\\N\n"})], [{"id": "x\t\\\n\r\\N", "record": {"a": "\t\\N\n"}}]),
    Case("copy_end_marker", [raw("\\.", {"a": "\\."})], [{"id": "\\.", "record": {"a": "\\."}}]),
    Case("repeated_key_in_record", [raw_text("x", '{"a":1,"a":2}')], [{"id": "x", "record": {"a": 2}}]),
    Case("nested_500", [raw_text("x", '{"a":' + "[" * 500 + "]" * 500 + "}")], None),
    Case("nested_3000", [raw_text("x", f'{{"a":{DEEP_3000}}}')], [], ["nested too deeply"]),
    Case("nested_100000", [raw_text("x", DEEP_100000)], [], ["nested too deeply"]),
    Case("no_account", [record({"id": "x", "record": {}})], [], ["account"]),
    Case("no_id", [record({"account": "main", "record": {}})], [], ["`id`"]),
    Case("null_id", [raw_text("x", "{}").replace(b'"x"', b"null")], [], ["got `null` - at `.*id"]),
    Case("number_as_id", [raw_text("x", "{}").replace(b'"x"', b"7")], [], ["got `int` - at `.*id"]),
    Case("number_as_created_at", [raw("x", created_at=5)], [], ["created_at"]),
    Case("no_record", [record({"account": "main", "id": "x"})], [], ["`record`"]),
    Case("record_is_null", [raw_text("x", "null")], [], ["not a JSON object"]),
    Case("record_is_a_list", [raw_text("x", "[1]")], [], ["not a JSON object"]),
    Case("record_is_a_string", [raw_text("x", '"{}"')], [], ["not a JSON object"]),
    Case("unknown_property", [raw("x", surprise=1)], [], ["surprise"]),
    Case("created_at_is_rubbish", [raw("x", created_at="soon")], [], ["date-time"]),
    Case("created_at_is_now", [raw("x", created_at="now")], [], ["date-time"]),
    Case("updated_at_is_infinity", [raw("x", updated_at="infinity")], [], ["date-time"]),
    Case("updated_at_is_american", [raw("x", updated_at="01/02/2024")], [], ["date-time"]),
    Case("created_at_in_year_0000", [raw("x", created_at="0000-01-01T00:00:00Z")], [], ["out of range"]),
    Case("created_at_in_year_10000", [raw("x", created_at="10000-01-01T00:00:00Z")], [], ["date-time"]),
    Case("created_at_on_30_february", [raw("x", created_at="2024-02-30T00:00:00Z")], [], ["out of range"]),
    Case("deleted_at_is_rubbish", [raw("x", _sdc_deleted_at="today")], [], ["date-time"]),
    Case("key_over_the_index_limit", [raw(INCOMPRESSIBLE)], [], ["index row"]),
    Case("value_of_17_mb", [raw("x", {"a": "x" * 17 * MEGABYTE})], [], ["the limit is 16 MB"]),
    Case("value_of_64_mb", [raw("x", {"a": "x" * 64 * MEGABYTE})], [], ["the limit is 16 MB"]),
    Case("invalid_json", [b'{"type":"RECORD","stream":"people","record":{'], [], ["truncated"]),
    Case("empty_lines", [b"", b"   ", b"\r"]),
    Case("rubbish_line", [b"\x89PNG\r\x1a\0\xff\xfe"], [], ["malformed"]),
    Case("byte_order_mark", [b"\xef\xbb\xbf" + raw("x")], [], ["malformed"]),
    Case("list_line", [b"[1,2]"], [], ["got `array`"]),
    Case("log_line", [b"INFO: hello"], [], ["malformed"]),
    Case("unknown_message_type", [line(type="HELLO", stream="people")], [], ["HELLO"]),
    Case("no_message_type", [line(stream="people")], [], ["type"]),
    Case("record_of_a_list", [line(type="RECORD", stream="people", record=[1])], [], ["got `array`"]),
    Case("stream_is_a_number", [line(type="RECORD", stream=1, record={})], [], ["stream"]),
    Case("state_is_null", [line(type="STATE", value=None)], [], ["value"]),
    Case("state_with_nul", [state({"a": "\0"})], [], [NUL]),
    Case("unknown_stream", [raw("x", stream="strangers")], [], ["no SCHEMA"]),
    Case(
        "record_before_its_schema",
        [raw("x", stream="late"), raw_schema("late"), raw("y", stream="late")],
        [],
        ["no SCHEMA"],
    ),
    Case("activate_version_of_an_unknown_stream", [activate(1, "strangers")]),
    Case("bad_activate_version", [line(type="ACTIVATE_VERSION", stream="people", version="one")], [], ["version"]),
    Case("bad_schema_json", [raw_schema("late")[:-1], raw("x", stream="late")], [], ["truncated", "no SCHEMA"]),
    Case("bad_reject_of_the_tap", [record({"stream": "people"}, "_rejected_records")], [], ["_rejected_records"]),
    Case(
        "nul_in_a_reject_of_the_tap",
        [
            record(
                {
                    "stream": "people",
                    "reason": "row \0 unreadable",
                    "raw": base64.b64encode(b"a\0b").decode(),
                    "raw_length": 3,
                    "raw_sha256": hashlib.sha256(b"a\0b").hexdigest(),
                    "origin": {"path": "a\0"},
                },
                "_rejected_records",
            )
        ],
        [],
        ["unreadable"],
    ),
]
TYPED_CASES = [
    Case("nul_in_text", [typed(5, text="a\0")], [], [NUL]),
    Case("nul_in_object", [typed(5, thing={"a": "\0"})], [], [NUL]),
    Case("nul_in_unknown_property", [typed(5, **{"\0": 1})], [], [NUL]),
    Case("bad_utf_8_in_text", [typed_text(5, "text", '"ñ"').decode().encode("latin-1")], [], ["can't decode byte"]),
    Case(
        "bad_utf_8_in_object", [typed_text(5, "thing", '{"a":"ñ"}').decode().encode("latin-1")], [], ["byte sequence"]
    ),
    Case("missing_key", [record({"text": "x"})], [], ["key property id is missing"]),
    Case("null_key", [record({"id": None, "text": "x"})], [], ["key property id is missing"]),
    Case("text_as_key", [record({"id": "x"})], [], ["bigint"]),
    Case("object_as_key", [record({"id": {}})], [], ["bigint"]),
    Case("long_key", [record({"id": 12345678901234567890})], [{"id": 12345678901234567890}]),
    Case("long_integer", [typed(5, count=12345678901234567890)], [{"id": 5, "count": 12345678901234567890}]),
    Case("largest_bigint", [typed(5, count=2**63 - 1)], [{"id": 5, "count": 2**63 - 1}]),
    Case("fraction_as_integer", [typed_text(5, "count", "1.50")], [{"id": 5, "count": "1.50"}]),
    Case("exponent_as_integer", [typed_text(5, "count", "1e3")], [{"id": 5, "count": 1000}]),
    Case("text_as_integer", [typed(5, count="x")], [], ["bigint"]),
    Case("digits_as_integer", [typed(5, count="12")], [{"id": 5, "count": 12}]),
    Case("boolean_as_integer", [typed(5, count=True)], [], ["bigint"]),
    Case("list_as_integer", [typed(5, count=[])], [], ["bigint"]),
    Case("decimals", [typed_text(5, "amount", "1.10")], [{"id": 5, "amount": "1.10"}]),
    Case("large_number", [typed_text(5, "amount", "1e400")], [{"id": 5, "amount": 10**400}]),
    Case("too_large_number", [typed_text(5, "amount", "1e400000")], [], ["numeric"]),
    Case("text_as_number", [typed(5, amount="ten")], [], ["number"]),
    Case("nan_as_number", [typed(5, amount="NaN")], [], ["number"]),
    Case("infinity_as_number", [typed(5, amount="-Infinity")], [], ["number"]),
    Case("bare_nan_as_number", [typed_text(5, "amount", "NaN")], [], ["invalid character"]),
    Case("boolean_as_number", [typed(5, amount=False)], [], ["numeric"]),
    Case("object_as_number", [typed(5, amount={})], [], ["numeric"]),
    Case("text_as_boolean", [typed(5, flag="maybe")], [], ["boolean"]),
    Case("number_as_boolean", [typed(5, flag=2)], [], ["boolean"]),
    Case("one_as_boolean", [typed(5, flag=1)], [{"id": 5, "flag": True}]),
    Case("object_as_boolean", [typed(5, flag={})], [], ["boolean"]),
    Case("number_as_text", [typed_text(5, "text", "1.10")], [{"id": 5, "text": "1.10"}]),
    Case("boolean_as_text", [typed(5, text=True)], [{"id": 5, "text": "true"}]),
    Case("object_as_text", [typed_text(5, "text", '{"a": 1.10}')], [{"id": 5, "text": '{"a": 1.10}'}]),
    Case("null_text", [typed(5, text=None)], [{"id": 5}]),
    Case("the_text_null", [typed(5, text="null")], [{"id": 5, "text": "null"}]),
    Case("the_text_backslash_n", [typed(5, text="\\N")], [{"id": 5, "text": "\\N"}]),
    Case("empty_text", [typed(5, text="")], [{"id": 5, "text": ""}]),
    Case("text_as_object", [typed(5, thing="x")], [{"id": 5, "thing": "x"}]),
    Case("date_time_rubbish", [typed(5, at="yesterday")], [], ["date-time"]),
    Case("number_as_date_time", [typed(5, at=20240101)], [], ["date-time"]),
    Case("empty_date_time", [typed(5, at="")], [], ["date-time"]),
    Case(
        "date_time_with_offset",
        [typed(5, at="2026-01-01T12:00:00+02:00")],
        [{"id": 5, "at": "2026-01-01T10:00:00+00:00"}],
    ),
    Case("naive_date_time", [typed(5, at="2026-07-01 12:00:00")], [{"id": 5, "at": "2026-07-01T12:00:00+00:00"}]),
    Case("year_0000", [typed(5, at="0000-01-01T00:00:00Z")], [], ["out of range"]),
    Case("year_10000", [typed(5, at="10000-01-01T00:00:00Z")], [], ["date-time"]),
    Case("date", [typed(5, day="2026-01-31")], [{"id": 5, "day": "2026-01-31"}]),
    Case("midnight_as_date", [typed(5, day="2026-01-31T00:00:00Z")], [{"id": 5, "day": "2026-01-31"}]),
    Case("date_time_as_date", [typed(5, day="2026-01-31T12:00:00+02:00")], [], ["date"]),
    Case("date_rubbish", [typed(5, day="today")], [], ["date"]),
    Case("unknown_property", [typed_text(5, "surprise", "1.10")], [{"id": 5, "_extra": {"surprise": "1.10"}}]),
    Case("unknown_property_that_quotes", [typed(5, **{'a"\\': [1]})], [{"id": 5, "_extra": {'a"\\': [1]}}]),
    Case("twins_in_a_batch", [typed(5, text="old"), typed(5, text="new")], [{"id": 5, "text": "new"}]),
    Case(
        "twins_written_differently",
        [typed(5, text="old"), record({"id": "05", "text": "new"})],
        [{"id": 5, "text": "new"}],
    ),
    Case(
        "bad_twin_after_a_good_one",
        [typed(5, text="good"), typed(5, flag="?")],
        [{"id": 5, "text": "good"}],
        ["boolean"],
    ),
    Case("bad_twin_before_a_good_one", [typed(5, flag="?"), typed(5, text="good")], [{"id": 5, "text": "good"}]),
    Case(
        "two_bad_twins_after_a_good_one",
        [typed(5, text="older"), typed(5, text="good"), typed(5, flag="?"), typed(5, count="?")],
        [{"id": 5, "text": "good"}],
        ["bigint", "boolean"],
    ),
]


@pytest.mark.parametrize("case", RAW_CASES, ids=lambda case: case.name)
def test_raw(desk: Desk, case: Case) -> None:
    outcome = desk.load(raw_schema(), raw("first"), *case.lines, raw("last"), state(9), finished())
    assert outcome.error is None
    rows = [{"id": row["id"], "record": row["record"]} for row in desk.content()]
    others = [row for row in rows if row["id"] not in ("first", "last")]
    assert len(rows) - len(others) == 2
    assert case.rows is None or others == list(case.rows)
    check_rejects(desk, case)
    assert outcome.states[-1]["bookmarks"] in ({}, {"people": 9})


@pytest.mark.parametrize("case", TYPED_CASES, ids=lambda case: case.name)
def test_typed(desk: Desk, case: Case) -> None:
    outcome = desk.load(schema(COLUMNS, ["id"]), typed(1, text="first"), *case.lines, typed(2, text="last"))
    assert outcome.error is None
    rows = desk.content()
    assert [row for row in rows if row["id"] in (1, 2)] == [{"id": 1, "text": "first"}, {"id": 2, "text": "last"}]
    assert [row for row in rows if row["id"] not in (1, 2)] == list(case.rows)
    check_rejects(desk, case)


def check_rejects(desk: Desk, case: Case) -> None:
    rejects = desk.rejects()
    assert len(rejects) == len(case.rejects), rejects
    for (_, reason, _), wanted in zip(rejects, case.rejects, strict=True):
        assert re.search(wanted, reason), reason
    statuses = {run["status"] for run in desk.runs()}
    assert statuses <= {"succeeded", "succeeded_with_rejects"}
    assert ("succeeded_with_rejects" in statuses) == bool(rejects)


def test_what_the_loader_refuses_is_kept_byte_for_byte(desk: Desk) -> None:
    bad = raw("x", {"a": "\0", "b": "x" * 300_000})
    desk.load(raw_schema(), bad)
    assert desk.rejects()[0][2] == bad


def test_what_postgres_refuses_is_kept_as_a_record_that_can_be_sent_again(desk: Desk) -> None:
    content = {"a": "\ttab \\ and \n", "n": 1.5}
    lines = [raw(INCOMPRESSIBLE, content, phones=["+1"], created_at="2024-01-01T00:00:00Z")]
    desk.load(raw_schema(), *lines)
    ((stream, _, kept),) = desk.rejects()
    assert stream == "people"
    assert json.loads(kept) == json.loads(lines[0])
    desk.load(schema(COLUMNS, ["id"], "typed"), record({"id": 1, "text": "t\té", "flag": "?", "new": 1}, "typed"))
    kept = json.loads(desk.rejects()[-1][2])
    assert kept["record"] == {"id": 1, "text": "t\té", "flag": "?", "_extra": {"new": 1}}


def test_a_giant_is_kept_by_its_beginning_its_length_its_hash_and_its_place(desk: Desk) -> None:
    giant = raw("x", {"a": "y" * 3 * MEGABYTE})
    before = [raw_schema(), raw("first")]
    desk.load(*before, giant, raw("last"), max_record_mb=1)
    query = "select raw, raw_length, raw_sha256, origin from ops.rejected_records where source = %s"
    ((kept, length, digest, origin),) = desk.query(query, desk.source)
    assert kept == giant[: 64 * 1024]
    assert (length, digest) == (len(giant), hashlib.sha256(giant).digest())
    assert origin == {"offset": sum(len(text) + 1 for text in before)}


def test_a_large_value_under_the_limit_is_stored(desk: Desk) -> None:
    desk.load(raw_schema(), raw("x", {"a": "y" * 12 * MEGABYTE}))
    assert desk.select("id, length(record ->> 'a')") == [("x", 12 * MEGABYTE)]


def test_many_bad_rows_among_good_ones(desk: Desk) -> None:
    lines = [raw_text(f"{number:04}", '{"a":1e400000}' if number % 7 == 0 else "{}") for number in range(700)]
    desk.load(raw_schema(), *lines)
    assert len(desk.select("id")) == 600
    assert len(desk.rejects()) == 100


def test_one_bad_raw_record_does_not_spoil_those_after_it(desk: Desk) -> None:
    bad = record({"id": "no account"})
    desk.load(raw_schema(), raw("a"), bad, *[raw(f"b{number}") for number in range(5)], batch_rows=2)
    assert len(desk.select("id")) == 6
    assert len(desk.rejects()) == 1


def test_a_row_that_the_tap_could_not_read_does_not_spoil_those_after_it(desk: Desk) -> None:
    reject = {"stream": "people", "reason": "ragged", "raw": "eA==", "raw_length": 1, "raw_sha256": "ab"}
    reject["raw_sha256"] = hashlib.sha256(b"x").hexdigest()
    reject["origin"] = {"line": 7}
    desk.load(
        line(type="SCHEMA", stream="_rejected_records", schema={"properties": {}}, key_properties=[]),
        raw_schema(),
        raw("a"),
        record(reject, "_rejected_records"),
        raw("b"),
    )
    assert desk.select("id") == [("a",), ("b",)]
    assert desk.rejects() == [("people", "ragged", b"x")]
    assert desk.one("select origin from ops.rejected_records where source = %s", desk.source) == {"line": 7}


def test_two_streams_side_by_side(desk: Desk) -> None:
    """A raw and a typed stream take turns, each with a bad record."""
    lines = [raw_schema(), schema({"id": "integer"}, ["id"], "numbers")]
    for number in range(6):
        lines += [raw(f"r{number}"), record({"id": number}, "numbers")]
    lines += [raw("bad\0"), record({"id": "bad"}, "numbers")]
    desk.load(*lines, batch_rows=5)
    assert len(desk.select("id")) == len(desk.select("id", "numbers")) == 6
    assert [stream for stream, _, _ in desk.rejects()] == ["people", "numbers"]
    assert {run["stream"]: run["rows_rejected"] for run in desk.runs()} == {"people": 1, "numbers": 1}


def test_a_duplicate_is_counted_as_repeated_within_a_batch_and_as_changed_across_batches(desk: Desk) -> None:
    desk.load(raw_schema(), raw("a", {"v": 1}), raw("a", {"v": 2}))
    assert desk.run()["rows_repeated"] == 1
    desk.load(raw_schema(), raw("a", {"v": 3}), raw("a", {"v": 4}), batch_rows=1)
    latest = desk.runs()[-1]
    assert (latest["rows_changed"], latest["rows_repeated"]) == (2, 0)
    assert desk.select("record") == [({"v": 4},)]


def test_a_batch_message_ends_the_run_and_says_what_to_do(desk: Desk) -> None:
    outcome = desk.load(raw_schema(), raw("a"), line(type="BATCH", stream="people", encoding={}, manifest=[]))
    assert outcome.code == 1
    assert "batch_config" in desk.runs()[-1]["error"]
    assert desk.runs()[-1]["status"] == "failed"


@pytest.mark.parametrize(
    "bad",
    [
        raw("x\0"),
        raw_text("x", '{"a":1e400000}'),
        b"rubbish",
        raw("x", {"a": "y" * 2 * MEGABYTE}),
        raw("x", stream="strangers"),
        record({"id": 1}),
    ],
    ids=["refused_by_us", "refused_by_postgres", "rubbish", "giant", "unknown_stream", "wrong_shape"],
)
def test_on_bad_record_fail_ends_the_run(desk: Desk, bad: bytes) -> None:
    outcome = desk.load(raw_schema(), raw("good"), bad, on_bad_record="fail", max_record_mb=1)
    assert outcome.code == 1
    assert {run["status"] for run in desk.runs()} == {"failed"}
    assert desk.rejects() == []

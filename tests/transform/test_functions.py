"""The functions that clean a cell: exact, null for what cannot be read, and no cell makes them fail."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("transform-functions")

HOSTILE = [
    "", " ", "-", "--", "'", "''", "@", "a@", "@b.c", ".", ",", "()", "(-)", "1e400", "1E+15",
    "NaN", "Infinity", "0x1F", "9" * 5000, "1." * 500, "99/99/9999", "00/00/0000", "0000-00-00", "2024-02-30 24:60:60",
    "2024-01-01T00:00:00+99:99", "2024-01-01 :::", "12:00", "feb", "31 de febrero de 2024", "jan 32 2024", "🌸",
    "\u202e1.000", "%s", "\\", "null", "\u0661\u0662", "\u2460", "2024-01-01 10:00 America/Nowhere", "+", "+1", "utc+",
    "1-2", "01-feb", "#\u00a1REF!", "a\x01b",
]  # fmt: skip


@pytest.fixture(scope="module")
def functions(warehouse: Warehouse) -> Warehouse:
    warehouse.dbt("build", "--resource-type", "function")
    return warehouse


def call(functions: Warehouse, name: str, *values: Any) -> Any:
    return functions.value(f"select unified_internal.{name}({', '.join(['%s::text'] * len(values))})", *values)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("clean_text", ["  x \u00a0"], "x"),
        ("clean_text", ["'+525512345678"], "+525512345678"),
        ("clean_text", ["'7210448301122"], "7210448301122"),
        ("clean_text", ["'t Hooft"], "'t Hooft"),
        ("clean_text", ["#N/D"], None),
        ("normalize_email", [" Ana.Perez@Example.COM "], "ana.perez@example.com"),
        ("normalize_email", ["<ana@example.com>"], "ana@example.com"),
        ("normalize_email", ["ana+promo@gmail.com"], "ana+promo@gmail.com"),
        ("normalize_email", ["JOSÉ@Exämple.com"], "josé@exämple.com"),
        ("normalize_email", ["a@b, c@d.mx"], None),
        ("normalize_email", ["a..b@example.com"], None),
        ("normalize_email", ["ana@localhost"], None),
        ("normalize_name", ["PÉREZ (VIP), Ana 🌸"], "perez vip ana"),
        ("normalize_name", ["José-María"], "jose maria"),
        ("normalize_name", ["Иван"], "иван"),
        ("normalize_name", ["🌸"], None),
        ("normalize_identifier", [" cus_QXg1o8vc "], "cus_QXg1o8vc"),
        ("normalize_identifier", ["1.23457E+15"], None),
        ("parse_flag", ["VERDADERO"], True),
        ("parse_flag", ["não"], False),
        ("parse_flag", ["maybe"], None),
        ("parse_amount", ["1,234.56", "point"], Decimal("1234.56")),
        ("parse_amount", ["1.234,56", "comma"], Decimal("1234.56")),
        ("parse_amount", ["1\u202f234,56", "comma"], Decimal("1234.56")),
        ("parse_amount", ["$1,234.56 MXN", "point"], Decimal("1234.56")),
        ("parse_amount", ["R$ 1.234,50", "comma"], Decimal("1234.50")),
        ("parse_amount", ["(123.45)", "point"], Decimal("-123.45")),
        ("parse_amount", ["123.45-", "point"], Decimal("-123.45")),
        ("parse_amount", ["-$5", "point"], Decimal(-5)),
        ("parse_amount", ["\u221248,13", "comma"], Decimal("-48.13")),
        ("parse_amount", ["1.234", "ambiguous"], None),
        ("parse_amount", ["1234", "ambiguous"], Decimal(1234)),
        ("parse_amount", ["1.234,56", "point"], None),
        ("parse_amount", ["12345678901234567890.10", "point"], Decimal("12345678901234567890.10")),
    ],
)
def test_a_cell_is_read(functions: Warehouse, name: str, values: list[str], expected: Any) -> None:
    found = call(functions, name, *values)
    assert found == expected
    assert str(found) == str(expected)


@pytest.mark.parametrize(
    ("cell", "style", "zone", "expected"),
    [
        ("2026-07-10 18:37:41", None, None, "2026-07-10 18:37:41"),
        ("2026-06-08T10:28:39-07:00", None, None, "2026-06-08 17:28:39"),
        ("2026-06-08T10:28:39+0530", None, None, "2026-06-08 04:58:39"),
        ("2026-06-30T23:28:39.1-07:00", None, None, "2026-07-01 06:28:39.1"),
        ("2026-06-08T10:28:39.123Z", None, "America/Mexico_City", "2026-06-08 10:28:39.123"),
        ("10/02/2024 00:01:57", "dmy", "America/Chicago", "2024-02-10 06:01:57"),
        ("07/10/2024 00:01:57", "mdy", "America/Chicago", "2024-07-10 05:01:57"),
        ("10/02/24", "dmy", None, "2024-02-10 00:00:00"),
        ("10/02/2024", "ambiguous", None, None),
        ("10/02/2024", None, None, None),
        ("29/02/2023", "dmy", None, None),
        ("Jul 22 2026 02:09 PM", None, None, "2026-07-22 14:09:00"),
        ("22 de outubro de 2024", None, None, "2024-10-22 00:00:00"),
        ("12/31/1999 12:00 am", "mdy", None, "1999-12-31 00:00:00"),
        ("10/02/2024 00:01:57 GMT-03:00", "dmy", "UTC", "2024-02-10 03:01:57"),
        ("10/02/2024 00:01:57 XYZ", "dmy", None, None),
        ("2024-01-01 23:59:60", None, None, None),
    ],
)
def test_a_moment_is_read(
    functions: Warehouse, cell: str, style: str | None, zone: str | None, expected: str | None
) -> None:
    query = "select (unified_internal.parse_timestamp(%s, %s, %s) at time zone 'UTC')::text"
    found = functions.value(query, cell, style, zone)
    assert found == expected


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("clean_text", [[]]),
        ("normalize_email", [[]]),
        ("normalize_name", [[]]),
        ("normalize_identifier", [[]]),
        ("parse_flag", [[]]),
        ("parse_amount", [["point"], ["comma"], ["ambiguous"], [None]]),
        ("parse_date", [["dmy"], ["mdy"], [None]]),
        ("parse_clock", [[]]),
        ("parse_utc_offset", [[]]),
        ("parse_timestamp", [["dmy", "UTC"], ["mdy", None], [None, None]]),
        ("derive_uuid", [[]]),
    ],
)
def test_no_cell_makes_it_fail(functions: Warehouse, name: str, more: list[list[str | None]]) -> None:
    for cell, rest in itertools.product([*HOSTILE, None], more):
        call(functions, name, cell, *rest)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("json_number", "97.50", Decimal("97.50")),
        ("json_number", '"-13.79"', Decimal("-13.79")),
        ("json_number", '"12,5"', None),
        ("json_integer", "4900", 4900),
        ("json_integer", "49.5", None),
        ("json_integer", "1e30", None),
        ("json_flag", "true", True),
        ("json_flag", '"false"', False),
        ("json_id", '"cus_1"', "cus_1"),
        ("json_id", '{"id": "cus_1", "object": "customer"}', "cus_1"),
        ("json_id", "12345678901234567890", "12345678901234567890"),
        ("json_list", '["vip", null, 1]', ["vip", "1"]),
        ("json_name", '{"given_name": "Ana", "surname": null}', "Ana"),
        ("json_name", '{"alternate_full_name": "Shop"}', "Shop"),
        ("unix_time", "1234567890", datetime(2009, 2, 13, 23, 31, 30, tzinfo=UTC)),
        ("unix_time", "1e15", None),
    ],
)
def test_a_json_value_is_read(functions: Warehouse, name: str, value: str, expected: Any) -> None:
    found = functions.value(f"select unified_internal.{name}(%s::jsonb)", value)
    assert found == expected
    assert str(found) == str(expected)


def test_no_json_value_makes_it_fail(functions: Warehouse) -> None:
    values = ["null", "{}", "[]", "[[]]", '[null, 1, {"email": 1}, [{}]]', "1e400", "-1", '""', '"x"', "true", None]
    calls = [
        f"{name}(value)" for name in ("json_number", "json_integer", "json_flag", "json_id", "json_list", "json_name")
    ]
    calls += ["unix_time(value)", "json_pairs(value, 'id')", "collect_emails('a@b.mx', value)"]
    listed = ", ".join(f"unified_internal.{one}" for one in calls)
    for value in values:
        functions.rows(f"select {listed.replace('value', '%s::jsonb')}", *[value] * len(calls))


def test_ids_are_the_same_on_every_server(functions: Warehouse) -> None:
    assert str(call(functions, "derive_uuid", "x")) == "2d711642-b726-8044-8162-7ca9fbac32f5"


@pytest.mark.parametrize("edges", ["chain", "chain turned round", "star", "two rings"])
def test_what_hangs_together_is_one_component(functions: Warehouse, edges: str) -> None:
    pairs = {
        "chain": [(number, number + 1) for number in range(1, 500)],
        "chain turned round": [(number * 7919 % 1009, (number + 1) * 7919 % 1009) for number in range(1008)],
        "star": [(999, number) for number in range(1, 500)],
        "two rings": [(n, n % 9 + 1) for n in range(1, 10)] + [(n + 100, n % 9 + 101) for n in range(1, 10)],
    }[edges]
    query = "select node, component from unified_internal.connected_components(%s::bigint[], %s::bigint[])"
    found = {
        row["node"]: row["component"] for row in functions.rows(query, [a for a, _ in pairs], [b for _, b in pairs])
    }
    assert set(found) == {node for pair in pairs for node in pair}
    assert all(found[one] == found[other] for one, other in pairs)
    assert set(found.values()) == ({1, 101} if edges == "two rings" else {min(found)})

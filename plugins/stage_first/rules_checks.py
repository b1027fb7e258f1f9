"""What a rule must be before it is written down; everything else is a sentence that says what to type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tap_core.phones import PhoneReader

from stage_first.rules import effective, seeds, typed
from stage_first.settings import UsageError
from stage_first.sources import source_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    import psycopg

    from stage_first.rules import Row, Rule, Seed

COMMENT = "comment"
WANTED = {"integer": "a whole number", "boolean": "true or false"}
PLACES = ("id", "custom_field", "metadata")
FLAGS, NUMBERS = ("gmail_dots", "gmail_plus"), ("max_records",)
EMPTY_MEANS = {"exclusive": False, "per_account": False}
"""What a new kind is where nothing is said."""
OPTIONAL = {"max_names", "field"}
_KIND = re.compile(r"[a-z][a-z0-9_]*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+\d{6,15}")


def typed_cells(seed: Seed, cells: Mapping[str, str]) -> Row:
    """The cells in the types of their columns; those of the key are all there.

    Raises:
        UsageError: a column is unknown or missing, or a value is not of its type.
    """
    columns = [name for name in seed.types if name != COMMENT]
    unknown = [name for name in cells if name not in columns]
    if unknown:
        raise UsageError(f"{seed.name} has no column {unknown[0]!r}. It has: {', '.join(columns)}.")
    row = {name: _typed(seed, name, cell) for name, cell in cells.items()}
    missing = [name for name in seed.key if row.get(name) is None and name not in OPTIONAL]
    if missing:
        raise UsageError(f"Say which row of {seed.name} is meant: {' and '.join(f'{name}=...' for name in missing)}.")
    if "value" in seed.key:
        row["value"] = _compared(str(row["kind"]), str(row["value"]))
    return row


def _typed(seed: Seed, name: str, cell: str) -> Any:
    try:
        return typed(seed.types[name], cell)
    except ValueError:
        raise UsageError(f"{name} is {cell!r}: give {WANTED[seed.types[name]]}.") from None


def _compared(kind: str, value: str) -> str:
    """A value in the form in which values are compared.

    Raises:
        UsageError: it is no e-mail or no phone number.
    """
    if kind == "email":
        if not _EMAIL.fullmatch(value):
            raise UsageError(f"{value!r} is no e-mail address.")
        return value.lower()
    if kind == "phone_e164":
        number = PhoneReader().read(value) or value
        if not _PHONE.fullmatch(number):
            raise UsageError(f"{value!r} is no phone number: write it with + and the country, like +525512345678.")
        return number
    return value


def check_row(connection: psycopg.Connection[Any], seed: Seed, row: Row) -> None:
    """Check a row that is to stand.

    Raises:
        UsageError: it cannot.
    """
    empty = [name for name in seed.types if row.get(name) is None and name not in {*OPTIONAL, COMMENT}]
    if empty and seed.name != "identity_options":
        raise UsageError(f"Say {' and '.join(f'{name}=...' for name in empty)} too: {seed.name} needs it.")
    if "source" in seed.types:
        source_named(str(row["source"]))
    if seed.name in _CHECKS:
        _CHECKS[seed.name](connection, row)


def _check_kind(_connection: psycopg.Connection[Any], row: Row) -> None:
    if not _KIND.fullmatch(str(row["kind"])):
        raise UsageError(f"{row['kind']!r} cannot be a kind: use small letters, digits and _, like loyalty_number.")
    if isinstance(limit := row.get("max_names"), int) and limit < 1:
        raise UsageError("max_names must be 1 or more; leave it empty (max_names=) for no limit.")


def _check_ruled(connection: psycopg.Connection[Any], row: Row) -> None:
    kinds = [str(rule.row["kind"]) for rule in effective(connection, seeds()["identity_rules"]) if rule.row]
    if row["kind"] not in kinds:
        raise UsageError(f"There is no kind {row['kind']!r}. There are: {', '.join(kinds)}.")


def _check_field(connection: psycopg.Connection[Any], row: Row) -> None:
    if row["place"] not in PLACES:
        raise UsageError(f"place is {row['place']!r}: give {', '.join(PLACES)}.")
    if (row["place"] == "id") == (row.get("field") is not None):
        raise UsageError("field=... names the custom field or the key of metadata; place=id has none.")
    _check_ruled(connection, row)


def _check_option(_connection: psycopg.Connection[Any], row: Row) -> None:
    option, value = row["option"], str(row.get("value") or "")
    if option not in (*FLAGS, *NUMBERS):
        raise UsageError(f"There is no option {option!r}. There are: {', '.join((*FLAGS, *NUMBERS))}.")
    if option in FLAGS and value not in {"true", "false"}:
        raise UsageError(f"{option} is {value!r}: give true or false.")
    if option in NUMBERS and value and not (value.isdecimal() and int(value) > 0):
        raise UsageError(f"{option} is {value!r}: give a whole number, or nothing for no limit.")


def check_all(seed: Seed, rules: list[Rule]) -> None:
    """Check the rows of a seed together.

    Raises:
        UsageError: two of them cannot both stand.
    """
    kinds: dict[Any, Any] = {}
    for row in (rule.row for rule in rules if rule.row and seed.name == "identity_rules"):
        other = kinds.setdefault(row["priority"], row["kind"])
        if other != row["kind"]:
            raise UsageError(
                f"{other} and {row['kind']} would both have priority {row['priority']}: choose another one."
            )


_CHECKS: dict[str, Callable[[psycopg.Connection[Any], Row], None]] = {
    "identity_rules": _check_kind,
    "blocked_identifiers": _check_ruled,
    "identifier_fields": _check_field,
    "identity_options": _check_option,
}

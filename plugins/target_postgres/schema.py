"""From a JSON schema to columns: names that Postgres can hold and types that lose nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

MAX_NAME_BYTES = 63
EXTRA_COLUMN = "_extra"
RELIST_COLUMN = "_relist_version"
RESERVED_NAMES = {
    *("_first_loaded_at", "_loaded_at", "_run_id", "_batch_id", "_deleted_at", EXTRA_COLUMN, RELIST_COLUMN),
    *("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"),
}
"""The loader's own columns, stored or on their way, and those that every table of Postgres has."""
DELETED_PROPERTY = "_sdc_deleted_at"
RAW_PROPERTIES = {"account", "id", "created_at", "updated_at", "record", "phones", "origin"}

_SCALARS = {"string": "text", "integer": "bigint", "number": "numeric", "boolean": "boolean"}
_FORMATS = {"date-time": "timestamptz", "date": "date"}
_WIDER = {("bigint", "numeric"): "numeric", ("numeric", "bigint"): "numeric"}


@dataclass(frozen=True)
class Column:
    """One column: its name in Postgres, its type, and the property that fills it."""

    name: str
    type: str
    source: str


def is_raw(schema: dict[str, Any], key_properties: list[str]) -> bool:
    """Whether the stream has the one shape of our taps."""
    return key_properties == ["account", "id"] and {*schema["properties"]} - {DELETED_PROPERTY} == RAW_PROPERTIES


def columns_of(schema: dict[str, Any]) -> list[Column]:
    """The columns of a typed stream, in the order of the schema."""
    properties = {source: kind for source, kind in schema["properties"].items() if source != DELETED_PROPERTY}
    names = _column_names(list(properties))
    return [Column(names[source], column_type(kind), source) for source, kind in properties.items()]


def _column_names(sources: list[str]) -> dict[str, str]:
    """A name for each property, each once; who has to give way does not depend on the schema's order."""
    names: dict[str, str] = {}
    for source in sorted(sources, key=lambda source: (column_name(source) != source, source)):
        name = column_name(source)
        while name in names.values():
            name = short_name(name + "_")
        names[source] = name
    return names


def column_type(definition: Any) -> str:
    """The Postgres type of a property; a mixture becomes text, or jsonb if it may hold an object."""
    kinds, formats = _kinds(definition)
    kinds.discard("null")
    if not kinds or kinds & {"object", "array"}:
        return "jsonb"
    if kinds == {"string"}:
        found = {_FORMATS.get(name or "", "text") for name in formats} or {"text"}
        return found.pop() if len(found) == 1 else "text"
    if kinds == {"integer", "number"}:
        return "numeric"
    return _SCALARS.get(kinds.pop(), "text") if len(kinds) == 1 else "text"


def _kinds(definition: Any) -> tuple[set[str], set[str | None]]:
    """All JSON types that a property may have, and the formats of its strings."""
    if not isinstance(definition, dict):
        return set(), set()
    declared = definition.get("type", [])
    kinds = {declared} if isinstance(declared, str) else set(declared)
    formats: set[str | None] = {definition.get("format")} if "string" in kinds else set()
    for option in [*(definition.get("anyOf") or []), *(definition.get("oneOf") or [])]:
        more_kinds, more_formats = _kinds(option)
        kinds |= more_kinds
        formats |= more_formats
    return kinds, formats


def wider(present: str, wanted: str) -> str:
    """The type that holds the values of both; `present` itself where it already does."""
    if present == wanted:
        return present
    if "jsonb" in (present, wanted):
        return "jsonb"
    return _WIDER.get((present, wanted), "text")


def column_name(source: str) -> str:
    """A column's name; never a reserved one."""
    name = source or "_"
    return short_name(f"{name}_" if name in RESERVED_NAMES else name)


def short_name(name: str) -> str:
    """The name itself, or its beginning and a hash where Postgres would refuse it or cut it silently."""
    encoded = name.encode()
    if len(encoded) <= MAX_NAME_BYTES and "\0" not in name:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    return encoded.replace(b"\0", b"")[: MAX_NAME_BYTES - 9].decode("utf-8", "ignore") + "_" + digest

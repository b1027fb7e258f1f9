"""Reads and changes JSON objects without decoding what is not asked for, so that every digit stays as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


def encode(value: Any) -> msgspec.Raw:
    """Return JSON text; `msgspec.Raw` inside is kept."""
    return msgspec.Raw(msgspec.json.encode(value))


def on_one_line(value: msgspec.Raw) -> msgspec.Raw:
    """Return the JSON text without line breaks, which would end a Singer message."""
    return msgspec.Raw(msgspec.json.format(bytes(value), indent=-1)) if b"\n" in bytes(value) else value


def without(record: msgspec.Raw, paths: Iterable[Sequence[str]]) -> msgspec.Raw:
    """Return the object without the members at the paths; arrays on the way are looked through."""
    for path in paths:
        record = _without_one(record, path)
    return record


def value_at(record: Any, path: Sequence[str]) -> Any:
    """The value at a path of a decoded object, None if there is none."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def texts_at(value: Any, path: Sequence[str]) -> list[str]:
    """The texts at a path of a decoded object; lists on the way, and at its end, are looked through."""
    if isinstance(value, list):
        return [text for item in value for text in texts_at(item, path)]
    if path:
        return texts_at(value.get(path[0]), path[1:]) if isinstance(value, dict) else []
    return [value] if isinstance(value, str) else []


def _without_one(value: msgspec.Raw, path: Sequence[str]) -> msgspec.Raw:
    name, rest = path[0], path[1:]
    if f'"{name}"'.encode() not in bytes(value):
        return value
    if kind_of(value) == b"[":
        return encode([_without_one(item, path) for item in decode_items(value)])
    if kind_of(value) != b"{":
        return value
    members = decode_members(value)
    if name in members:
        if rest:
            members[name] = _without_one(members[name], rest)
        else:
            del members[name]
    return encode(members)


def kind_of(value: msgspec.Raw) -> bytes:
    """The first character: `{`, `[`, `"`, ..."""
    return bytes(value)[:64].lstrip()[:1]

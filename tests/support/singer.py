"""Builds Singer lines, so that a test shows what a tap sent and nothing else."""

from __future__ import annotations

import json
from typing import Any

from tap_core.raw import RAW_KEY, RAW_SCHEMA

STREAM = "people"


def line(**message: Any) -> bytes:
    """Any message."""
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")


def schema(properties: dict[str, Any], keys: list[str] | None = None, stream: str = STREAM) -> bytes:
    """SCHEMA of a typed stream; a property may be given by the name of its type alone."""
    full = {name: {"type": [kind, "null"]} if isinstance(kind, str) else kind for name, kind in properties.items()}
    return line(type="SCHEMA", stream=stream, schema={"type": "object", "properties": full}, key_properties=keys or [])


def raw_schema(stream: str = STREAM) -> bytes:
    """SCHEMA of a raw stream."""
    return line(type="SCHEMA", stream=stream, schema=RAW_SCHEMA, key_properties=list(RAW_KEY))


def record(values: dict[str, Any], stream: str = STREAM, **more: Any) -> bytes:
    """RECORD of a typed stream."""
    return line(type="RECORD", stream=stream, record=values, **more)


def raw(own_id: str, content: Any = None, stream: str = STREAM, version: int | None = None, **more: Any) -> bytes:
    """RECORD of a raw stream."""
    values = {"account": "main", "id": own_id, "record": {"name": own_id} if content is None else content, **more}
    return record(values, stream, **({} if version is None else {"version": version}))


def raw_text(own_id: str, content: str | bytes, stream: str = STREAM) -> bytes:
    """RECORD of a raw stream whose `record` is written as given, byte for byte."""
    text = content.encode() if isinstance(content, str) else content
    head = f'{{"type":"RECORD","stream":"{stream}","record":{{"account":"main","id":"{own_id}","record":'
    return head.encode() + text + b"}}"


def state(bookmark: Any, stream: str = STREAM) -> bytes:
    """STATE of one stream."""
    return line(type="STATE", value={"bookmarks": {stream: bookmark}})


def finished(done: bool = True, **progress: Any) -> bytes:
    """The STATE by which our taps say whether they sent everything."""
    return line(type="STATE", value={"bookmarks": {}, "progress": {**progress, "finished": done}})


def activate(version: int, stream: str = STREAM, account: str | None = None, since: int | None = None) -> bytes:
    """ACTIVATE_VERSION of a whole stream, or of one account, or of what it has since a moment."""
    more = {name: value for name, value in (("account", account), ("since", since)) if value is not None}
    return line(type="ACTIVATE_VERSION", stream=stream, version=version, **more)

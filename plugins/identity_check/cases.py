"""A folder of cases: `rules.json`, and `worlds.jsonl` with a world a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from identity_check.worlds import Record, Rules, World
from identity_check.written import (
    CaseError,
    as_limit,
    as_list,
    as_moment,
    as_object,
    as_text,
    as_tuples,
    json_object,
    text_of,
    told_where,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULES = "rules.json"
WORLDS = "worlds.jsonl"
_IDENTIFIER = ("kind", "value")
_DECISIONS = {
    "same": ("record key", "record key"),
    "different": ("record key", "record key"),
    "not_theirs": ("record key", "kind", "value"),
    "shared": _IDENTIFIER,
    "blocked": _IDENTIFIER,
    "later": ("business", "kind", "value"),
}


@dataclass(frozen=True)
class Case:
    """A line of `worlds.jsonl`."""

    name: Any
    world: World


def read_rules(folder: Path) -> Rules:
    """The rules that hold in every world of the folder.

    Raises:
        CaseError: the file is missing or has another form.
    """
    with told_where(str(folder / RULES)):
        written = json_object(text_of(folder / RULES), "the file")
        order = tuple(as_text(kind, "a kind in `order`") for kind in as_list(written.get("order"), "`order`"))
        if not order or len(set(order)) < len(order):
            raise CaseError("`order` must list the kinds of identifiers, each once, the strongest first.")
        limits = as_object(written.get("max_names") or {}, "`max_names`")
        return Rules(
            order=order,
            exclusive=frozenset(as_list(written.get("exclusive"), "`exclusive`")),
            max_names={kind: as_limit(limit, f"`max_names` of {kind}") for kind, limit in limits.items()},
            blocked=as_tuples(written.get("blocked"), "`blocked`", _IDENTIFIER),
            max_records=as_limit(written.get("max_records"), "`max_records`"),
        )


def read_worlds(folder: Path) -> Iterator[Case]:
    """The worlds, line by line.

    Raises:
        CaseError: a line has another form than it should.
    """
    path = folder / WORLDS
    with told_where(str(path)):
        lines = text_of(path).split("\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            with told_where(f"{path}, line {number}"):
                case = _case(line)
            yield case


def _case(line: str) -> Case:
    written = json_object(line, "a world")
    if "world" not in written:
        raise CaseError("`world`, the name of the world, is missing.")
    return Case(written["world"], world_of(written))


def world_of(written: dict[str, Any]) -> World:
    """The world that a JSON object describes; whatever it does not tell is empty."""
    records = [as_object(record, "a record") for record in as_list(written.get("records"), "`records`")]
    moments = [as_moment(record.get("first_loaded")) for record in records]
    places = {moment: place for place, moment in enumerate(sorted(set(moments)))}
    read = tuple(_record(record, places[moment]) for record, moment in zip(records, moments, strict=True))
    keys = [record.key for record in read]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise CaseError(f"the key {twice!r} stands for two records, but keys are unique within a world.")
    decisions: dict[str, Any] = {
        field: as_tuples(written.get(field), f"`{field}`", parts) for field, parts in _DECISIONS.items()
    }
    return World(read, **decisions)


def _record(written: dict[str, Any], first_loaded: int) -> Record:
    return Record(
        key=as_text(written.get("key"), "`key` of a record"),
        first_loaded=first_loaded,
        name=as_text(written.get("name") or "", "`name`", may_be_empty=True),
        business=as_text(written.get("business") or "main", "`business`"),
        identifiers=as_tuples(written.get("identifiers"), "`identifiers`", _IDENTIFIER),
    )

"""Holds the resolver's answers against the reference and shows the smallest world that differs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from identity.histories import DECISIONS
from identity.reference import resolve
from identity_check.results import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from identity_check.worlds import Rules, World


def first_difference(answers: Iterable[tuple[World, dict[str, Any]]], rules: Rules) -> str:
    """Nothing, or the smallest world that was resolved otherwise, as a line of `worlds.jsonl`, and both results."""
    expected = ((world, found | {"world": ""}, as_json("", resolve(world, rules))) for world, found in answers)
    wrong = [answer for answer in expected if answer[1] != answer[2]]
    if not wrong:
        return ""
    world, found, right = min(wrong, key=lambda answer: size(answer[0]))
    lines = f"{len(wrong)} worlds differ, the smallest is this:", json.dumps(as_line(world)), "It was resolved as:"
    return "\n".join([*lines, json.dumps(found), "and not as:", json.dumps(right)])


def size(world: World) -> int:
    """Records, identifiers and decisions."""
    return len(json.dumps(as_line(world)))


def as_line(world: World) -> dict[str, Any]:
    """The world as a line of `worlds.jsonl`."""
    return {
        "world": "differs",
        "records": [
            {
                "key": record.key,
                "first_loaded": record.first_loaded,
                "name": record.name,
                "business": record.business,
                "identifiers": sorted(map(list, record.identifiers)),
            }
            for record in world.records
        ],
        **{field: sorted(map(list, getattr(world, field))) for field in DECISIONS if getattr(world, field)},
    }

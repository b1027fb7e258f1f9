"""How the records of a client hang together: the shortest way from the founding record to each."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stage_first.decisions_checks import SAME, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stage_first.decisions import Decision
    from stage_first.explain_rows import Holding, RecordRow


@dataclass(frozen=True)
class Ways:
    """By which link and from which record each record was reached; a way is put together when it is asked for."""

    came_from: dict[str, tuple[str, str] | None]

    def to(self, record_key: str) -> list[str]:
        """Founding record, link, record, link... up to this record; links are values or decisions."""
        way, step = [record_key], self.came_from.get(record_key)
        while step is not None:
            way += step
            step = self.came_from[step[1]]
        return way[::-1]


def ways(records: list[RecordRow], holdings: list[Holding], decisions: Iterable[Decision]) -> Ways:
    """The shortest way to each record from the founding one; a client may be a very long chain."""
    links = _links(records, holdings, decisions)
    of_record: dict[str, list[str]] = {}
    for link, keys in links.items():
        for key in keys:
            of_record.setdefault(key, []).append(link)
    came_from: dict[str, tuple[str, str] | None] = {record.record_key: None for record in records if record.is_founding}
    waiting = deque(came_from)
    while waiting:
        here = waiting.popleft()
        for link in of_record.get(here, []):
            new = [key for key in links.pop(link, []) if key not in came_from]
            came_from.update(dict.fromkeys(new, (link, here)))
            waiting.extend(new)
    return Ways(came_from)


def _links(records: list[RecordRow], holdings: list[Holding], decisions: Iterable[Decision]) -> dict[str, list[str]]:
    """The decisions "same person" and the values that count, the strongest first, each with the records it links."""
    keys = {record.record_number: record.record_key for record in records}
    known = set(keys.values())
    links: dict[str, list[str]] = {}
    for pair in pairs(decisions, SAME):
        if {pair.one, pair.other} <= known:
            links[f"decision {pair.number}"] = [pair.one, pair.other]
    for holding in holdings:
        if holding.excluded is None and holding.record_number in keys:
            links.setdefault(f"{holding.kind} {holding.value}", []).append(keys[holding.record_number])
    return links

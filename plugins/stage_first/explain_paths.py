"""How the records of a client hang together: the shortest way from the founding record to each."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from stage_first.decisions_checks import SAME, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stage_first.decisions import Decision
    from stage_first.explain_rows import Holding, RecordRow


def paths(records: list[RecordRow], holdings: list[Holding], decisions: Iterable[Decision]) -> dict[str, list[str]]:
    """For each record by its key the way to it: founding record, link, record...; links are values or decisions."""
    links = _links(records, holdings, decisions)
    found = {record.record_key: [record.record_key] for record in records if record.is_founding}
    waiting, used = deque(found), set[str]()
    of_record: dict[str, list[str]] = {}
    for link, keys in links.items():
        for key in keys:
            of_record.setdefault(key, []).append(link)
    while waiting:
        here = waiting.popleft()
        for link in of_record.get(here, []):
            if link not in used:
                used.add(link)
                new = [key for key in links[link] if key not in found]
                found.update({key: [*found[here], link, key] for key in new})
                waiting.extend(new)
    return found


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

"""The picture of why records are one client: records on the left, on the right what they have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stage_first.decisions_checks import SAME, pairs

if TYPE_CHECKING:
    from stage_first.explain import Explanation
    from stage_first.explain_rows import Holding, RecordRow

MOST_RECORDS = 8
MOST_LINKS = 8
WIDTH, BOX_WIDTH, BOX_HEIGHT, STEP, MARGIN = 420, 176, 40, 52, 2
_LETTERS = 20


@dataclass(frozen=True)
class Box:
    """One record, value or decision in the picture."""

    x: int
    y: int
    title: str
    below: str
    tone: str
    width: int = BOX_WIDTH
    height: int = BOX_HEIGHT

    @property
    def middle(self) -> int:
        """Where its lines begin."""
        return self.y + self.height // 2


@dataclass(frozen=True)
class Line:
    """From a record to what it holds; one that does not count is broken."""

    start: int
    end: int
    counts: bool

    @property
    def path(self) -> str:
        """The curve."""
        left, right = MARGIN + BOX_WIDTH, WIDTH - MARGIN - BOX_WIDTH
        middle = (left + right) // 2
        return f"M{left} {self.start} C{middle} {self.start} {middle} {self.end} {right} {self.end}"


@dataclass(frozen=True)
class Link:
    """What several records have in common: a value, or a decision."""

    kind: str
    value: str
    record_keys: list[str]
    excluded: str | None = None
    is_contested: bool = False

    @property
    def tone(self) -> str:
        """How it is drawn."""
        return "out" if self.excluded else "contested" if self.is_contested else "link"


@dataclass(frozen=True)
class Graph:
    """All boxes and lines, and how much was left out."""

    records: list[Box] = field(default_factory=list)
    links: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    records_left_out: int = 0
    links_left_out: int = 0

    @property
    def height(self) -> int:
        """Of the whole picture."""
        return max(len(self.records), len(self.links), 1) * STEP - (STEP - BOX_HEIGHT) + 2 * MARGIN

    width: int = WIDTH


def links_of(explanation: Explanation, contested: set[tuple[str, str]]) -> list[Link]:
    """What holds the records together, then what does not count; of a single record all that it holds."""
    keys = {record.record_number: record.record_key for record in explanation.records}
    held: dict[tuple[str, str], list[Holding]] = {}
    for holding in explanation.holdings:
        held.setdefault((holding.kind, holding.value), []).append(holding)
    links = [
        Link(kind, value, [keys[one.record_number] for one in some], some[0].excluded, (kind, value) in contested)
        for (kind, value), some in held.items()
        if len(some) > 1 or len(keys) == 1 or some[0].excluded or (kind, value) in contested
    ]
    known = set(keys.values())
    decided = [
        Link(SAME, str(pair.number), [pair.one, pair.other])
        for pair in pairs([one for one in explanation.decisions if one.is_applied], SAME)
        if {pair.one, pair.other} <= known
    ]
    return decided + sorted(links, key=lambda link: link.excluded is not None)


def graph_of(explanation: Explanation, links: list[Link], kind_names: dict[str, str]) -> Graph:
    """Where everything stands; the founding record on top, then those that are nearest to it."""
    by_key = {record.record_key: record for record in explanation.records}
    order = [key for key in explanation.ways.came_from if key in by_key]
    order += [key for key in by_key if key not in explanation.ways.came_from]
    shown = order[:MOST_RECORDS]
    drawn = [link for link in links if set(link.record_keys) & set(shown)]
    rows = max(len(shown), len(drawn[:MOST_LINKS]))
    records = [_record_box(by_key[key], _y(place, len(shown), rows)) for place, key in enumerate(shown)]
    boxes = [
        Box(WIDTH - MARGIN - BOX_WIDTH, _y(place, len(drawn[:MOST_LINKS]), rows), _cut(link.value),
            _cut(kind_names.get(link.kind, link.kind)), link.tone)
        for place, link in enumerate(drawn[:MOST_LINKS])
    ]  # fmt: skip
    lines = [
        Line(records[shown.index(key)].middle, box.middle, link.excluded is None)
        for link, box in zip(drawn, boxes, strict=False)
        for key in link.record_keys
        if key in shown
    ]
    return Graph(records, boxes, lines, len(order) - len(shown), len(links) - len(boxes))


def _record_box(record: RecordRow, y: int) -> Box:
    place = f"{record.source} · {record.kind}"
    tone = "founding" if record.is_founding else "gone" if record.deleted_at else "record"
    title = record.name or next(iter(record.emails or record.phones or []), record.id)
    return Box(MARGIN, y, _cut(title), _cut(place), tone)


def _y(place: int, count: int, rows: int) -> int:
    """Each column stands in the middle."""
    return MARGIN + (rows - count) * STEP // 2 + place * STEP


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"

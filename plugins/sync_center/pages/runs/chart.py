"""The timeline: two rows of bars over the last days, what came in and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_center.pages.runs.listing import Day

STEP = 20
BAR = 14
HEIGHT = 100
LEAST = 2.0


@dataclass(frozen=True)
class Bar:
    """A bar of one day; heights are parts of a hundred."""

    day: Day
    x: int
    rows: float
    seconds: float


@dataclass(frozen=True)
class Chart:
    """All bars, and what the highest stand for."""

    bars: list[Bar]
    most_rows: int
    most_seconds: float

    @property
    def width(self) -> int:
        """In the units of the bars."""
        return STEP * len(self.bars)


def chart_of(days: Sequence[Day]) -> Chart:
    """The bars of these days."""
    most_rows, most_seconds = max((day.rows for day in days), default=0), max((day.seconds for day in days), default=0)
    bars = [
        Bar(day, number * STEP + (STEP - BAR) // 2, _height(day.rows, most_rows), _height(day.seconds, most_seconds))
        for number, day in enumerate(days)
    ]
    return Chart(bars, most_rows, most_seconds)


def _height(value: float, most: float) -> float:
    return max(LEAST, round(HEIGHT * value / most, 1)) if value and most else 0.0

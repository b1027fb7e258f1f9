"""What a measure found, beside its goal, kept in `results.json`."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("results.json")


@dataclass
class Result:
    """One row of the table that `make bench` prints."""

    key: str
    what: str
    value: float
    goal: str
    met: bool
    samples: list[float] = field(default_factory=list)
    note: str = ""

    def line(self) -> str:
        """Goal, figure, met or not."""
        mark = "met" if self.met else "NOT MET"
        return f"{self.key:24} {self.value:8.2f}   goal {self.goal:8} {mark:8} {self.what} {self.note}"


def at_most(key: str, what: str, samples: list[float], goal: float, note: str = "") -> Result:
    """A figure that should be small."""
    value = statistics.median(samples)
    return Result(key, what, round(value, 3), f"<= {goal:g}", value <= goal, [round(s, 3) for s in samples], note)


def at_least(key: str, what: str, samples: list[float], goal: float, note: str = "") -> Result:
    """A figure that should be large."""
    value = statistics.median(samples)
    return Result(key, what, round(value, 3), f">= {goal:g}", value >= goal, [round(s, 3) for s in samples], note)


def save(results: list[Result]) -> None:
    """Put these results into the file; those of other measures stay."""
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    kept.update({result.key: asdict(result) for result in results})
    FILE.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")

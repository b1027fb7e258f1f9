"""What there is to ask ManyChat for, since it lists nobody: ids, e-mails, phones and values of custom fields."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tap_core.errors import RefusedRequestError
from tap_core.intervals import from_text, to_text

from tap_manychat.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ID, EMAIL, PHONE, FIELD = "subscriber_id", "email", "phone", "field"
NEVER, FOUND, MISSING, FAILED = "never", "found", "missing", "failed"
"""What is known of a seed: FAILED is an answer that says neither found nor not found."""
_ID_HEADERS = ("subscriber id", "manychat subscriber id", "manychat id", "id de suscriptor", "id do assinante", "id")


class Seed(NamedTuple):
    """One question; `was` is what the last answer said."""

    kind: str
    value: str
    origin: str
    was: str = NEVER
    is_stored: bool = False
    """Whether a subscriber of this id is in the warehouse: only then can it be gone."""

    @property
    def id(self) -> str:
        """The key of its row in `lookups`."""
        return f"{self.kind}:{self.value}"


class Seeds(Protocol):
    """A queue: never tried first, then that which was tried longest ago."""

    coverage: Coverage

    def due(self) -> Iterator[Seed]:
        """Yield what is to be asked in this run."""
        ...

    def answered(self, seed: Seed, outcome: str) -> None:
        """Count an answer that is about to be stored."""
        ...

    def bookmark(self) -> dict[str, Any]:
        """What a person reads, and the next run where there is no warehouse, once the answers so far are stored."""
        ...

    def not_stored(self, identities: Iterable[str]) -> set[str]:
        """Give those of the ids that the warehouse does not have."""
        ...

    def close(self) -> None:
        """Nothing more is asked of the queue."""
        ...


class ListedSeeds:
    """Seeds of the settings alone, one round of all in each `reread` milliseconds; the bookmark knows how far it is."""

    def __init__(self, seeds: list[Seed], bookmark: Mapping[str, Any], now: int, reread: int) -> None:
        self._seeds = seeds
        done: int = bookmark.get("asked", 0)
        began: str = bookmark.get("round_began", to_text(now))
        failed: list[str] = bookmark.get("failed", [])
        counts = {FOUND: bookmark.get("found", 0), MISSING: bookmark.get("missing", 0), FAILED: len(failed)}
        is_same = sum(counts.values()) == done <= len(seeds)
        is_same = is_same and bookmark.get("digest", _digest([])) == _digest(seeds[:done])
        is_over = done == len(seeds) and now - from_text(began) >= reread
        goes_on = is_same and not is_over
        self._done = done if goes_on else 0
        self._failed = set(failed) if goes_on else set()
        self._began = began if self._done else to_text(now)
        left = len(seeds) - self._done
        known = {**(counts if goes_on else {}), NEVER: left}
        self.coverage = Coverage(known, left + len(self._failed), from_text(self._began))

    def due(self) -> Iterator[Seed]:
        """Yield what had no clear answer in this round, and what is left of it."""
        done = self._done
        again = [seed._replace(was=FAILED) for seed in self._seeds[:done] if seed.id in self._failed]
        yield from again
        yield from self._seeds[done:]

    def answered(self, seed: Seed, outcome: str) -> None:
        """Count an answer."""
        self.coverage.move(seed.was, outcome)
        self._done += seed.was == NEVER
        (self._failed.add if outcome == FAILED else self._failed.discard)(seed.id)

    def bookmark(self) -> dict[str, Any]:
        """How far the round is, and a digest of what was asked: a list that only grew goes on where it was."""
        return {
            "round_began": self._began,
            "asked": self._done,
            "of": len(self._seeds),
            "found": self.coverage.count(FOUND),
            "missing": self.coverage.count(MISSING),
            "failed": sorted(self._failed),
            "digest": _digest(self._seeds[: self._done]),
        }

    def not_stored(self, identities: Iterable[str]) -> set[str]:
        """Nothing is known of a warehouse."""
        return set(identities)

    def close(self) -> None:
        """There is nothing to give back."""


def _digest(seeds: Iterable[Seed]) -> str:
    return hashlib.sha256("\n".join(seed.id for seed in seeds).encode()).hexdigest()[:16]


def field_seeds(sweeps: Iterable[Mapping[str, Any]]) -> list[Seed]:
    """The questions of the setting `sweep_fields`.

    Raises:
        RefusedRequestError: an entry cannot be understood.
    """
    seeds: dict[str, None] = {}
    for sweep in sweeps:
        try:
            values = sweep["values"] if "values" in sweep else range(int(sweep["first"]), int(sweep["last"]) + 1)
            seeds |= dict.fromkeys(f"{int(sweep['field_id'])}={value}" for value in values)
        except (KeyError, TypeError, ValueError) as error:
            raise RefusedRequestError(
                f"sweep_fields: {dict(sweep)} needs field_id and either values (a list) or first and last (numbers)."
            ) from error
    return [Seed(FIELD, value, "sweep_fields") for value in seeds]


def file_seeds(path: str) -> list[Seed]:
    """The ids of the setting `subscriber_ids_file`, each once: one a line, or a column of a CSV file.

    Raises:
        RefusedRequestError: there is no such file, or something in it is no id.
    """
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise RefusedRequestError(f"subscriber_ids_file: {path} cannot be read ({error}).") from error
    rows = [row for row in csv.reader(lines, delimiter=_delimiter(lines)) if any(cell.strip() for cell in row)]
    headers = [cell.strip().lower().replace("_", " ") for cell in rows[0]] if rows else []
    column = next((headers.index(name) for name in _ID_HEADERS if name in headers), None)
    cells = [row[column or 0].strip() if len(row) > (column or 0) else "" for row in rows[column is not None :]]
    if wrong := [cell for cell in cells if not (cell.isascii() and cell.isdecimal())]:
        raise RefusedRequestError(
            f"subscriber_ids_file: {path} holds {len(wrong)} lines without a subscriber id, for instance {wrong[0]!r}. "
            "It needs one id a line, or a CSV file with a column Subscriber ID."
        )
    return [Seed(ID, identity, "subscriber_ids_file") for identity in dict.fromkeys(cells)]


def _delimiter(lines: list[str]) -> str:
    first = lines[0] if lines else ""
    return max(",;\t", key=first.count)

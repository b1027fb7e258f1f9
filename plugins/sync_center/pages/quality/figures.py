"""The figures of all rows: counted in the background when something has changed, and kept until it does again."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import PoolTimeout

from sync_center.database import fetch

if TYPE_CHECKING:
    from sync_center.database import Connection, Database, Row
    from sync_center.panel import Panel

MOST_EXAMPLES = 1000
SECONDS_BETWEEN = 60
"""While a download commits batch after batch, the figures may be so old."""
_ALLOWED = "set local statement_timeout = '120s'; set local work_mem = '64MB'; set local jit to off"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Figures:
    """What was counted; groups are rows with `number`, examples those that no index would find quickly."""

    counted_at: datetime
    groups: dict[str, list[Row]]
    examples: dict[str, list[Row]]

    def total(self, topic: str) -> int:
        """How many of a topic there are."""
        return sum(row["number"] for row in self.groups.get(topic, []))


@dataclass
class Keeper:
    """The figures of one panel."""

    figures: Figures | None = None
    _state: Any = None
    _tried_at: float = float("-inf")
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_counting(self) -> bool:
        """Whether newer ones are on their way."""
        return self._thread is not None and self._thread.is_alive()

    def look(self, database: Database) -> Figures | None:
        """The figures as they are known; newer ones are counted, if there is news, and are there at a later look."""
        state = database.row("quality", "state")
        with self._lock:
            is_due = self.figures is None or time.monotonic() - self._tried_at > SECONDS_BETWEEN
            if state != self._state and is_due and not self.is_counting:
                self._tried_at = time.monotonic()
                self._thread = threading.Thread(target=self._count, args=[database, state], daemon=True, name="quality")
                self._thread.start()
        return self.figures

    def _count(self, database: Database, state: Row) -> None:
        try:
            with database.connection() as connection, connection.transaction():
                connection.execute("set transaction read only")
                connection.execute(_ALLOWED)
                self.figures = count(connection, is_unified=state["is_unified"])
                self._state = state
        except (psycopg.Error, PoolTimeout) as error:  # the next look tries again
            _log.warning("The quality of the data could not be counted: %s", type(error).__name__)


def keeper_of(panel: Panel) -> Keeper:
    """The keeper of that panel."""
    found: Keeper = panel.known.setdefault("quality", Keeper())
    return found


def count(connection: Connection, *, is_unified: bool) -> Figures:
    """Count everything; before the first unify, only what is in staging."""
    groups = {"rejects": fetch(connection, "quality", "rejects")}
    examples = {"phones": fetch(connection, "quality", "phones", most=MOST_EXAMPLES)}
    if is_unified:
        groups |= {name: fetch(connection, "quality", name) for name in ("shared", "unidentifiable")}
        examples["duplicates"] = fetch(connection, "quality", "duplicates", most=MOST_EXAMPLES)
    groups["phones"] = _groups(examples["phones"], "source", "stream")
    groups["duplicates"] = _groups(examples.get("duplicates", []), "source", "kind")
    return Figures(datetime.now(UTC), groups, examples)


def _groups(rows: list[Row], *columns: str) -> list[Row]:
    """Of each group its first row, which knows the number of all."""
    first = {tuple(row[column] for column in columns): row for row in reversed(rows)}
    return sorted(first.values(), key=lambda row: -row["number"])

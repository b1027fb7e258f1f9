"""What a person at the terminal sees while it runs."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_postgres.batch import Counts
    from target_postgres.messages import StreamProgress

logger = logging.getLogger("target-postgres")
EVERY_SECONDS = 2.0


class ProgressLog:
    """Adds up what is committed and says it every two seconds."""

    def __init__(self) -> None:
        self._started = self._said = time.monotonic()
        self.totals: dict[str, dict[str, int]] = {}
        self._done: dict[str, StreamProgress] = {}

    def add(self, counts: dict[str, Counts], progress: dict[str, StreamProgress]) -> None:
        """Take a commit's figures, and say them when it is time."""
        for stream, figures in counts.items():
            total = self.totals.setdefault(stream, dict.fromkeys(("read", "new", "changed", "rejected", "deleted"), 0))
            for name in total:
                total[name] += getattr(figures, name)
        self._done.update(progress)
        if time.monotonic() - self._said >= EVERY_SECONDS:
            self._said = time.monotonic()
            logger.info("%s", self.line())

    def line(self) -> str:
        """One line: rows, rows a second, percent and time left."""
        seconds = max(time.monotonic() - self._started, 0.001)
        read = sum(total["read"] for total in self.totals.values())
        rejected = sum(total["rejected"] for total in self.totals.values())
        parts = [f"{read:,} rows committed ({read / seconds:,.0f}/s)"]
        done = sum(value.done or 0 for value in self._done.values())
        total = sum(value.total or 0 for value in self._done.values())
        if done and total:
            left = seconds * (total - done) / done
            parts.append(f"{100 * done / total:.0f} % of the source, about {_clock(left)} left")
        if rejected:
            parts.append(f"{rejected:,} rejected")
        return ", ".join(parts)

    def summary(self) -> list[str]:
        """One line a stream, at the end."""
        return [
            f"{stream}: {t['read']:,} read, {t['new']:,} new, {t['changed']:,} changed, {t['rejected']:,} rejected"
            + (f", {t['deleted']:,} marked as deleted" if t["deleted"] else "")
            for stream, t in sorted(self.totals.items())
        ]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"

"""Waiting that says what it waits for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from local_postgres.errors import LocalServerError

LIMIT_SECONDS = 30 * 60.0
REPORT_SECONDS = 10.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.25

logger = logging.getLogger("local_postgres")


def wait_for(what: str, done: Callable[[], bool], limit: float = LIMIT_SECONDS) -> None:
    """Return once `done()`; a line every ten seconds tells a person that nothing hangs."""
    began = reported = time.monotonic()
    pause = SHORTEST_PAUSE
    while not done():
        now = time.monotonic()
        if now - began > limit:
            raise LocalServerError(
                f"Waited {limit:.0f} s for {what}, in vain. Run the same command again to go on waiting."
            )
        if now - reported > REPORT_SECONDS:
            logger.info("waiting for %s (%d s)", what, now - began)
            reported = now
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)

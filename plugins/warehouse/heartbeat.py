"""The sign of life of a lease and its run."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import psycopg

from warehouse.connection import connect
from warehouse.lease import BEAT_SECONDS

if TYPE_CHECKING:
    from warehouse.lease import Lease
    from warehouse.run_log import RunLog


class Heartbeat(threading.Thread):
    """Beats for the lease and the run, on a connection of its own, whatever else is going on."""

    def __init__(self, database_url: str, lease: Lease, run: RunLog) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._url = database_url
        self._run = run
        self._lease = lease
        self._stopped = threading.Event()
        self._connection: psycopg.Connection[Any] | None = None

    def run(self) -> None:
        """Beat until told to stop; a lost connection is opened again at the next beat."""
        while not self._stopped.wait(BEAT_SECONDS):
            with contextlib.suppress(psycopg.Error):
                if self._connection is None or self._connection.closed:
                    self._connection = connect(self._url, application="heartbeat")
                self._lease.beat(self._connection)
                self._run.beat(self._connection)
        if self._connection is not None:
            self._connection.close()

    def stop(self) -> None:
        """End the beats."""
        self._stopped.set()
        self.join(timeout=BEAT_SECONDS)

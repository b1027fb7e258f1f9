"""How far dbt is, told to `ops.sync_runs` while it runs."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
from warehouse.connection import connect

if TYPE_CHECKING:
    from warehouse.run_log import RunLog

SECONDS_BETWEEN = 1.0
_PREFIXES = {"stg_": "read ", "int_": "", "assert_": "gate: "}
_WRITE = """
update ops.sync_runs
set progress_done = %(done)s, progress_total = %(total)s, progress_unit = 'steps', note = %(note)s
where run_id = %(run_id)s and source = %(source)s and stream = %(stream)s and status = 'running'
"""


def in_words(node: str) -> str:
    """The name of a node of dbt as a person reads it: `int_identity__clusters` is "identity: clusters"."""
    prefix = next((prefix for prefix in _PREFIXES if node.startswith(prefix)), "")
    name = node.removeprefix(prefix).replace("__", ": ").replace("_", " ")
    return f"{_PREFIXES.get(prefix, '')}{name}"


class Progress:
    """Listens to dbt's events; writes steps done, steps in all, and the step under way, once a second at most."""

    def __init__(self, database_url: str, run: RunLog, stream: str) -> None:
        self._url = database_url
        self._key = run.key(stream)
        self._connection: psycopg.Connection[Any] | None = None
        self._busy = threading.Lock()
        self._written_at = 0.0
        self._done = 0
        self._under_way: dict[str, str] = {}
        self._total = 0
        self._rows = ""

    def __call__(self, event: Any) -> None:
        """Take an event of dbt; its threads call this."""
        if event.info.name == "LogStartLine":
            self._total = event.data.total
            self._under_way[event.data.node_info.unique_id] = in_words(event.data.node_info.node_name)
        elif event.info.name == "NodeFinished":
            self._finish(event.data)
        else:
            return
        if time.monotonic() - self._written_at >= SECONDS_BETWEEN and self._busy.acquire(blocking=False):
            try:
                self.write()
            finally:
                self._busy.release()

    def write(self) -> None:
        """Tell how far it is; a database that does not answer is told the next time."""
        self._written_at = time.monotonic()
        steps = ", ".join(sorted(self._under_way.copy().values()))
        note = "; ".join(part for part in (steps, self._rows) if part) or None
        figures = {"done": self._done, "total": self._total or None, "note": note}
        with contextlib.suppress(psycopg.Error):
            if self._connection is None or self._connection.closed:
                self._connection = connect(self._url, application="progress")
            self._connection.execute(_WRITE, {**self._key, **figures})

    def end(self) -> None:
        """Write the last state, with no step under way."""
        with self._busy:
            self._under_way.clear()
            self._rows = ""
            self.write()
            if self._connection is not None:
                self._connection.close()

    def _finish(self, data: Any) -> None:
        name = self._under_way.pop(data.node_info.unique_id, None)
        if name is None:  # a function, for instance: dbt does not count it
            return
        self._done += 1
        rows = dict(data.run_result.adapter_response).get("rows_affected")
        if isinstance(rows, (int, float)) and rows > 0:
            self._rows = f"last: {name}, {rows:,.0f} rows"

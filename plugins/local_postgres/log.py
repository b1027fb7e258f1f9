"""The server's log: kept small, and read for the reason when the server does not start."""

from __future__ import annotations

import os
import re
from pathlib import Path

from local_postgres.errors import NO_SPACE, LocalServerError, disk_full, port_taken
from local_postgres.ports import holder
from local_postgres.private import write_private

FULL, KEPT = 10_000_000, 1_000_000
GRAVE = ("FATAL:", "PANIC:", "ERROR:")
PREFIX = re.compile(r"^\d{4}-.*?(?=[A-Z]+:  )")


class ServerLog:
    """`server.log`, to which the server only appends, so that it may be cut while the server runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self) -> int:
        """Bytes written up to now."""
        return self.path.stat().st_size if self.path.exists() else 0

    def rotate(self) -> None:
        """Once the log is large, keep its end as `server.log.1` and begin again."""
        if self.size() <= FULL:
            return
        write_private(self.path.with_name(f"{self.path.name}.1"), self.text(self.size() - KEPT))
        handle = os.open(self.path, os.O_WRONLY | os.O_NOFOLLOW)
        try:
            os.ftruncate(handle, 0)
        finally:
            os.close(handle)

    def text(self, offset: int) -> str:
        """What was written after `offset`."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")

    def failure(self, said: str, port: int) -> LocalServerError:
        """Why the server did not start, from what it said."""
        if NO_SPACE in said:
            return disk_full(self.path.parent)
        if "Address already in use" in said:
            return port_taken(port, holder(port))
        return LocalServerError(
            f"PostgreSQL did not start: {_reason(said)}. The whole story is in {self.path}; put that right and start "
            "again."
        )


def _reason(said: str) -> str:
    """The first grave line and the one before it, which often tells more."""
    lines = [PREFIX.sub("", line).strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
    grave = next((number for number, line in enumerate(lines) if line.startswith(GRAVE)), len(lines) - 1)
    return ", ".join(lines[max(0, grave - 1) : grave + 1])

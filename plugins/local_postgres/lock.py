"""One start or stop of a folder's server at a time on this machine."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_postgres.waiting import wait_for


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Make the private folder and hold its lock, which ends with the last process that has it open."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        wait_for(f"another start or stop in {folder} to end", lambda: _take(handle))
        yield handle
    finally:
        os.close(handle)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

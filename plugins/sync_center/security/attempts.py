"""Slows down guessing: after a few failures a name, or an address, waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync_center.database import Database

MOST_BY_NAME = 5
MOST_BY_ADDRESS = 20
MINUTES = 15


def must_wait(database: Database, name: str, address: str) -> bool:
    """Whether too many logins have failed lately."""
    (row,) = database.rows("security", "failures", name=name, address=address, minutes=MINUTES)
    return bool(row["by_name"] >= MOST_BY_NAME or row["by_address"] >= MOST_BY_ADDRESS)


def note_failure(database: Database, name: str, address: str) -> None:
    """Remember that one failed; older ones than a day are removed."""
    database.rows("security", "note_failure", name=name, address=address)


def forget(database: Database, name: str) -> None:
    """The right password came."""
    database.rows("security", "forget_failures", name=name)

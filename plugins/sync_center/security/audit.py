"""Every change that is made here is written down: who, when, what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sync_center.database import fetch

if TYPE_CHECKING:
    from sync_center.database import Connection, Database


def note(where: Database | Connection, who: str, action: str, about: str | None = None, **details: Any) -> None:
    """Write a change down; on a connection it belongs to the caller's transaction. No secrets, no values of people."""
    row = {"who": who, "action": action, "about": about, "details": Jsonb(details) if details else None}
    if hasattr(where, "rows"):
        where.rows("security", "note_change", **row)
    else:
        fetch(where, "security", "note_change", **row)

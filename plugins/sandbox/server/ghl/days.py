"""A day in the life of a location."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.server.ghl.books import Books


def live_through(books: Books, day_end: int, *, tags_move: bool) -> None:
    """Let everything happen that happens until then."""

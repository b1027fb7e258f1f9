"""A day in the life of an account: newcomers, sales, corrections, refunds, disputes, cancellations and deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.server.stripe.books import Books


def live_through(books: Books, day_end: int) -> None:
    """Let everything happen that happens until then, each with its events."""
    books.add_payouts(day_end)

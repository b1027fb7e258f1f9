"""What a test can set: the unknown both ways, and limits low enough to be met by a small world."""

from __future__ import annotations

from dataclasses import dataclass, field

HOUR = 3_600
DAY = 86_400


@dataclass
class Switches:
    """Attributes of `sandbox.paypal`; each may be set at any time."""

    filter_date: str = "initiation"
    """Which date start_date and end_date mean: `initiation` or `updated`."""
    end_inclusive: bool = True
    """Whether a row of the second `end_date` is in the window."""
    too_new_status: int = 400
    """How a window is refused that begins after the published data: 400 or 404."""
    maximum_items: int = 10_000
    """A window with more rows is refused as too large."""
    lag: int = HOUR
    """Seconds from `last_refreshed_datetime` to now; a row may need up to three hours to appear."""
    offsets: tuple[int, int] = (0, 0)
    """Hours from UTC of the account's clock in winter and summer, for instance (-8, -7); keys hold what it shows."""
    token_seconds: int = 32_400
    """How long a token lasts on the sandbox's clock, which moves by `advance` alone."""
    token_requests: int | None = None
    """How many requests a token lasts: a real expiry in the middle of a run."""
    unauthorized: str = ""
    """Shape of a 401: `oauth`, `envelope`, or as the address has it (reporting and invoicing oauth, else envelope)."""
    refund_days: int = 100
    """How old a payment may be that a day refunds or charges back."""
    pending_days: int = 6
    """How many days a payment by bank may take; then it has come in or failed, and no other row tells."""
    payments_move_last_update_time: bool = True
    """Whether an invoice's `last_update_time` moves when it is paid or refunded, and not by edits alone."""
    rates: dict[str, float] = field(default_factory=lambda: {"account": 30.0, "token": 5.0})
    """Requests a second, and those for a token."""

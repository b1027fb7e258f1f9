"""The ledger: a line for every cent that came or went, and the weekly payouts that empty the balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.server.stripe.facts import DAY, Dispute, Line, Payout, Refund, Sale, new_id
from sandbox.server.stripe.history import in_usd

if TYPE_CHECKING:
    from collections.abc import Iterator

_WEEK = 7 * DAY
_DISPUTE_FEE = 15_00


def _rate(made: Sale) -> float | None:
    return None if made.currency == "usd" else round(made.usd_cents / made.cents, 6)


def _kind(made: Sale, card: str, other: str) -> str:
    return card if made.id.startswith("ch_") else other


def of_sale(made: Sale) -> Line:
    """Money in: available two days later."""
    kind = _kind(made, "charge", "payment")
    free = (made.at // DAY + 2) * DAY
    return Line(made.line, made.at, kind, "charge", made.usd_cents, made.fee, made.id, free, made.currency, _rate(made))


def of_refund(refund: Refund) -> Line:
    """Money back: the fee stays with Stripe."""
    made, at = refund.sale, refund.at
    kind = _kind(made, "refund", "payment_refund")
    amount = -in_usd(made, refund.cents)
    return Line(new_id("txn_", refund.id), at, kind, "refund", amount, 0, refund.id, at, made.currency, _rate(made))


def of_dispute(dispute: Dispute) -> Line:
    """Money held back, with a fee."""
    made, at = dispute.sale, dispute.at
    identity = new_id("txn_", dispute.id)
    return Line(
        identity, at, "adjustment", "dispute", -made.usd_cents, _DISPUTE_FEE, dispute.id, at, made.currency, _rate(made)
    )


def of_reversal(dispute: Dispute, at: int) -> Line:
    """A dispute that was won brings amount and fee back."""
    made = dispute.sale
    identity = new_id("txn_", f"{dispute.id}:won")
    category = "dispute_reversal"
    return Line(
        identity, at, "adjustment", category, made.usd_cents, -_DISPUTE_FEE, dispute.id, at, made.currency, _rate(made)
    )


def of_payout(payout: Payout) -> Line:
    """Money to the bank."""
    amount = -payout.amount
    return Line(
        payout.line, payout.created, "payout", "payout", amount, 0, payout.id, payout.created, "usd", None, payout.id
    )


class Balance:
    """What is not paid out yet; a week that owes is carried on."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._unpaid: list[Line] = []
        self._next = 0

    def add(self, line: Line) -> None:
        """Count a line in."""
        self._unpaid.append(line)
        if not self._next:
            self._next = (line.created // _WEEK + 1) * _WEEK

    def payouts(self, until: int) -> Iterator[Payout]:
        """Yield the payouts that fall due; lines must come in the order of their creation, up to `until`."""
        while self._next and self._next <= until:
            at = self._next
            self._next += _WEEK
            due = [line for line in self._unpaid if line.available_on <= at and line.created < at]
            amount = sum(line.net for line in due)
            if amount <= 0:
                continue
            identity = new_id("po_", f"{self._account}:{at}")
            for line in due:
                line.payout = identity
            self._unpaid = [line for line in self._unpaid if not line.payout]
            yield Payout(identity, at, amount, at + DAY, new_id("txn_", identity))

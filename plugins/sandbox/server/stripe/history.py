"""How an account's history follows from the world: every payment with its refunds, disputes, invoice and checkout."""

from __future__ import annotations

from sandbox.appearances import CHOICE, DETAIL, Appearance, Payment
from sandbox.draws import chance
from sandbox.exports.stripe import fee, payment_id, status
from sandbox.server.stripe.facts import (
    DAY,
    Abandoned,
    Buyer,
    Dispute,
    Draft,
    Refund,
    Sale,
    Subscription,
    new_id,
)

MEMBERSHIP = "Membresía Mensual"
ZERO_DECIMAL = ("clp",)
"""Currencies whose amounts are whole units."""
_MEMBERSHIPS = (MEMBERSHIP, "Programa Anual")

# Which of a payment's numbers decides what; appearances and the exports have those below.
_CHECKOUT, _LINES, _LAG, _PARTS, _DISPUTE = range(20, 25)
# And of a buyer's.
_DRAFT, _ABANDONED, _ITEMS, _CANCELED = range(22, 26)
_LONG_INVOICE = 12
_MOST_PARTS = 13
_MONTH = 30 * DAY
_CROWDED_AGE = 200 * DAY


def minor_units(currency: str, cents: int) -> int:
    """Write hundredths of a currency's unit as Stripe does: where there are no cents, in whole units."""
    return cents // 100 if currency in ZERO_DECIMAL else cents


def buyer(seen: Appearance, created: int, *, without_cents: bool = False) -> Buyer:
    """Make a customer or a guest out of an appearance; some pay in a currency without cents where that is wished."""
    guest = seen.sighting.guest
    pesos = without_cents and seen.numbers[CHOICE] % 4 == 0
    currency = "clp" if pesos else seen.person.country.currency
    return Buyer("" if guest else seen.id, seen.person.index, seen.copy, created, currency, seen.numbers[CHOICE])


def crowded(payer: Buyer, now: int) -> int:
    """Give a moment in a world that came by import: nine of ten in one month, a quarter of them in one second."""
    if payer.choice % 10 == 9:
        return payer.created
    first = now - _CROWDED_AGE
    return first if payer.choice // 10 % 4 == 0 else first + payer.created % _MONTH


def sale(payer: Buyer, payment: Payment, at: int) -> Sale:
    """Make a sale out of a payment, as yet without refunds and disputes."""
    paid = status(payment) != "Failed"
    made = Sale(
        id=payment_id(payment),
        buyer=payer,
        at=at,
        product=payment.product,
        currency=payment.currency.lower(),
        cents=minor_units(payment.currency.lower(), payment.cents),
        usd_cents=payment.usd_cents,
        fee=fee(payment),
        paid=paid,
        in_checkout=not payer.id or chance(payment.numbers[_CHECKOUT], 40),
        lines=_lines(payment) if paid and payer.id else 0,
    )
    made.intent = new_id("pi_", made.id)
    made.invoice = new_id("in_", made.id) if made.lines else ""
    made.line = new_id("txn_", made.id) if paid else ""
    return made


def _lines(payment: Payment) -> int:
    drawn = payment.numbers[_LINES]
    if drawn % 100 < 2:
        return _LONG_INVOICE + drawn // 100 % 20
    return 1 if payment.product in _MEMBERSHIPS or chance(drawn, 15) else 0


def aftermath(made: Sale, payment: Payment, now: int) -> None:
    """Add the refunds and the dispute that a sale had until now."""
    numbers = payment.numbers
    if status(payment) == "Refunded":
        parts = _MOST_PARTS if chance(numbers[_PARTS], 8) else 1
        first = made.at + DAY * (1 + numbers[_LAG] % 40)
        for part in range(parts):
            refund(made, min(first + part, now - 120 + part), _share(made.cents, part, parts))
    elif made.paid and chance(numbers[_DISPUTE], 1) and made.at + 20 * DAY < now:
        outcome = ("won", "lost")[numbers[_LAG] % 2]
        status_now = outcome if made.at + 50 * DAY < now else "needs_response"
        made.dispute = Dispute(new_id("dp_", made.id), made, made.at + 20 * DAY, status_now)


def refund(made: Sale, at: int, cents: int) -> Refund:
    """Give money back."""
    given = Refund(new_id("re_", f"{made.id}:{len(made.refunds)}"), made, at, cents)
    made.refunds.append(given)
    return given


def _share(cents: int, part: int, parts: int) -> int:
    return cents // parts + (cents % parts if part == parts - 1 else 0)


def in_usd(made: Sale, cents: int) -> int:
    """Give what an amount of the sale's currency was in US cents; the whole is the sale's own."""
    return made.usd_cents if cents == made.cents else made.usd_cents * cents // made.cents


def subscription(payer: Buyer, seen: Appearance, now: int) -> Subscription | None:
    """Give the membership: those of the dashboard export are active, some others were cancelled."""
    drawn = payer.choice % 100
    if not payer.id or drawn >= 30:
        return None
    begun = min(payer.created + 3600, now - 60)
    items = 12 if chance(seen.numbers[_ITEMS], 4) else 1
    made = Subscription(new_id("sub_", payer.id), payer, begun, items, "active" if drawn < 20 else "canceled")
    if made.status == "canceled":
        made.canceled_at = begun + (now - begun) * seen.numbers[_CANCELED] // 65_536
    elif drawn < 2:
        made.status = "past_due"
    return made


def draft(payer: Buyer, seen: Appearance, now: int) -> Draft | None:
    """Give the invoice that was never paid; few have one."""
    if not payer.id or not chance(seen.numbers[_DRAFT], 2):
        return None
    kind = ("draft", "void")[seen.numbers[DETAIL] % 2]
    return Draft(new_id("in_", payer.id), payer, min(payer.created + 2 * DAY, now - 60), 49_00, kind)


def abandoned(payer: Buyer, seen: Appearance, now: int) -> Abandoned | None:
    """Give the checkout that came to nothing; one in ten has one."""
    if not chance(seen.numbers[_ABANDONED], 10):
        return None
    about = f"{payer.index}:{payer.copy}"
    return Abandoned(new_id("cs_test_", about), payer, min(payer.created + 7200, now - 60), 24_50)

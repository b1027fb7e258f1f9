"""How an account's rows follow from the world: those of the CSV exports, and what only the report shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from sandbox.appearances import CHOICE, PRODUCTS, RATES, Appearance, Payment
from sandbox.draws import UPPER, chance, token
from sandbox.server.paypal import cases
from sandbox.server.paypal.facts import Invoice, Payer, Row, Subscription, new_id, published
from sandbox.server.paypal.switches import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.exports.paypal import Line

CODES = {
    "Website Payment": "T0007",
    "Express Checkout Payment": "T0006",
    "Subscription Payment": "T0002",
    "Mobile Payment": "T0011",
    "Payment Refund": "T1107",
    "General Currency Conversion": "T0200",
    "Partner Fee": "T0113",
    "General Authorization": "T1300",
    "General Payment": "T0000",
    "General Withdrawal": "T0400",
}
"""The event code of what the CSV export calls so."""
_STATUSES = {"Completed": "S", "Pending": "P", "Denied": "D"}

# Which of a payment's numbers decides what; appearances and the exports have those below.
_MEMO, _DOUBLE, _HOLD, _PAYOUT, _CHARGEBACK, _LAG, _INVOICED = range(20, 27)
# And of an appearance's.
_GUEST, _ENDED, _UNPAID = 22, 23, 24
_CHARGEBACK_FEE = 15_00
_MONTH = 30 * DAY
CROWDED_AGE = 200 * DAY


def payer(seen: Appearance) -> Payer:
    """Make a payer out of an appearance; some are guests who paid by card."""
    person, phone = seen.person, seen.person.phone(seen.sighting.phone)
    name = {"given_name": seen.given, "surname": seen.family, "alternate_full_name": seen.full_name}
    email = seen.email.strip()
    info = {
        "email_address": email,
        **(
            {"phone_number": {"country_code": phone.country.calling, "national_number": f"{phone.area}{phone.local}"}}
            if phone
            else {}
        ),
        "address_status": "N",
        "payer_status": "Y" if seen.numbers[CHOICE] % 2 else "N",
        "payer_name": name,
        "country_code": person.country.code,
    }
    address = {
        "line1": f"Calle {seen.numbers[CHOICE] % 200 + 1}",
        "city": person.place.city,
        "state": person.place.state,
        "country_code": person.country.code,
        "postal_code": person.place.postal_code,
    }
    return Payer(
        id=seen.id,
        index=person.index,
        copy=seen.copy,
        joined=seen.created,
        currency=person.country.paypal_currency,
        guest={0: "none", 1: "none", 2: "changing", 3: "changing"}.get(seen.numbers[_GUEST] % 100, ""),
        given=seen.given,
        family=seen.family,
        email=email,
        country=person.country.code,
        info=msgspec.json.encode(info),
        shipping=msgspec.json.encode({"name": seen.full_name, "address": address}),
    )


def supplier() -> Payer:
    """Make the printer whom the business pays."""
    name = {"given_name": "Imprenta", "surname": "Ibáñez", "alternate_full_name": "Imprenta Ibáñez"}
    email = "facturas@imprenta.example"
    info = {"email_address": email, "address_status": "N", "payer_status": "Y", "payer_name": name}
    info["country_code"] = "ES"
    identity = new_id("supplier", 13)
    return Payer(identity, -1, 0, 0, "EUR", "", "Imprenta", "Ibáñez", email, "ES", msgspec.json.encode(info), b"{}")


def row(line: Line, by: Payer, printer: Payer, at: int) -> Row:
    """Make the row of a line of the CSV export."""
    code = CODES[line.kind]
    other = by if line.incoming or code == "T1107" else printer if code == "T0000" else None
    return Row(
        id=line.id,
        code=code,
        at=at,
        currency=line.currency,
        cents=line.gross,
        fee=line.fee,
        status=_STATUSES[line.status],
        affects=line.impact != "Memo",
        payer=other,
        product=line.payment.product if line.incoming else "",
        reference=line.reference,
        reference_type="TXN" if line.reference else "",
    )


def fee(cents: int) -> int:
    """Give PayPal's share of a payment, as the exports reckon it."""
    return -(cents * 39 // 1000 + 30)


def sale(payment: Payment, by: Payer, at: int, code: str = "T0006", status: str = "S") -> Row:
    """Make the row of a payment that no export knows yet."""
    paid = status == "S"
    return Row(
        id=token(payment.drawn, 0, 17, UPPER),
        code=code,
        at=at,
        currency=payment.currency,
        cents=payment.cents,
        fee=fee(payment.cents) if paid else 0,
        status=status,
        affects=paid,
        payer=by,
        product=payment.product,
    )


def twins(main: Row, numbers: tuple[int, ...]) -> Iterator[Row]:
    """Yield the rows that have the payment's id: its authorization, or a second amount under the same code and date."""
    if chance(numbers[_MEMO], 3):
        note = replace(main, code="T1300", fee=0, status="S", affects=False, updated=main.at)
        yield replace(note, reference="", reference_type="")
    elif chance(numbers[_DOUBLE], 3) and main.status == "S":
        main.twin = True
        yield replace(main, cents=main.cents // 10 + 1, fee=0, published=published(f"{main.id}:2", main.at))


def aftermath(main: Row, numbers: tuple[int, ...], now: int) -> Iterator[Row]:
    """Yield what came of a payment later: a hold and its release, a commission to the payer, a chargeback."""
    if chance(numbers[_HOLD], 2):
        yield from hold(main, main.at + 60, main.at + 3 * DAY)
    if chance(numbers[_PAYOUT], 2):
        yield payout(main, main.at + 90)
    at = main.at + 20 * DAY + numbers[_LAG]
    if chance(numbers[_CHARGEBACK], 2) and main.status == "S" and not main.twin and at < now - 2 * DAY:
        yield from chargeback(main, at)


def hold(main: Row, at: int, released: int) -> Iterator[Row]:
    """Yield money held back, and given free again."""
    for code, moment, sign in (("T1503", at, -1), ("T1105", released, 1)):
        identity = new_id(f"{code}:{main.id}")
        yield Row(identity, code, moment, main.currency, sign * main.cents, reference=main.id, reference_type="TXN")


def payout(main: Row, at: int) -> Row:
    """Pay the payer a commission: on this row the client is the receiver."""
    return Row(new_id(f"payout:{main.id}"), "T0001", at, main.currency, -(main.cents // 10), fee=-25, payer=main.payer)


def refund(main: Row, at: int, cents: int) -> Row:
    """Give money back: the payment is changed, and all of it turns its status too."""
    main.updated = at
    main.status = "V" if cents == main.cents else main.status
    identity = new_id(f"refund:{main.id}:{at}")
    return Row(identity, "T1107", at, main.currency, -cents, payer=main.payer, reference=main.id, reference_type="TXN")


def chargeback(main: Row, at: int) -> Iterator[Row]:
    """Yield what a bank takes back, and its fee; the payment's status turns."""
    main.status, main.updated = "V", at
    for code, cents, moment in (("T1201", main.cents, at), ("T0106", _CHARGEBACK_FEE, at + 1)):
        identity = new_id(f"{code}:{main.id}")
        other = main.payer if code == "T1201" else None
        yield Row(identity, code, moment, main.currency, -cents, payer=other, reference=main.id, reference_type="TXN")


def member(by: Payer, first: Row, seen_ended: int, now: int) -> Subscription:
    """Make the subscription of a payer's first recurring payment."""
    status = {0: "SUSPENDED", 1: "EXPIRED"}.get(seen_ended % 20, "CANCELLED" if seen_ended % 20 < 6 else "ACTIVE")
    updated = first.at if status == "ACTIVE" else first.at + (now - first.at) * seen_ended // 65_536
    identity = f"I-{new_id(f'subscription:{first.id}', 12)}"
    plan = cases.plan_id(first.product, first.currency)
    return Subscription(identity, by, plan, first.cents, first.at - 30, status, updated)


def ended(seen: Appearance) -> int:
    """Give the number that decides whether a membership has ended."""
    return seen.numbers[_ENDED]


def unpaid(seen: Appearance, by: Payer, now: int) -> Invoice | None:
    """Give the invoice that a payer never paid; few have one."""
    status = {0: "DRAFT", 1: "DRAFT", 2: "SENT", 3: "SENT", 4: "CANCELLED"}.get(seen.numbers[_UNPAID] % 60)
    if status is None:
        return None
    name, usd_cents = PRODUCTS[seen.numbers[_UNPAID] // 60 % len(PRODUCTS)]
    at = max(min(by.joined + 2 * DAY, now - DAY), now - 90 * DAY) if status == "DRAFT" else by.joined
    return cases.invoice(f"unpaid:{by.id}", by, name, by.currency, usd_cents * RATES[by.currency] // 100, at, status)


def invoiced(main: Row, numbers: tuple[int, ...]) -> bool:
    """Say whether a payment has paid an invoice."""
    return main.code in ("T0006", "T0007") and chance(numbers[_INVOICED], 15)


def crowded(at: int, drawn: int, in_one_second: bool, now: int) -> int:
    """Give a moment in a world that came by import: nine of ten in one month, crowded around one second of it."""
    if drawn % 10 == 9:
        return at
    first, share, place = now - CROWDED_AGE, drawn // 10 % 4, drawn // 40
    if share == 0 and in_one_second:
        return first
    if share == 1:
        return first + (1 + place // 2 % 60) * (1 if place % 2 else -1)
    return first + 1 + int((place % 1000 / 1000) ** 3 * (_MONTH - DAY)) + at % 60

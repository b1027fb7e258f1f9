"""PayPal's activity of two accounts: a US one in English (all columns) and a Spanish one (the statement)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sandbox import draws
from sandbox.appearances import CHOICE, EXTRA, FEE, KIND, OTHER, RATES, STATUS, Payment, appearances
from sandbox.draws import UPPER, chance, spread, token
from sandbox.exports.export import Dialect, Export, blank
from sandbox.exports.formats import comma, day_first, local, month_first, point, time_of_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.countries import Country
    from sandbox.people import Person, World

_US_ACCOUNT, _SPANISH_ACCOUNT = 0, 1
_CURRENCIES = ("USD", "EUR")
_BUSINESS = ("ventas@academia.example", "pagos@academia.example")
_SUPPLIER = ("Imprenta Ibáñez", "facturas@imprenta.example")
_SPANISH_PER_HUNDRED = 35
_STATUSES = spread((("Completed", 92), ("Pending", 5), ("Denied", 3)))
_KINDS = spread(
    (("Website Payment", 50), ("Express Checkout Payment", 30), ("Subscription Payment", 15), ("Mobile Payment", 5))
)
_SPANISH = {
    "Website Payment": "Pago de sitio web",
    "Express Checkout Payment": "Pago exprés",
    "Subscription Payment": "Pago de suscripción",
    "Mobile Payment": "Pago por móvil",
    "Payment Refund": "Reembolso de pago",
    "General Currency Conversion": "Conversión de divisa general",
    "Partner Fee": "Comisión de PayPal",
    "General Authorization": "Autorización general",
    "General Payment": "Pago general",
    "General Withdrawal": "Retirada general",
}
_REFUNDED, _FEE, _AUTHORIZED, _SUPPLIED, _WITHDRAWN = 5, 4, 5, 3, 3
"""Rows of these kinds per hundred payments."""


class Line(NamedTuple):
    """A row of the activity; `payment` is the one that it came with."""

    payment: Payment
    id: str
    at: int
    kind: str
    currency: str
    gross: int
    impact: str
    fee: int = 0
    status: str = "Completed"
    name: str = ""
    sender: str = ""
    receiver: str = ""
    reference: str = ""
    incoming: bool = False
    """The payer stands in it."""

    @property
    def country(self) -> Country | None:
        """The payer's country; rows in which no payer stands have none."""
        return self.payment.by.person.country if self.incoming else None

    @property
    def balance(self) -> int:
        """Some balance after the row."""
        return 500_000 + self.gross + int.from_bytes(self.payment.drawn[:3], "big") % 1_000_000


def _account(payment: Payment) -> int:
    return _SPANISH_ACCOUNT if chance(payment.by.numbers[CHOICE], _SPANISH_PER_HUNDRED) else _US_ACCOUNT


def _companion(payment: Payment, number: int) -> tuple[Payment, str, int]:
    drawn = draws.digest(f"{payment.drawn.hex()}:{number}")
    return payment, token(drawn, 0, 17, UPPER), payment.at + number


def _main(payment: Payment, payment_id: str, account: int) -> Line:
    status = _STATUSES[payment.numbers[STATUS] % 100]
    return Line(
        payment,
        payment_id,
        payment.at,
        _KINDS[payment.numbers[KIND] % 100],
        payment.currency,
        payment.cents,
        "Credit" if status == "Completed" else "Memo",
        fee=-(payment.cents * 39 // 1000 + 30) if status == "Completed" else 0,
        status=status,
        name=payment.by.full_name,
        sender=payment.by.email,
        receiver=_BUSINESS[account],
        incoming=True,
    )


def _conversion(main: Line, account: int) -> Iterator[Line]:
    payment, kind, currency = main.payment, "General Currency Conversion", _CURRENCIES[account]
    net = main.gross + main.fee
    converted = net * RATES[currency] // RATES[main.currency]
    yield Line(*_companion(payment, 1), kind, main.currency, -net, "Debit", reference=main.id)
    yield Line(*_companion(payment, 2), kind, currency, converted, "Credit", reference=main.id)


def _around(main: Line, account: int) -> Iterator[Line]:
    """Yield the rows that a payment brings about, and the business's own that fell on the same day."""
    payment, own, extra = main.payment, _BUSINESS[account], main.payment.numbers[EXTRA]
    gross, currency = main.gross, main.currency
    paid = main.status == "Completed"
    if paid and currency != _CURRENCIES[account]:
        yield from _conversion(main, account)
    if chance(extra, _AUTHORIZED):
        start = (*_companion(payment, -1), "General Authorization", currency, gross, "Memo")
        yield Line(*start, name=main.name, sender=main.sender, receiver=own, incoming=True)
    if paid and chance(extra // 100, _REFUNDED):
        start = (*_companion(payment, 3), "Payment Refund", currency, -gross, "Debit")
        yield Line(*start, name=main.name, sender=own, receiver=main.sender, reference=main.id)
    if paid and chance(payment.numbers[FEE], _FEE):
        yield Line(*_companion(payment, 4), "Partner Fee", currency, -(gross // 100), "Debit", reference=main.id)
    other = payment.numbers[OTHER]
    if chance(other, _SUPPLIED):
        start = (*_companion(payment, 5), "General Payment", _CURRENCIES[account], -12_345, "Debit")
        yield Line(*start, name=_SUPPLIER[0], sender=own, receiver=_SUPPLIER[1])
    if chance(other // 100, _WITHDRAWN):
        yield Line(*_companion(payment, 6), "General Withdrawal", _CURRENCIES[account], -100_000, "Debit")


def _activity(account: int) -> Callable[[World, Person], Iterator[Line]]:
    def lines(world: World, person: Person) -> Iterator[Line]:
        for seen in appearances(world, person, "paypal"):
            for payment in seen.payments(person.country.paypal_currency):
                if _account(payment) == account:
                    main = _main(payment, token(payment.drawn, 0, 17, UPPER), account)
                    yield main
                    yield from _around(main, account)

    return lines


def _california(line: Line) -> tuple[int, str]:
    return local(line.at, ("PST", -8), ("PDT", -7))


def _madrid(line: Line) -> tuple[int, str]:
    return local(line.at, ("CET", 1), ("CEST", 2))


def _country(line: Line) -> str:
    return line.country.english if line.country else ""


def _phone(line: Line) -> str:
    return line.payment.by.phone if line.incoming else ""


ENGLISH: Export[Line] = Export(
    name="paypal_en",
    kind="paypal_activity",
    source="paypal",
    lines=_activity(_US_ACCOUNT),
    own_id=lambda line: f"{line.id}:{line.currency}:{line.gross}",
    identifies=lambda line: line.incoming,
    dialect=Dialect(quote_all=True, line_end="\r\n"),
    phone_columns=("Contact Phone Number",),
    columns=(
        ("Date", lambda line: month_first(_california(line)[0])),
        ("Time", lambda line: time_of_day(_california(line)[0])),
        ("TimeZone", lambda line: _california(line)[1]),
        ("Name", lambda line: line.name),
        ("Type", lambda line: line.kind),
        ("Status", lambda line: line.status),
        ("Currency", lambda line: line.currency),
        ("Gross", lambda line: point(line.gross)),
        ("Fee", lambda line: point(line.fee)),
        ("Net", lambda line: point(line.gross + line.fee)),
        ("From Email Address", lambda line: line.sender),
        ("To Email Address", lambda line: line.receiver),
        ("Transaction ID", lambda line: line.id),
        ("Shipping Address", blank),
        ("Address Status", lambda line: "Non-Confirmed" if line.incoming else ""),
        ("Item Title", lambda line: line.payment.product if line.incoming else ""),
        ("Item ID", blank),
        ("Shipping and Handling Amount", lambda line: "0.00" if line.incoming else ""),
        ("Insurance Amount", blank),
        ("Sales Tax", lambda line: "0.00" if line.incoming else ""),
        ("Option 1 Name", blank),
        ("Option 1 Value", blank),
        ("Option 2 Name", blank),
        ("Option 2 Value", blank),
        ("Reference Txn ID", lambda line: line.reference),
        ("Invoice Number", blank),
        ("Custom Number", blank),
        ("Quantity", lambda line: "1" if line.incoming else ""),
        ("Receipt ID", blank),
        ("Balance", lambda line: point(line.balance)),
        ("Address Line 1", blank),
        ("Address Line 2/District/Neighborhood", blank),
        ("Town/City", lambda line: line.payment.by.person.place.city if line.incoming else ""),
        (
            "State/Province/Region/County/Territory/Prefecture/Republic",
            lambda line: line.payment.by.person.place.state if line.incoming else "",
        ),
        ("Zip/Postal Code", lambda line: line.payment.by.person.place.postal_code if line.incoming else ""),
        ("Country", _country),
        ("Contact Phone Number", _phone),
        ("Subject", lambda line: line.payment.product if line.incoming else ""),
        ("Note", blank),
        ("Country Code", lambda line: line.country.code if line.country else ""),
        ("Balance Impact", lambda line: line.impact),
    ),
)
SPANISH: Export[Line] = Export(
    name="paypal_es",
    kind="paypal_activity",
    source="paypal",
    lines=_activity(_SPANISH_ACCOUNT),
    own_id=lambda line: f"{line.id}:{line.currency}:{line.gross}",
    identifies=lambda line: line.incoming,
    dialect=Dialect(quote_all=True, encoding="utf-8-sig", line_end="\r\n"),
    columns=(
        ("Fecha", lambda line: day_first(_madrid(line)[0])),
        ("Hora", lambda line: time_of_day(_madrid(line)[0])),
        ("Zona horaria", lambda line: _madrid(line)[1]),
        ("Descripción", lambda line: _SPANISH[line.kind]),
        ("Divisa", lambda line: line.currency),
        ("Bruto ", lambda line: comma(line.gross)),
        ("Comisión ", lambda line: comma(line.fee)),
        ("Neto", lambda line: comma(line.gross + line.fee)),
        ("Saldo", lambda line: comma(line.balance)),
        ("Id. de transacción", lambda line: line.id),
        ("Correo electrónico del remitente", lambda line: line.sender),
        ("Nombre", lambda line: line.name),
    ),
)

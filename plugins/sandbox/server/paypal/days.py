"""A day in the life of the account: payments, refunds of old ones, cases and bills; ids decide which rows are late."""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import replace
from itertools import chain, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from sandbox.appearances import PRODUCTS, RATES, Appearance, appearances
from sandbox.exports.paypal import ENGLISH, SPANISH
from sandbox.server.paypal import cases, history
from sandbox.server.paypal.facts import Row, new_id
from sandbox.server.paypal.switches import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from sandbox.server.paypal.books import Books
    from sandbox.server.paypal.facts import Payer

    _Fact = TypeVar("_Fact")

_TRIES = 200
_SALES = ("T0006", "T0007", "T0002", "T0011")
_at = attrgetter("at")


class Day:
    """One day of the account; what happens follows from the world's seed and the day."""

    def __init__(self, books: Books, end: int) -> None:
        self.books = books
        self.begin = books.clock.now
        self.end = end
        self.drawn = random.Random(f"paypal:{books.world.seed}:{end}")

    def at(self) -> int:
        """Choose a moment of the day, its last hours included: what is of then may not be published yet."""
        return self.drawn.randrange(self.begin, self.end)

    def published_at(self) -> int:
        """Choose a moment for a change, early enough to be in the data of the day's end."""
        return self.drawn.randrange(self.begin, self.end - 3 * HOUR)

    def chance(self, per_hundred: int) -> bool:
        """Say yes `per_hundred` times in a hundred."""
        return self.drawn.randrange(100) < per_hundred

    def pick(self, facts: Sequence[_Fact], fits: Callable[[_Fact], bool]) -> _Fact | None:
        """Choose one that fits, or nothing where it is hard to find."""
        for _ in range(_TRIES if facts else 0):
            fact = self.drawn.choice(facts)
            if fits(fact):
                return fact
        return None

    def since(self, age: int) -> list[Row]:
        """Give the rows of the last days before this one."""
        rows = self.books.shelf.rows
        return rows[bisect_left(rows, self.begin - age, key=_at) : bisect_left(rows, self.begin, key=_at)]


def live_through(books: Books, day_end: int) -> None:
    """Let everything happen that happens until then."""
    day = Day(books, day_end)
    busy = 1 + len(books.payers) // 500
    for deed, times in ((_newcomer, 2), (_sale_again, 4), (_refund, 2)):
        for _ in range(times * busy):
            deed(day)
    for rare in (_pending_ends, _chargeback, _verdict, _ended, _draft, _draft_deleted, _sent, _cancelled, _withdrawn):
        rare(day)
    if day.chance(30):
        _catalogue_changed(day)
        _new_email(day)
    books.shelf.touch()


def _newcomer(day: Day) -> None:
    """Let somebody pay for the first time, with all rows that such a payment brings."""
    books = day.books
    while True:
        person = books.world.person(books.next_person)
        books.next_person += 1
        seen = next(appearances(books.world, person, "paypal"), None)
        lines = list(chain(ENGLISH.lines(books.world, person), SPANISH.lines(books.world, person))) if seen else []
        if seen and lines:
            break
    by = history.payer(seen)
    books.payers.append(by)
    first = list(takewhile(lambda line: line.payment.place == 0, lines))
    books.add(*books.of_payment(first, by, day.at() - first[0].at))


def _sale_again(day: Day) -> None:
    """Let a known payer pay: some by a bank that takes days, some for a membership, some a bill."""
    books = day.books
    by = day.pick(books.payers, lambda one: one.joined < day.begin)
    if by is None:
        return
    payment = _seen(books, by).payment(books.next_payment, by.currency)
    books.next_payment += 1
    code, status = day.drawn.choice(_SALES), "P" if day.chance(15) else "S"
    by = by.with_account() if code == "T0002" else by
    made = history.sale(payment, by, day.at(), code, status)
    if code == "T0002":
        books.pay_dues(by, made)
    elif status == "S" and day.chance(30):
        _pay_bill(day, made)
    books.add(made, *(history.twins(made, payment.numbers) if status == "S" and not made.invoice else ()))


def _pay_bill(day: Day, made: Row) -> None:
    """Let a payment be that of an open bill, if there is one."""
    bills = list(day.books.invoices.values())
    bill = day.pick(bills, lambda one: one.status == "SENT" and one.created < day.begin)
    if bill:
        made.payer, made.currency, made.cents, made.product = bill.payer, bill.currency, bill.cents, bill.product
        made.fee = history.fee(made.cents)
        edited = bill.updated
        cases.pay(bill, made)
        if not day.books.switches.payments_move_last_update_time:
            bill.updated = edited


def _seen(books: Books, by: Payer) -> Appearance:
    person = books.world.person(by.index)
    return Appearance(books.world, person, person.life.by_source["paypal"][by.copy], by.copy)


def _pending_ends(day: Day) -> None:
    """Let pending payments of the last days come in or fail: the same rows, with a new status."""
    longest = day.books.switches.pending_days * DAY
    for row in day.since(longest):
        old = day.begin - row.at > longest - DAY
        if row.status == "P" and row.code in _SALES and (old or day.chance(30)):
            row.status = "D" if day.chance(20) else "S"
            row.updated = day.published_at()
            row.affects = row.status == "S"
            row.fee = history.fee(row.cents) if row.affects else 0


def _pick_sale(day: Day) -> Row | None:
    """Choose a payment that nothing has happened to."""

    def fits(row: Row) -> bool:
        return row.code in _SALES and row.status == "S" and row.affects and not row.twin and row.updated == row.at

    return day.pick(day.since(day.books.switches.refund_days * DAY), fits)


def _refund(day: Day) -> None:
    """Give back all or a half of an old payment."""
    sale = _pick_sale(day)
    if sale is None:
        return
    day.books.add(history.refund(sale, day.published_at(), sale.cents if day.chance(60) else sale.cents // 2))
    bill = next((one for one in day.books.invoices.values() if one.payment is sale), None)
    if bill and sale.status == "V":
        bill.status = "REFUNDED"
        if day.books.switches.payments_move_last_update_time:
            bill.updated = sale.updated


def _chargeback(day: Day) -> None:
    sale = _pick_sale(day)
    if sale is None or sale.invoice or not day.chance(40):
        return
    at = day.published_at()
    day.books.add(*history.chargeback(sale, at))
    case = cases.dispute(sale, at)
    day.books.disputes[case.id] = case


def _verdict(day: Day) -> None:
    """Close a case; if the business wins, the money comes back."""
    waiting = [one for one in day.books.disputes.values() if not one.outcome and one.updated < day.begin]
    case = day.pick(waiting, lambda _: True)
    if case is None or not day.chance(60):
        return
    at, won = day.published_at(), day.chance(50)
    cases.settle(case, at, "RESOLVED_SELLER_FAVOUR" if won else "RESOLVED_BUYER_FAVOUR")
    if won:
        sale, identity = case.payment, new_id(f"T1202:{case.id}")
        sale.status, sale.updated = "S", at
        back = Row(identity, "T1202", at, sale.currency, sale.cents, payer=sale.payer)
        day.books.add(replace(back, reference=sale.id, reference_type="TXN"))


def _ended(day: Day) -> None:
    """End or suspend a membership: no row tells."""
    members = list(day.books.subscriptions.values())
    member = day.pick(members, lambda one: one.status == "ACTIVE" and one.created < day.begin)
    if member:
        member.status, member.updated = day.drawn.choice(("CANCELLED", "SUSPENDED", "EXPIRED")), day.published_at()


def _draft(day: Day) -> None:
    """Write a bill; every second one is sent at once."""
    by = day.pick(day.books.payers, lambda one: one.joined < day.begin)
    if by:
        at, (name, usd_cents) = day.published_at(), day.drawn.choice(PRODUCTS)
        cents, status = usd_cents * RATES[by.currency] // 100, day.drawn.choice(("DRAFT", "SENT"))
        bill = cases.invoice(f"{by.id}:{at}", by, name, by.currency, cents, at, status)
        day.books.invoices[bill.id] = bill


def _draft_deleted(day: Day) -> None:
    bills = list(day.books.invoices.values())
    bill = day.pick(bills, lambda one: one.status == "DRAFT" and one.created < day.begin)
    if bill and day.chance(50):
        del day.books.invoices[bill.id]
        day.books.deleted["invoices"][bill.id] = day.published_at()


def _sent(day: Day) -> None:
    _turned(day, "DRAFT", "SENT")


def _cancelled(day: Day) -> None:
    _turned(day, "SENT", "CANCELLED")


def _turned(day: Day, old: str, new: str) -> None:
    bills = list(day.books.invoices.values())
    bill = day.pick(bills, lambda one: one.status == old and one.created < day.begin)
    if bill and day.chance(40):
        bill.status, bill.updated = new, day.published_at()


def _withdrawn(day: Day) -> None:
    """Send money to the bank; nobody stands in such a row."""
    at = day.at()
    day.books.add(Row(new_id(f"withdrawal:{at}"), "T0400", at, "USD", -1_000_00))


def _catalogue_changed(day: Day) -> None:
    at = day.published_at()
    product = day.drawn.choice(list(day.books.products.values()))
    product.description, product.updated = f"{product.name}, edición {day.drawn.randrange(1000)}", at
    plan = day.drawn.choice(list(day.books.plans.values()))
    plan.cents, plan.updated = plan.cents + 100, at


def _new_email(day: Day) -> None:
    """Let a payer use another e-mail from now on; the account id stays, and so do the old rows."""
    books = day.books
    place = day.drawn.randrange(len(books.payers))
    old = books.payers[place]
    email = f"nuevo.{day.drawn.randrange(10**6)}.{old.email.lower()}"
    info = msgspec.json.encode({**msgspec.json.decode(old.info), "email_address": email})
    books.payers[place] = new = replace(old, email=email, info=info)
    if old.subscription:
        old.subscription.payer = new

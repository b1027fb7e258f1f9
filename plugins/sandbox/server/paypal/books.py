"""The books of the account: its rows, payers, memberships, invoices and disputes."""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from sandbox.appearances import appearances
from sandbox.exports.paypal import ENGLISH, SPANISH
from sandbox.server.paypal import cases, history, times
from sandbox.server.paypal.facts import Dispute, Invoice, Payer, Row, Subscription, new_id
from sandbox.server.paypal.shelf import Moment, Shelf
from sandbox.server.paypal.switches import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.exports.paypal import Line
    from sandbox.people import Person, World
    from sandbox.server.paypal.sums import Sums
    from sandbox.server.paypal.switches import Switches
    from sandbox.server.vendor import Clock

ACCOUNT_NUMBER = new_id("account", 13)
MOST_IN_ONE_SECOND = 9_000
_CROWD = 27
"""Which of a payment's numbers places it in a crowded world."""
_ROOM = 120 * DAY
"""So much younger than three years is the account: what could be read once stays so for months of tests."""


class Books:
    """Everything of one account."""

    def __init__(self, world: World, clock: Clock, switches: Switches, *, crowded: bool = False) -> None:
        self.world = world
        self.clock = clock
        self.switches = switches
        self.crowded = crowded
        self.payers: list[Payer] = []
        self.subscriptions: dict[str, Subscription] = {}
        self.invoices: dict[str, Invoice] = {}
        self.disputes: dict[str, Dispute] = {}
        self.products = {one.id: one for one in cases.products(times.years_before(clock.now))}
        self.plans = {one.id: one for one in cases.plans(list(self.products.values()))}
        self.windows: dict[tuple[Any, ...], list[Row]] = {}
        """Windows of the report that were asked for last."""
        self.deleted: dict[str, dict[str, int]] = {"invoices": {}}
        self.sums: Sums | None = None
        self.supplier = history.supplier()
        self.next_person = world.people
        self.next_payment = 100
        self._in_one_second = 0
        self._since = times.years_before(clock.now) + _ROOM
        people = world.seen_in("paypal", range(world.people))
        self.shelf = Shelf(row for person in people for row in self._rows(person))

    @property
    def moment(self) -> Moment:
        """What the report holds now."""
        return Moment(self.clock.now, self.clock.now - self.switches.lag)

    def add(self, *rows: Row) -> None:
        """Enter rows that have just come."""
        for row in rows:
            self.shelf.add(row)

    def pay_dues(self, by: Payer, row: Row, ended: int = 65_535) -> None:
        """Let a recurring payment name the payer's membership, which begins with the first."""
        if by.subscription is None:
            by.subscription = history.member(by, row, ended, self.clock.now)
            self.subscriptions[by.subscription.id] = by.subscription
        row.reference, row.reference_type = by.subscription.id, "SUB"
        by.subscription.payments.append(row)

    def _rows(self, person: Person) -> Iterator[Row]:
        payers, endings = {}, {}
        for seen in appearances(self.world, person, "paypal"):
            payers[seen.copy] = by = history.payer(seen)
            endings[seen.copy] = history.ended(seen)
            self.payers.append(by)
            if bill := history.unpaid(seen, by, self.clock.now):
                self.invoices[bill.id] = bill
        lines = chain(ENGLISH.lines(self.world, person), SPANISH.lines(self.world, person))
        for (copy, _place), of_payment in groupby(lines, key=lambda line: (line.payment.by.copy, line.payment.place)):
            lines_of_it = list(of_payment)
            if lines_of_it[0].at > self._since:
                drawn, at = lines_of_it[0].payment.numbers, lines_of_it[0].at
                later = self._crowded(at, drawn) - at if self.crowded else 0
                yield from self.of_payment(lines_of_it, payers[copy], later, endings[copy])

    def of_payment(self, lines: list[Line], by: Payer, later: int, ended: int = 65_535) -> Iterator[Row]:
        """Yield a payment's rows, as the CSV exports have them, and those that only the report shows."""
        drawn = lines[0].payment.numbers
        by = by.with_account() if history.CODES[lines[0].kind] == "T0002" else by
        rows = [history.row(line, by, self.supplier, line.at + later) for line in lines]
        main = rows[0]
        for row in rows:
            if row.code == "T1107":
                main.status, main.updated = "V", row.at
        if main.code == "T0002":
            self.pay_dues(by, main, ended)
        yield from rows
        if main.affects:
            yield from history.twins(main, drawn)
            yield from self._aftermath(main, drawn)

    def _aftermath(self, main: Row, drawn: tuple[int, ...]) -> Iterator[Row]:
        for row in history.aftermath(main, drawn, self.clock.now):
            if row.code == "T1201" and (case := cases.old_dispute(main, row.at, self.clock.now)):
                self.disputes[case.id] = case
            yield row
        if main.payer and history.invoiced(main, drawn):
            bill = cases.paid(main, main.payer)
            self.invoices[bill.id] = bill

    def _crowded(self, at: int, drawn: tuple[int, ...]) -> int:
        moment = history.crowded(at, drawn[_CROWD], self._in_one_second < MOST_IN_ONE_SECOND, self.clock.now)
        self._in_one_second += moment == self.clock.now - history.CROWDED_AGE
        return moment

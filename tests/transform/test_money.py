"""Money as the vendors tell it: one real `dbt build` of the studio in `support/studio.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from support.studio import stage_studio
from support.studio_later import stage_early, stage_later

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("transform-money")

NO_REVENUE = {
    "a failed charge": ("stripe:charges:studio:ch_ana_declined", "charge", "failed", "49.00"),
    "only authorised": ("stripe:charges:studio:ch_held", "charge", "pending", "99.00"),
    "let go, not given back": ("stripe:refunds:studio:re_held", "memo", "succeeded", "-99.00"),
    "a refund that failed": ("stripe:refunds:studio:re_failed", "refund", "failed", "-9.00"),
    "a dispute that was won": ("stripe:disputes:studio:dp_won", "dispute", "failed", "-11.00"),
    "an inquiry": ("stripe:disputes:studio:dp_asked", "dispute", "failed", "-12.00"),
    "an authorisation": ("paypal:transactions:studio:memo", "memo", "succeeded", "49.00"),
    "a hold": ("paypal:transactions:studio:held", "hold", "succeeded", "-20.00"),
    "the end of a hold": ("paypal:transactions:studio:free", "hold", "succeeded", "20.00"),
    "pending": ("paypal:transactions:studio:waits", "charge", "pending", "5.00"),
    "denied": ("paypal:transactions:studio:denied", "charge", "failed", "6.00"),
    "sent to a supplier": ("paypal:transactions:studio:sent", "transfer", "succeeded", "-12.00"),
    "a supplier's refund": ("paypal:transactions:studio:bought back", "refund", "succeeded", "12.00"),
    "to the bank": ("paypal:transactions:studio:bank", "payout", "succeeded", "-100.00"),
    "a chargeback's fee": ("paypal:transactions:studio:took a fee", "fee", "succeeded", "-15.00"),
    "a code nobody knows": ("paypal:transactions:studio:news", "other", "succeeded", "1.00"),
    "failed in a file": ("csv:imports:main:stripe_payments:ch_failed", "charge", "failed", "9.00"),
    "a file's memo row": ("csv:imports:main:paypal_activity:NOTE:USD:2500", "memo", "succeeded", None),
    "a file's hold": ("csv:imports:main:paypal_activity:HOLD:USD:-2500", "hold", "succeeded", "-25.00"),
    "and its end": ("csv:imports:main:paypal_activity:END:USD:2500", "hold", "succeeded", "25.00"),
    "a file's expense": ("csv:imports:main:paypal_activity:PRINT:USD:-900", "transfer", "succeeded", "-9.00"),
    "a cancelled sale": ("csv:imports:main:hotmart_sales:HP3:1:1", "charge", "failed", "98.00"),
    "a word nobody knows": ("csv:imports:main:hotmart_sales:HP4:1:1", "charge", "unknown", "99.00"),
    "in test mode": ("ghl:payment_transactions:place:trial run", "charge", "succeeded", "1.00"),
}


SECOND_DAY: dict[str, tuple[str, dict[str, Any]]] = {
    "a refund finds the payment that it gives back": (
        "stripe:refunds:studio:re_lost",
        {"record_key": "stripe:charges:studio:ch_nowhere"},
    ),
    "a refund at PayPal finds it in the report and no longer in a file": (
        "paypal:transactions:studio:early refund",
        {"record_key": "paypal:payers:studio:VERA"},
    ),
    "fee and net come with the ledger": ("stripe:charges:studio:ch_kwd", {"fee": Decimal("0.50")}),
    "a dispute is lost after all": ("stripe:disputes:studio:dp_won", {"is_revenue": True}),
    "what was authorised is collected": ("stripe:charges:studio:ch_held", {"is_revenue": True}),
    "and what went back of it is money": ("stripe:refunds:studio:re_held", {"kind": "refund", "is_revenue": True}),
    "GoHighLevel told the charge by its intent": (
        "stripe:charges:studio:ch_late",
        {"also_told_by": ["ghl:payment_transactions:place:before its charge"]},
    ),
    "GoHighLevel told the charge by its invoice": (
        "stripe:charges:studio:ch_invoiced_late",
        {"also_told_by": ["ghl:payment_transactions:place:before its invoice"]},
    ),
    "GoHighLevel names the charge only now": (
        "stripe:charges:studio:ch_by_card",
        {"also_told_by": ["ghl:payment_transactions:place:first by hand"]},
    ),
    "the rest of the cash goes back": (
        "ghl:payment_transactions:place:cash:returned",
        {"amount": Decimal("-97.50")},
    ),
    "a row that left its file is no revenue": ("csv:imports:removed:hotmart_sales:HP9:1:1", {"is_revenue": False}),
    "a status is no longer read": ("csv:imports:main:hotmart_sales:HP3:1:1", {"status": "succeeded"}),
}
STAGED = {
    "stripe:charges": "stripe__charges",
    "stripe:refunds": "stripe__refunds",
    "stripe:disputes": "stripe__disputes",
    "paypal:transactions": "paypal__transactions",
    "ghl:payment_transactions": "ghl__payment_transactions",
    "csv:imports": "csv__imports",
}
TABLES = ("transaction", "invoice", "subscription")
Rows = dict[str, dict[str, Any]]


@dataclass
class Days:
    """What readers saw at the end of each day, by table and key, and the client of each record."""

    world: Warehouse
    tables: dict[str, dict[str, Rows]] = field(default_factory=dict)
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    spent: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)

    def end_of(self, day: str, *arguments: str) -> None:
        self.world.build(*arguments)
        self.tables[day] = {
            table: {row[f"{table}_key"]: row for row in self.world.rows(f"select * from unified.{table}s")}
            for table in TABLES
        }
        records = self.world.rows("select record_key, client_id from unified.client_records")
        self.clients[day] = {row["record_key"]: row["client_id"] for row in records}
        self.modes[day] = self.world.value("select mode from ops.publishes order by publish_id desc limit 1")
        self.spent[day] = self.world.rows("select * from unified_internal.int_money__spent order by 1, 2")

    def row(self, key: str, table: str = "transaction", day: str = "first") -> dict[str, Any]:
        """The row with this key."""
        return self.tables[day][table][key]

    def rows(self, day: str = "first") -> list[dict[str, Any]]:
        """All transactions."""
        return list(self.tables[day]["transaction"].values())


@pytest.fixture(scope="module")
def days(warehouse: Warehouse) -> Days:
    days = Days(warehouse)
    stage_studio(warehouse)
    stage_early(warehouse)
    days.end_of("first")
    stage_later(warehouse)
    days.end_of("second")
    days.end_of("rebuilt", "--full-refresh")
    return days


def revenue(rows: Iterable[dict[str, Any]], by: str) -> dict[Any, dict[str, Decimal]]:
    """What was spent, by `client_id` or `record_key` and by currency."""
    spent: dict[Any, dict[str, Decimal]] = {}
    for row in rows:
        if row["is_revenue"]:
            sums = spent.setdefault(row[by], {})
            sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["amount"]
    return spent


@pytest.mark.parametrize(
    ("record_key", "spent"),
    [
        pytest.param(
            "stripe:customers:studio:cus_ana",
            {"USD": "104.00", "MXN": "1000.00", "JPY": "500", "KWD": "1.500", "UGX": "12"},
            id="Ana pays in five currencies, each with its own decimals; two parts of a payment went back",
        ),
        pytest.param("stripe:charges:studio:ch_luis", {"USD": "0.00"}, id="Luis is a guest and got all back"),
        pytest.param(
            "stripe:customers:studio:cus_eva", {"USD": "56.00"}, id="Eva's bank took one payment; another it gave back"
        ),
        pytest.param(
            "paypal:payers:studio:ROSA", {"USD": "20.00"}, id="Rosa got one payment back, and one was on hold"
        ),
        pytest.param("paypal:payers:studio:JUAN", {"USD": "0.00"}, id="Juan's bank took the payment back"),
        pytest.param(
            "csv:imports:again:stripe_payments:ch_file", {"USD": "1000.00"}, id="Omar is in files alone, twice"
        ),
        pytest.param(
            "csv:imports:main:paypal_activity:OLD:USD:2500",
            {"USD": "20.00", "BRL": "1234.50"},
            id="Nora paid by PayPal and at Hotmart; nobody knows what one of her sales came to",
        ),
        pytest.param(
            "ghl:contacts:place:paco", {"USD": "90.00"}, id="Paco paid cash; the rest was Stripe's and PayPal's"
        ),
    ],
)
def test_what_each_person_spent(days: Days, record_key: str, spent: dict[str, str]) -> None:
    found = revenue(days.rows(), "client_id")[days.clients["first"][record_key]]
    assert {currency: str(amount) for currency, amount in found.items()} == spent


@pytest.mark.parametrize("day", ["first", "second", "rebuilt"])
def test_spent_by_record_is_the_sum_of_its_transactions(days: Days, day: str) -> None:
    spent = revenue(days.rows(day), "record_key")
    spent.pop(None, None)
    found: dict[str, dict[str, Decimal]] = {}
    for row in days.spent[day]:
        found.setdefault(row["record_key"], {})[row["currency"]] = row["amount"]
    assert found == spent


@pytest.mark.parametrize(("key", "kind", "status", "amount"), NO_REVENUE.values(), ids=NO_REVENUE)
def test_what_is_no_revenue_is_here_and_says_what_it_is(
    days: Days, key: str, kind: str, status: str, amount: str | None
) -> None:
    found = days.row(key)
    assert (found["kind"], found["status"], found["amount"]) == (kind, status, amount and Decimal(amount))
    assert not found["is_revenue"]


@pytest.mark.parametrize(
    ("key", "fee"),
    [
        pytest.param("stripe:charges:studio:ch_ana", ("1.72", "47.28", "USD"), id="Stripe's ledger"),
        pytest.param("stripe:charges:studio:ch_mxn", ("1.75", "48.25", "USD"), id="in the currency of the balance"),
        pytest.param("paypal:transactions:studio:sale", ("2.21", "46.79", "USD"), id="PayPal's fee"),
        pytest.param("paypal:transactions:studio:back", ("-2.21", "-46.79", "USD"), id="a fee given back"),
        pytest.param("csv:imports:again:stripe_payments:ch_file", ("0.59", "1009.41", "USD"), id="in a file of Stripe"),
        pytest.param(
            "csv:imports:main:paypal_activity:OLD:USD:2500", ("1.03", "23.97", "USD"), id="in a file of PayPal"
        ),
        pytest.param("ghl:payment_transactions:place:cash", (None, None, None), id="GoHighLevel tells none"),
    ],
)
def test_fee_and_net(days: Days, key: str, fee: tuple[str | None, ...]) -> None:
    found = days.row(key)
    assert tuple(found[name] and str(found[name]) for name in ("fee", "net", "balance_currency")) == fee


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("stripe:charges:studio:ch_nobody", id="a guest of whom nothing is known"),
        pytest.param("stripe:charges:studio:ch_lost", id="a customer that was deleted before the first download"),
        pytest.param("stripe:refunds:studio:re_lost", id="a refund of a charge that was never downloaded"),
        pytest.param("ghl:payment_transactions:place:of nobody", id="a contact that is not there"),
    ],
)
def test_an_unknown_payer_has_no_client_and_counts(days: Days, key: str) -> None:
    found = days.row(key)
    assert (found["client_id"], found["is_revenue"]) == (None, True)


def test_a_refund_and_a_dispute_are_of_the_client_who_paid(days: Days) -> None:
    luis, rosa = (
        days.clients["first"]["stripe:charges:studio:ch_luis"],
        days.clients["first"]["paypal:payers:studio:ROSA"],
    )
    assert days.row("stripe:refunds:studio:re_full")["client_id"] == luis
    assert days.row("paypal:transactions:studio:back")["client_id"] == rosa
    juan = days.clients["first"]["paypal:payers:studio:JUAN"]
    assert days.row("paypal:transactions:studio:bank took")["client_id"] == juan


@pytest.mark.parametrize(
    ("key", "others"),
    [
        pytest.param(
            "stripe:charges:studio:ch_ana",
            [
                "csv:imports:main:stripe_payments:ch_ana",
                "csv:imports:main:stripe_payments:ch_ana:returned",
                "csv:imports:main:stripe_payments:pi_ana",
                "csv:imports:main:stripe_payments:pi_ana:returned",
                "ghl:payment_transactions:place:same",
                "ghl:payment_transactions:place:same:returned",
            ],
            id="a charge, in a file by its id and by its intent, and in GoHighLevel",
        ),
        pytest.param(
            "stripe:charges:studio:ch_invoiced",
            ["ghl:payment_transactions:place:same invoice"],
            id="a charge that GoHighLevel knows by its invoice",
        ),
        pytest.param(
            "csv:imports:again:stripe_payments:ch_file",
            [
                "csv:imports:main:stripe_payments:ch_file",
                "csv:imports:main:stripe_payments:ch_file:returned",
                "ghl:payment_transactions:place:same in a file",
                "ghl:payment_transactions:place:same in a file:returned",
            ],
            id="one payment in two files",
        ),
        pytest.param(
            "paypal:transactions:studio:sale",
            [
                "csv:imports:main:paypal_activity:SALE:USD:4900",
                "ghl:payment_transactions:place:same at PayPal",
                "ghl:payment_transactions:place:same at PayPal:returned",
            ],
            id="a payment at PayPal",
        ),
        pytest.param(
            "csv:imports:main:stripe_payments:ch_before",
            ["csv:imports:main:stripe_payments:ch_before:returned"],
            id="a charge that only a file knows, given back by a refund that Stripe tells",
        ),
    ],
)
def test_what_is_told_by_several_is_counted_once(days: Days, key: str, others: list[str]) -> None:
    assert days.row(key)["also_told_by"] == others
    assert not set(others) & set(days.tables["first"]["transaction"])


def test_every_row_is_counted_or_named_by_one_that_is(days: Days) -> None:
    staged = {
        f"{stream}:{row['account']}:{row['id']}"
        for stream, model in STAGED.items()
        for row in days.world.rows(f"select account, id from unified_internal.stg_{model}")
    }
    rows = days.rows("rebuilt")
    told = [row["transaction_key"] for row in rows] + [key for row in rows for key in row["also_told_by"]]
    assert {key.removesuffix(":returned") for key in told} == staged
    assert len(told) == len(set(told))


def test_two_businesses_may_know_a_payment_by_the_same_id(days: Days) -> None:
    assert sorted(row["business"] for row in days.rows() if row["payment_id"] == "ch_two") == ["five", "found"]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        pytest.param(
            "stripe:subscriptions:studio:sub_ana", ("active", "39.00", "USD"), id="a month, a year, two seats"
        ),
        pytest.param("stripe:subscriptions:studio:sub_jpy", ("active", "333", "JPY"), id="three months, no decimals"),
        pytest.param("stripe:subscriptions:studio:sub_week", ("active", "52.00", "USD"), id="a week"),
        pytest.param("stripe:subscriptions:studio:sub_tiers", ("active", None, "USD"), id="a price by use"),
        pytest.param("stripe:subscriptions:studio:sub_old", ("canceled", "7.00", "USD"), id="a plan of old"),
        pytest.param("paypal:subscriptions:studio:I-ROSA", ("paused", "20.00", "USD"), id="two of a yearly plan"),
        pytest.param("paypal:subscriptions:studio:I-JUAN", ("unknown", "10.00", "USD"), id="a word nobody knows"),
        pytest.param("ghl:payment_subscriptions:place:own", ("active", None, "USD"), id="GoHighLevel tells no period"),
    ],
)
def test_subscriptions(days: Days, key: str, told: tuple[str, str | None, str]) -> None:
    found = days.row(key, "subscription")
    amount = None if found["monthly_amount"] is None else str(found["monthly_amount"])
    assert (found["status"], amount, found["currency"]) == told
    assert found["client_id"] == days.clients["first"][found["record_key"]]


def test_a_subscription_that_gohighlevel_repeats_is_here_once(days: Days) -> None:
    assert [row["id"] for row in days.tables["first"]["subscription"].values() if row["source"] == "ghl"] == ["own"]


def test_the_best_of_a_records_subscriptions_is_its_state(days: Days) -> None:
    states = days.world.rows("select record_key, status from unified_internal.int_money__subscription_states")
    assert {row["record_key"]: row["status"] for row in states} == {
        "ghl:contacts:place:paco": "active", "paypal:payers:studio:JUAN": "unknown",
        "paypal:payers:studio:ROSA": "paused", "stripe:customers:studio:cus_ana": "active",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "told", "record_key"),
    [
        pytest.param(
            "stripe:invoices:studio:in_eva", ("paid", "33.00"), "stripe:customers:studio:cus_eva", id="stripe"
        ),
        pytest.param("paypal:invoices:studio:INV2-1", ("paid", "49.00"), "paypal:payers:studio:ROSA", id="paypal"),
        pytest.param("ghl:invoices:place:i", ("partially_paid", "30.00"), "ghl:contacts:place:paco", id="ghl"),
    ],
)
def test_invoices(days: Days, key: str, told: tuple[str, str], record_key: str) -> None:
    found = days.row(key, "invoice")
    assert (found["status"], str(found["total"])) == told
    assert found["client_id"] == days.clients["first"][record_key]


@pytest.mark.parametrize(("key", "told"), SECOND_DAY.values(), ids=SECOND_DAY)
def test_what_the_second_day_brings(days: Days, key: str, told: dict[str, Any]) -> None:
    found = days.row(key, day="second")
    assert {name: found[name] for name in told} == told


def test_a_payment_follows_its_record_to_another_client(days: Days) -> None:
    paco, eva = "ghl:contacts:place:paco", "stripe:customers:studio:cus_eva"
    assert days.clients["first"][paco] != days.clients["first"][eva]
    assert days.clients["second"][paco] == days.clients["second"][eva]
    cash = days.row("ghl:payment_transactions:place:cash", day="second")
    assert cash["client_id"] == days.clients["second"][eva]


@pytest.mark.parametrize("table", TABLES)
def test_after_a_change_all_is_as_after_a_full_rebuild(days: Days, table: str) -> None:
    assert days.modes == {"first": "full", "second": "incremental", "rebuilt": "full"}
    assert days.tables["second"][table] != days.tables["first"][table]
    assert days.tables["second"][table] == days.tables["rebuilt"][table]
    assert days.spent["second"] == days.spent["rebuilt"]

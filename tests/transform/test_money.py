"""Money as the vendors tell it: one real `dbt build` of the studio in `support/studio.py`."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from support.studio import stage_studio

if TYPE_CHECKING:
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


@pytest.fixture(scope="module")
def world(warehouse: Warehouse) -> Warehouse:
    stage_studio(warehouse)
    warehouse.build()
    return warehouse


def row(world: Warehouse, key: str, table: str = "transaction") -> dict[str, Any]:
    """The row with this key."""
    (found,) = world.rows(f"select * from unified_internal.next_{table}s where {table}_key = %s", key)
    return found


def client(world: Warehouse, record_key: str) -> Any:
    """The client of a record."""
    return world.value("select client_id from unified.client_records where record_key = %s", record_key)


def revenue(world: Warehouse, record_key: str) -> dict[str, str]:
    """What the client of a record spent, by currency, each amount as it is written."""
    query = """
        select currency, sum(amount)::text as amount from unified_internal.next_transactions
        where is_revenue and client_id = %s group by currency
    """
    return {found["currency"]: found["amount"] for found in world.rows(query, client(world, record_key))}


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
def test_what_each_person_spent(world: Warehouse, record_key: str, spent: dict[str, str]) -> None:
    assert revenue(world, record_key) == spent


def test_spent_by_record_is_the_same(world: Warehouse) -> None:
    query = """
        select record_key, coalesce(currency, 'XXX') as currency, sum(amount) as amount
        from unified_internal.next_transactions where is_revenue and record_key is not null group by 1, 2 order by 1, 2
    """
    spent = "select record_key, currency, amount from unified_internal.int_money__spent order by 1, 2"
    assert world.rows(spent) == world.rows(query)
    ana = "select * from unified_internal.int_money__spent where record_key like '%%:cus_ana' and currency = 'USD'"
    assert [(found["amount"], found["payment_count"]) for found in world.rows(ana)] == [(Decimal("104.00"), 2)]


@pytest.mark.parametrize(("key", "kind", "status", "amount"), NO_REVENUE.values(), ids=NO_REVENUE)
def test_what_is_no_revenue_is_here_and_says_what_it_is(
    world: Warehouse, key: str, kind: str, status: str, amount: str | None
) -> None:
    found = row(world, key)
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
def test_fee_and_net(world: Warehouse, key: str, fee: tuple[str | None, ...]) -> None:
    found = row(world, key)
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
def test_an_unknown_payer_has_no_client_and_counts(world: Warehouse, key: str) -> None:
    found = row(world, key)
    assert (found["client_id"], found["is_revenue"]) == (None, True)


def test_a_refund_and_a_dispute_are_of_the_client_who_paid(world: Warehouse) -> None:
    luis, rosa = client(world, "stripe:charges:studio:ch_luis"), client(world, "paypal:payers:studio:ROSA")
    assert row(world, "stripe:refunds:studio:re_full")["client_id"] == luis
    assert row(world, "paypal:transactions:studio:back")["client_id"] == rosa
    juan = client(world, "paypal:payers:studio:JUAN")
    assert row(world, "paypal:transactions:studio:bank took")["client_id"] == juan


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
def test_what_is_told_by_several_is_counted_once(world: Warehouse, key: str, others: list[str]) -> None:
    assert row(world, key)["also_told_by"] == others
    assert world.rows("select 1 from unified_internal.next_transactions where transaction_key = any(%s)", others) == []


def test_every_row_is_counted_or_named_by_the_one_that_is(world: Warehouse) -> None:
    staged = """
        select 'stripe:charges:' || account || ':' || id from unified_internal.stg_stripe__charges union
        select 'stripe:refunds:' || account || ':' || id from unified_internal.stg_stripe__refunds union
        select 'stripe:disputes:' || account || ':' || id from unified_internal.stg_stripe__disputes union
        select 'paypal:transactions:' || account || ':' || id from unified_internal.stg_paypal__transactions union
        select 'ghl:payment_transactions:' || account || ':' || id
        from unified_internal.stg_ghl__payment_transactions union
        select record_key from unified_internal.stg_csv__imports
    """
    here = """
        select transaction_key from unified_internal.next_transactions union
        select unnest(also_told_by) from unified_internal.next_transactions
    """
    assert world.rows(f"({staged}) except ({here})") == []
    assert {found["key"] for found in world.rows(f"select * from (({here}) except ({staged})) as more (key)")} == {
        "csv:imports:again:stripe_payments:ch_file:returned", "csv:imports:main:stripe_payments:ch_file:returned",
        "csv:imports:main:stripe_payments:ch_ana:returned", "csv:imports:main:stripe_payments:pi_ana:returned",
        "csv:imports:main:stripe_payments:ch_before:returned", "csv:imports:main:hotmart_sales:HP2:1:1:returned",
        "ghl:payment_transactions:place:same:returned", "ghl:payment_transactions:place:same in a file:returned",
        "ghl:payment_transactions:place:same at PayPal:returned", "ghl:payment_transactions:place:cash:returned",
        "ghl:payment_transactions:place:all back:returned",
    }  # fmt: skip


def test_two_businesses_may_know_a_payment_by_the_same_id(world: Warehouse) -> None:
    query = "select business from unified_internal.next_transactions where payment_id = 'ch_two' order by business"
    assert [found["business"] for found in world.rows(query)] == ["five", "found"]


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
def test_subscriptions(world: Warehouse, key: str, told: tuple[str, str | None, str]) -> None:
    found = row(world, key, "subscription")
    amount = None if found["monthly_amount"] is None else str(found["monthly_amount"])
    assert (found["status"], amount, found["currency"]) == told
    assert found["client_id"] == client(world, found["record_key"])


def test_a_subscription_that_gohighlevel_repeats_is_here_once(world: Warehouse) -> None:
    query = "select id from unified_internal.next_subscriptions where source = 'ghl'"
    assert world.rows(query) == [{"id": "own"}]


def test_the_best_of_a_records_subscriptions_is_its_state(world: Warehouse) -> None:
    states = world.rows(
        "select record_key, status from unified_internal.int_money__subscription_states order by record_key"
    )
    assert {found["record_key"]: found["status"] for found in states} == {
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
def test_invoices(world: Warehouse, key: str, told: tuple[str, str], record_key: str) -> None:
    found = row(world, key, "invoice")
    assert (found["status"], str(found["total"])) == told
    assert found["client_id"] == client(world, record_key)

"""The studio's second day: what was told before changes, and what was missing comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.studio import (
    ACTIVITY_FILE,
    FORMATS,
    PAYMENTS_FILE,
    SALES_FILE,
    charge,
    item,
    moved,
    of,
    paid,
    paypal,
    subscription,
)

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

MANUAL = {"contactId": "paco", "currency": "USD", "status": "succeeded", "liveMode": True, "amountRefunded": 0}
BY_STRIPE = MANUAL | {"contactId": "rita", "paymentProviderType": "stripe"}


def stage_early(world: Warehouse) -> None:
    """On the first day, rows that refer to what comes on the second."""
    world.load_api("ghl.payment_transactions", account="place", rows={
        "before its charge": {**BY_STRIPE, "amount": 41, "chargeId": "pi_late"},
        "before its invoice": {**BY_STRIPE, "amount": 42, "chargeId": "in_late"},
        "first by hand": {**MANUAL, "contactId": "rita", "paymentProviderType": "manual", "amount": 43},
    })  # fmt: skip
    world.load_api("paypal.transactions", account="studio", rows={
        "early refund": paypal("EARLY", "-3.00", "T1107", of_id="LATE"),
    })  # fmt: skip
    world.load("paypal_activity", mapping=ACTIVITY_FILE, formats=FORMATS, rows={
        "LATE:USD:800": moved("Website Payment", "8.00", "vera@example.com"),
    })  # fmt: skip
    world.load("hotmart_sales", account="removed", mapping=SALES_FILE, formats=FORMATS, rows={
        "HP9:1:1": {"Preço": "10,00", "Moeda": "BRL", "Status": "Completo", "Email": "lena@example.com"},
    })  # fmt: skip
    world.load_api("stripe.invoices", account="studio", rows={
        "in_open": {"customer": "cus_ana", "total": 900, "currency": "usd", "status": "open"},
    })  # fmt: skip


def stage_later(world: Warehouse) -> None:
    """The second day."""
    world.load_api("stripe.charges", account="studio", at="2026-01-07T10:00:00Z", rows={
        "ch_nowhere": charge(500, **of("late@example.com")),
        "ch_late": charge(4100, customer="cus_eva", payment_intent="pi_late"),
        "ch_invoiced_late": charge(4200, customer="cus_eva", payment_intent="pi_invoiced_late"),
        "ch_by_card": charge(4300, customer="cus_ana"),
        "ch_held": charge(9900, customer="cus_ana", captured=True),
    })  # fmt: skip
    world.load_api("stripe.invoice_payments", account="studio", rows={
        "inpay_2": {"invoice": "in_late", "payment": {"payment_intent": "pi_invoiced_late"}},
    })  # fmt: skip
    world.load_api("stripe.balance_transactions", account="studio", rows={
        "txn_kwd": {"amount": 500, "fee": 50, "net": 450, "currency": "usd", "source": "ch_kwd", "type": "charge"},
    })  # fmt: skip
    world.load_api("stripe.disputes", account="studio", rows={
        "dp_won": {"charge": "ch_won", "amount": 1100, "currency": "usd", "status": "lost"},
    })  # fmt: skip
    world.load_api(
        "stripe.subscriptions", account="studio", rows={"sub_ana": subscription(item(1900), status="past_due")}
    )
    world.load_api("stripe.invoices", account="studio", rows={
        "in_open": {"customer": "cus_ana", "total": 900, "currency": "usd", "status": "paid"},
    })  # fmt: skip
    world.load_api("paypal.transactions", account="studio", rows={
        "late": paypal("LATE", "8.00", "T0006", "vera"), "denied": paypal("DENIED", "6.00", "T0006", "rosa"),
    })  # fmt: skip
    world.load_api("ghl.payment_transactions", account="place", rows={
        "first by hand": {**BY_STRIPE, "amount": 43, "chargeId": "ch_by_card"},
        "cash": {**MANUAL, "paymentProviderType": "manual", "amount": 97.5, "amountRefunded": 97.5},
    })  # fmt: skip
    world.load("stripe_payments", mapping=PAYMENTS_FILE, formats=FORMATS, rows={
        "ch_luis": paid("20.00", "luis@example.com", returned="20.00"), "ch_new": paid("5.00", "omar@example.com"),
    })  # fmt: skip
    gone = {"Preço": "10,00", "Moeda": "BRL", "Status": "Completo", "Email": "lena@example.com"}
    world.load(
        "hotmart_sales", account="removed", deleted=True, mapping=SALES_FILE, formats=FORMATS, rows={"HP9:1:1": gone}
    )
    world.load_api("ghl.contacts", account="place", rows={"paco": {"firstName": "Paco", "email": "eva@example.com"}})
    world.connection.execute(
        "insert into ops.csv_mappings (kind, header, field) values ('hotmart_sales', 'Status', null)"
    )

"""A studio that sells in several currencies, by five ways: what its vendors tell, as rows for the tests of money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

PAYMENTS_FILE = {
    "id": None, "Amount": "amount", "Currency": "currency", "Status": "status", "Fee": "fee",
    "Customer Email": "email", "Created": "created_at",
}  # fmt: skip
ACTIVITY_FILE = {
    "Type": "type", "Status": "status", "Currency": "currency", "Gross": "amount", "Fee": "fee", "From": "payer_email",
    "Impact": "balance_impact", "Created": "created_at",
}  # fmt: skip
SALES_FILE = {"Preço": "amount", "Moeda": "currency", "Status": "status", "Email": "email", "Data": "created_at"}
FORMATS = {
    **{header: {"amount": "point"} for header in ("Amount", "Gross", "Fee")},
    "Preço": {"amount": "comma"}, "Created": {"date": "iso", "time_zone": "UTC"}, "Data": {"date": "dmy"},
}  # fmt: skip


def charge(amount: int, currency: str = "usd", **fields: Any) -> dict[str, Any]:
    """A charge that went through, of a guest unless a customer is given."""
    told = {"amount": amount, "amount_captured": amount, "currency": currency, "status": "succeeded", "captured": True}
    return {**told, "amount_refunded": 0, "customer": None, "billing_details": {}, "metadata": {}, **fields}


def of(email: str) -> dict[str, Any]:
    """What a guest's charge says about the guest."""
    return {"billing_details": {"email": email}}


def paid(amount: str, email: str, returned: str = "0.00", **cells: str) -> dict[str, str]:
    """A line of Stripe's payments file."""
    line = {"Amount": amount, "Currency": "usd", "Status": "Paid", "Fee": "0.59", "Amount Refunded": returned}
    return {**line, "Converted Amount": amount, "Converted Currency": "usd", "Customer Email": email, **cells}


def moved(kind: str, gross: str, sender: str = "shop@example.com", **cells: str) -> dict[str, str]:
    """A line of PayPal's activity."""
    line = {"Type": kind, "Gross": gross, "Fee": "0.00", "From": sender, "Impact": "Credit"}
    return {**line, "Status": "Completed", "Currency": "USD", **cells}


def paypal(
    identity: str,
    amount: str,
    code: str,
    payer: str | None = None,
    *,
    fee: str | None = None,
    status: str = "S",
    of_id: str | None = None,
) -> dict[str, Any]:
    """A row of PayPal's report; the payer's account id is the name in capitals."""
    info = {"transaction_id": identity, "transaction_event_code": code, "transaction_status": status}
    money = {"transaction_amount": {"currency_code": "USD", "value": amount}}
    charged = {"fee_amount": {"currency_code": "USD", "value": fee}} if fee else {}
    about = {"paypal_reference_id": of_id, "paypal_reference_id_type": "TXN"} if of_id else {}
    who = {"account_id": payer.upper(), "email_address": f"{payer}@example.com"} if payer else {}
    return {"transaction_info": {**info, **money, **charged, **about}, "payer_info": {**who, "payer_name": {}}}


def item(amount: int | None, period: str = "month", count: int = 1, quantity: int = 1) -> dict[str, Any]:
    """A price in a subscription of Stripe."""
    recurring = {"interval": period, "interval_count": count}
    return {"quantity": quantity, "price": {"unit_amount": amount, "recurring": recurring}}


def subscription(*items: dict[str, Any], currency: str = "usd", status: str = "active") -> dict[str, Any]:
    """A subscription of Ana's at Stripe."""
    told = {"customer": "cus_ana", "status": status, "currency": currency, "current_period_end": 1798761600}
    return {**told, "items": {"data": list(items)}}


def stage_stripe(world: Warehouse) -> None:
    world.load_api("stripe.customers", account="studio", rows={
        "cus_ana": {"name": "Ana Pérez", "email": "ana@example.com", "metadata": {}},
        "cus_eva": {"name": "Eva Ruiz", "email": "eva@example.com", "metadata": {}},
    })  # fmt: skip
    world.load_api("stripe.balance_transactions", account="studio", rows={
        "txn_ana": {"amount": 4900, "fee": 172, "net": 4728, "currency": "usd", "source": "ch_ana", "type": "charge"},
        "txn_mxn": {"amount": 5000, "fee": 175, "net": 4825, "currency": "usd", "source": "ch_mxn", "type": "charge"},
    })  # fmt: skip
    ana, eva = {"customer": "cus_ana"}, {"customer": {"id": "cus_eva", "object": "customer"}}
    world.load_api("stripe.charges", account="studio", at="2026-01-05T10:00:00Z", rows={
        "ch_ana": charge(4900, **ana, payment_intent="pi_ana", balance_transaction="txn_ana"),
        "ch_ana_declined": charge(4900, **ana, payment_intent="pi_ana", status="failed", amount_captured=0),
        "ch_mxn": charge(100000, "mxn", **ana, balance_transaction="txn_mxn"),
        "ch_jpy": charge(500, "jpy", **ana),
        "ch_kwd": charge(1500, "kwd", **ana, balance_transaction="txn_kwd"),
        "ch_ugx": charge(1200, "ugx", **ana),
        "ch_held": charge(9900, **ana, captured=False, amount_captured=0),
        "ch_part": charge(9900, **ana, amount_captured=7000),
        "ch_luis": charge(2000, **of("luis@example.com")),
        "ch_nobody": charge(700),
        "ch_lost": charge(300, customer="cus_gone"),
        "ch_eva": charge(1000, **eva),
        "ch_won": charge(1100, **eva),
        "ch_asked": charge(1200, **eva),
        "ch_invoiced": charge(3300, **eva, payment_intent="pi_invoiced"),
    })  # fmt: skip
    world.load_api("stripe.invoice_payments", account="studio", rows={
        "inpay_1": {"invoice": "in_eva", "payment": {"type": "payment_intent", "payment_intent": "pi_invoiced"}},
    })  # fmt: skip
    refund = {"currency": "usd", "status": "succeeded"}
    world.load_api("stripe.refunds", account="studio", at="2026-01-06T10:00:00Z", rows={
        "re_part": refund | {"charge": "ch_ana", "amount": 1000},
        "re_more": refund | {"charge": "ch_ana", "amount": 500},
        "re_failed": refund | {"charge": "ch_ana", "amount": 900, "status": "failed"},
        "re_full": refund | {"charge": "ch_luis", "amount": 2000},
        "re_held": refund | {"charge": "ch_held", "amount": 9900},
        "re_before": refund | {"charge": "ch_before", "amount": 800},
        "re_lost": refund | {"charge": "ch_nowhere", "amount": 1},
    })  # fmt: skip
    world.load_api("stripe.disputes", account="studio", rows={
        "dp_lost": {"charge": "ch_eva", "amount": 1000, "currency": "usd", "status": "lost"},
        "dp_won": {"charge": "ch_won", "amount": 1100, "currency": "usd", "status": "won"},
        "dp_asked": {"charge": "ch_asked", "amount": 1200, "currency": "usd", "status": "warning_needs_response"},
    })  # fmt: skip


def stage_paypal(world: Warehouse) -> None:
    world.load_api("paypal.transactions", account="studio", rows={
        "sale": paypal("SALE", "49.00", "T0006", "rosa", fee="-2.21", status="V"),
        "memo": paypal("SALE", "49.00", "T1300", "rosa"),
        "back": paypal("BACK", "-49.00", "T1107", "rosa", fee="2.21", of_id="SALE"),
        "kept": paypal("KEPT", "20.00", "T0002", "rosa", fee="-1.00"),
        "held": paypal("HELD", "-20.00", "T1503", of_id="KEPT"),
        "free": paypal("FREE", "20.00", "T1105", of_id="KEPT"),
        "waits": paypal("WAITS", "5.00", "T0006", "rosa", status="P"),
        "denied": paypal("DENIED", "6.00", "T0006", "rosa", status="D"),
        "sent": paypal("SENT", "-12.00", "T0001", "printer"),
        "bought back": paypal("BOUGHT", "12.00", "T1107", "printer", of_id="SENT"),
        "bank": paypal("BANK", "-100.00", "T0400"),
        "disputed": paypal("DISPUTED", "30.00", "T0007", "juan", status="V"),
        "bank took": paypal("TOOK", "-30.00", "T1201", of_id="DISPUTED"),
        "took a fee": paypal("TOOKFEE", "-15.00", "T0106", of_id="DISPUTED"),
        "news": paypal("NEWS", "1.00", "T9900"),
    })  # fmt: skip


def stage_files(world: Warehouse) -> None:
    ana, omar, nora = "ana@example.com", "omar@example.com", "nora@example.com"
    world.load("stripe_payments", mapping=PAYMENTS_FILE, formats=FORMATS, rows={
        "ch_ana": paid("49.00", ana, returned="15.00"),
        "pi_ana": paid("49.00", ana, returned="15.00"),
        "ch_file": paid("1,010.00", omar, returned="10.00", Created="2025-03-01 10:00:00"),
        "ch_before": paid("8.00", omar, returned="8.00"),
        "ch_failed": paid("9.00", omar, Status="Failed"),
    })  # fmt: skip
    world.load("stripe_payments", account="again", mapping=PAYMENTS_FILE, formats=FORMATS, rows={
        "ch_file": paid("1010.00", omar, returned="10.00"),
    })  # fmt: skip
    world.load("paypal_activity", mapping=ACTIVITY_FILE, formats=FORMATS, rows={
        "SALE:USD:4900": moved("Express Checkout Payment", "49.00", "rosa@example.com"),
        "BACK:USD:-4900": moved("Payment Refund", "-49.00", **{"Reference Txn ID": "SALE"}),
        "OLD:USD:2500": moved("Website Payment", "25.00", nora, Fee="-1.03"),
        "OLDBACK:USD:-500": moved("Payment Refund", "-5.00", **{"Reference Txn ID": "OLD"}),
        "NOTE:USD:2500": moved("General Authorization", "25.00", nora, Impact="Memo"),
        "HOLD:USD:-2500": moved("Account Hold for Open Authorization", "-25.00"),
        "END:USD:2500": moved("Reversal of General Account Hold", "25.00"),
        "PRINT:USD:-900": moved("General Payment", "-9.00"),
    })  # fmt: skip
    sale = {"Moeda": "BRL", "Email": nora}
    world.load("hotmart_sales", mapping=SALES_FILE, formats=FORMATS, rows={
        "HP1:1:1": sale | {"Preço": "1.234,50", "Status": "Completo", "Data": "02/03/2025"},
        "HP2:1:1": sale | {"Preço": "97,00", "Status": "Reembolsado"},
        "HP3:1:1": sale | {"Preço": "98,00", "Status": "Cancelado"},
        "HP4:1:1": sale | {"Preço": "99,00", "Status": "Em algum lugar"},
    })  # fmt: skip


def stage_ghl(world: Warehouse) -> None:
    world.load_api("ghl.contacts", account="place", rows={"paco": {"firstName": "Paco", "email": "paco@example.com"}})
    told = {"contactId": "paco", "currency": "USD", "status": "succeeded", "liveMode": True, "amountRefunded": 0}
    by_stripe, by_paypal, by_hand = ({**told, "paymentProviderType": name} for name in ("stripe", "paypal", "manual"))
    world.load_api("ghl.payment_transactions", account="place", rows={
        "same": {**by_stripe, "amount": 49, "chargeId": "ch_ana", "amountRefunded": 15},
        "same invoice": {**by_stripe, "amount": 33, "chargeId": "in_eva"},
        "same in a file": {**by_stripe, "amount": 1010, "chargeId": "ch_file", "amountRefunded": 10},
        "same at PayPal": {**by_paypal, "amount": 49, "chargeId": "SALE", "status": "refunded"},
        "cash": {**by_hand, "amount": 97.5, "amountRefunded": 7.5},
        "all back": {**by_hand, "amount": 20, "status": "refunded"},
        "trial run": {**by_hand, "amount": 1, "liveMode": False},
        "of nobody": {**by_hand, "amount": 3, "contactId": "unknown"},
    })  # fmt: skip


def stage_subscriptions(world: Warehouse) -> None:
    world.load_api("stripe.subscriptions", account="studio", rows={
        "sub_ana": subscription(item(1900), item(12000, "year"), item(500, quantity=2)),
        "sub_jpy": subscription(item(1000, "month", 3), currency="jpy"),
        "sub_tiers": subscription(item(1900), item(None)),
        "sub_week": subscription(item(1200, "week")),
        "sub_old": subscription(
            {"plan": {"amount": 700, "interval": "month", "interval_count": 1}}, status="canceled"
        ),
    })  # fmt: skip
    yearly = {"frequency": {"interval_unit": "YEAR", "interval_count": 1}, "tenure_type": "REGULAR", "sequence": 2}
    first = {"frequency": {"interval_unit": "MONTH", "interval_count": 1}, "tenure_type": "TRIAL", "sequence": 1}
    prices = [
        {"pricing_scheme": {"fixed_price": {"value": value, "currency_code": "USD"}}} for value in ("1.00", "120")
    ]
    world.load_api("paypal.plans", account="studio", rows={
        "P-1": {"name": "Taller", "billing_cycles": [first | prices[0], yearly | prices[1]]},
    })  # fmt: skip
    world.load_api("paypal.subscriptions", account="studio", rows={
        "I-ROSA": {"plan_id": "P-1", "status": "SUSPENDED", "quantity": "2", "subscriber": {"payer_id": "ROSA"}},
        "I-JUAN": {"plan_id": "P-1", "status": "RENAMED", "subscriber": {"payer_id": "JUAN"}},
    })  # fmt: skip
    by_stripe = {"contactId": "paco", "currency": "USD", "amount": 19, "status": "active"}
    by_stripe["paymentProviderType"] = "stripe"
    world.load_api("ghl.payment_subscriptions", account="place", rows={
        "same": {**by_stripe, "subscriptionId": "sub_ana"}, "own": {**by_stripe, "subscriptionId": "sub_elsewhere"},
    })  # fmt: skip


def stage_invoices(world: Warehouse) -> None:
    whole = {"total": 3300, "amount_due": 3300, "amount_paid": 3300}
    world.load_api("stripe.invoices", account="studio", rows={
        "in_eva": {"customer": "cus_eva", "currency": "usd", "status": "paid", **whole},
    })  # fmt: skip
    detail = {"invoice_number": "7", "invoice_date": "2026-01-01"}
    world.load_api("paypal.invoices", account="studio", rows={
        "INV2-1": {
            "amount": {"value": "49.00", "currency_code": "USD"}, "status": "MARKED_AS_PAID", "detail": detail,
            "payments": {"transactions": [{"payment_id": "SALE"}]},
        },
    })  # fmt: skip
    part = {"total": 30, "amountDue": 10, "amountPaid": 20, "currency": "USD", "status": "partially_paid"}
    world.load_api("ghl.invoices", account="place", rows={"i": {"contactDetails": {"id": "paco"}, **part}})


def stage_businesses(world: Warehouse) -> None:
    """Two businesses that know a charge by one id: nobody's money is another's copy."""
    world.load_api("stripe.charges", account="five", rows={"ch_two": charge(100, **of("two@example.com"))})
    world.load("stripe_payments", account="files_found", mapping=PAYMENTS_FILE, formats=FORMATS, rows={
        "ch_two": paid("1.00", "two@example.com"),
    })  # fmt: skip


def stage_studio(world: Warehouse) -> None:
    """Everything."""
    for stage in (stage_stripe, stage_paypal, stage_files, stage_ghl, stage_subscriptions, stage_invoices):
        stage(world)
    stage_businesses(world)

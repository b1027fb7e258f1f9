"""The streams of Stripe, one class a stream."""

from __future__ import annotations

from types import MappingProxyType

from tap_core.interval_stream import DAY

from tap_stripe.base import StripeStream


class Customers(StripeStream):
    """People and firms; the list hides deleted ones, whose events become tombstones."""

    name = "customers"
    path = "/v1/customers"
    kind = "customer"
    phones = (("phone", "address.country"), ("shipping.phone", "shipping.address.country"))


class Charges(StripeStream):
    """Attempts to take money; `billing_details` is all that is known of a guest."""

    name = "charges"
    path = "/v1/charges"
    kind = "charge"
    phones = (
        ("billing_details.phone", "billing_details.address.country"),
        ("shipping.phone", "shipping.address.country"),
    )


class PaymentIntents(StripeStream):
    """What a customer means to pay, over all attempts."""

    name = "payment_intents"
    path = "/v1/payment_intents"
    kind = "payment_intent"
    phones = (("shipping.phone", "shipping.address.country"),)


class Invoices(StripeStream):
    """Invoices with all of their lines."""

    name = "invoices"
    path = "/v1/invoices"
    kind = "invoice"
    phones = (
        ("customer_phone", "customer_address.country"),
        ("customer_shipping.phone", "customer_shipping.address.country"),
    )


class Subscriptions(StripeStream):
    """Subscriptions with all of their items; without `status=all` Stripe hides cancelled ones."""

    name = "subscriptions"
    path = "/v1/subscriptions"
    kind = "subscription"
    params = MappingProxyType({"status": "all"})


class Refunds(StripeStream):
    """Money given back."""

    name = "refunds"
    path = "/v1/refunds"
    kind = "refund"


class Disputes(StripeStream):
    """Charges that a bank contests."""

    name = "disputes"
    path = "/v1/disputes"
    kind = "dispute"


class BalanceTransactions(StripeStream):
    """The ledger: fees and net amounts; only `status` ever changes, and no event tells it."""

    name = "balance_transactions"
    path = "/v1/balance_transactions"
    kind = "balance_transaction"
    reread = 30 * DAY


class Payouts(StripeStream):
    """Money sent to the bank."""

    name = "payouts"
    path = "/v1/payouts"
    kind = "payout"


class CreditNotes(StripeStream):
    """Corrections of invoices, with all of their lines."""

    name = "credit_notes"
    path = "/v1/credit_notes"
    kind = "credit_note"


class CheckoutSessions(StripeStream):
    """Visits to a payment page; `customer_details` is all that is known of a guest."""

    name = "checkout_sessions"
    path = "/v1/checkout/sessions"
    kind = "checkout.session"
    phones = (
        ("customer_details.phone", "customer_details.address.country"),
        ("shipping_details.phone", "shipping_details.address.country"),
    )


class InvoicePayments(StripeStream):
    """Which payment paid which invoice; only a paid one has an event."""

    name = "invoice_payments"
    path = "/v1/invoice_payments"
    kind = "invoice_payment"
    reread = 30 * DAY


class Products(StripeStream):
    """What is sold."""

    name = "products"
    path = "/v1/products"
    kind = "product"


class Prices(StripeStream):
    """What it costs, archived prices too."""

    name = "prices"
    path = "/v1/prices"
    kind = "price"


STREAMS = (
    Customers,
    Charges,
    PaymentIntents,
    Invoices,
    Subscriptions,
    Refunds,
    Disputes,
    BalanceTransactions,
    Payouts,
    CreditNotes,
    CheckoutSessions,
    InvoicePayments,
    Products,
    Prices,
)

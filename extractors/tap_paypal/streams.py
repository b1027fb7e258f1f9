"""The streams of PayPal, one class a stream."""

from __future__ import annotations

from tap_paypal.invoices import InvoiceStream
from tap_paypal.listings import BalanceStream, CatalogueStream, DisputeStream
from tap_paypal.rereads import RereadingStream
from tap_paypal.subscriptions import SubscriptionStream, SubscriptionTransactionStream


class Transactions(RereadingStream):
    """Every row of the report, those that move no balance too; on outgoing payments `payer_info` is the receiver."""

    name = "transactions"
    phones = (("payer_info.phone_number", "payer_info.country_code"),)


class Balances(BalanceStream):
    """What the account held at the end of each day, by currency."""

    name = "balances"
    path = "/v1/reporting/balances"


class Subscriptions(SubscriptionStream):
    """Memberships; PayPal lists them nowhere, so those are read that a transaction has named."""

    name = "subscriptions"
    phones = (("subscriber.phone.phone_number", "subscriber.shipping_address.address.country_code"),)


class SubscriptionTransactions(SubscriptionTransactionStream):
    """Payments of the memberships, failed ones too."""

    name = "subscription_transactions"
    created_path = "time"


class Plans(CatalogueStream):
    """What a membership costs, and how often."""

    name = "plans"
    path = "/v1/billing/plans"
    list_name = "plans"


class Products(CatalogueStream):
    """What the plans are of; the list leaves out type and category."""

    name = "products"
    path = "/v1/catalogs/products"
    list_name = "products"
    is_whole = False


class Invoices(InvoiceStream):
    """Bills; the lists leave out items, payments and refunds."""

    name = "invoices"
    path = "/v2/invoicing/invoices"
    created_path = "detail.metadata.create_time"
    updated_path = "detail.metadata.last_update_time"
    phones = (("primary_recipients.billing_info.phones", "primary_recipients.billing_info.address.country_code"),)


class Disputes(DisputeStream):
    """Payments that a buyer or a bank contests; only the dispute itself tells who."""

    name = "disputes"
    path = "/v1/customer/disputes"
    id_path = "dispute_id"


STREAMS = (
    Transactions,
    Balances,
    Subscriptions,
    SubscriptionTransactions,
    Plans,
    Products,
    Invoices,
    Disputes,
)

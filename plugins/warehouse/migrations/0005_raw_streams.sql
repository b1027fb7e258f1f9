-- The tables of every raw stream, up front: `transform` reads them all, also where a source was never downloaded.
-- `target_postgres` finds them there and fills them.

select ops.create_raw_stream('staging_ghl', stream)
from unnest(array[
    'contacts', 'custom_fields', 'custom_values', 'tags', 'users', 'locations', 'opportunities', 'pipelines',
    'payment_transactions', 'payment_subscriptions', 'invoices'
]) as stream;

select ops.create_raw_stream('staging_manychat', stream)
from unnest(array[
    'subscribers', 'subscriber_pushes', 'lookups', 'page_info', 'tags', 'custom_fields', 'bot_fields', 'flows'
]) as stream;

select ops.create_raw_stream('staging_stripe', stream)
from unnest(array[
    'customers', 'charges', 'payment_intents', 'invoices', 'subscriptions', 'refunds', 'disputes',
    'balance_transactions', 'payouts', 'credit_notes', 'checkout_sessions', 'invoice_payments', 'products', 'prices'
]) as stream;

select ops.create_raw_stream('staging_paypal', stream)
from unnest(array[
    'transactions', 'subscriptions', 'subscription_transactions', 'plans', 'products', 'invoices', 'disputes', 'balances'
]) as stream;

"""The streams of PayPal, one class a stream."""

from __future__ import annotations

from tap_paypal.rereads import RereadingStream


class Transactions(RereadingStream):
    """Every row of the report, those that move no balance too; on outgoing payments `payer_info` is the receiver."""

    name = "transactions"
    phones = (("payer_info.phone_number", "payer_info.country_code"),)


STREAMS = (Transactions,)

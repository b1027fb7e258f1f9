"""How an object looks in an older API version: the form that events keep, and that a client without a header gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OLD_VERSION = "2024-06-20"
"""The account's default, in which events are written."""
_BASIL = "2025-03-31"
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")

Object = dict[str, Any]


def known(version: str) -> bool:
    """Say whether this can be a version at all."""
    return _FORM.fullmatch(version) is not None


def _old_charge(charge: Object, invoice: str) -> None:
    charge["invoice"] = invoice or None


def _old_subscription(subscription: Object, _invoice: str) -> None:
    for item in subscription["items"]["data"]:
        subscription["current_period_end"] = item.pop("current_period_end")
        subscription["current_period_start"] = item.pop("current_period_start")


def _old_invoice(invoice: Object, _invoice: str) -> None:
    parent = invoice.pop("parent", None)
    details = parent["subscription_details"] if parent else None
    invoice["subscription"] = details["subscription"] if details else None
    invoice["paid"] = invoice["status"] == "paid"


_OLD_FORMS: dict[str, Callable[[Object, str], None]] = {
    "charges": _old_charge,
    "payment_intents": _old_charge,
    "subscriptions": _old_subscription,
    "invoices": _old_invoice,
}


def in_version(written: Object, stream: str, version: str, invoice: str = "") -> Object:
    """Bring a freshly written object into the form of a version: since 2025-03-31 it is the fixtures' form."""
    if version[:10] < _BASIL and stream in _OLD_FORMS:
        _OLD_FORMS[stream](written, invoice)
    return written

"""A row as the report shows it: always the same parts in the same order, so that a page is quickly written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.exports.formats import plain
from sandbox.server.paypal.times import stamp

if TYPE_CHECKING:
    from collections.abc import Collection

    from sandbox.server.paypal.facts import Payer, Row

PARTS = (
    "transaction_info",
    "payer_info",
    "shipping_info",
    "cart_info",
    "store_info",
    "auction_info",
    "incentive_info",
)
"""What `fields` can ask for."""
_encode = msgspec.json.Encoder().encode
_NOBODY = msgspec.Raw(b'{"payer_name":{}}')
_NOTHING = msgspec.Raw(b"{}")
_CHECKOUTS = ("T0006", "T0007")


def money(currency: str, cents: int) -> dict[str, str]:
    """Write an amount."""
    return {"currency_code": currency, "value": plain(cents)}


def write(row: Row, parts: Collection[str], offsets: tuple[int, int]) -> msgspec.Raw:
    """Write a row with those of its parts that were asked for."""
    account_id = row.payer.account_id(row.id) if row.payer else ""
    detail: dict[str, Any] = {"transaction_info": _transaction(row, account_id, offsets)}
    if len(parts) > 1 or "transaction_info" not in parts:
        detail |= _others(row, account_id)
        detail = {part: detail[part] for part in PARTS if part in parts}
    return msgspec.Raw(_encode(detail))


def _transaction(row: Row, account_id: str, offsets: tuple[int, int]) -> dict[str, Any]:
    info: dict[str, Any] = {"paypal_account_id": account_id} if account_id else {}
    info["transaction_id"] = row.id
    if row.reference:
        info |= {"paypal_reference_id": row.reference, "paypal_reference_id_type": row.reference_type}
    info["transaction_event_code"] = row.code
    info["transaction_initiation_date"] = initiated = stamp(row.at, offsets)
    info["transaction_updated_date"] = initiated if row.updated == row.at else stamp(row.updated, offsets)
    info["transaction_amount"] = money(row.currency, row.cents)
    if row.fee:
        info["fee_amount"] = money(row.currency, row.fee)
    info["transaction_status"] = row.status
    if row.product:
        info["transaction_subject"] = row.product
    if row.invoice:
        info["invoice_id"] = row.invoice
    if row.custom:
        info["custom_field"] = row.custom
    info["protection_eligibility"] = "01" if row.code in _CHECKOUTS else "02"
    return info


def _others(row: Row, account_id: str) -> dict[str, Any]:
    cart = {"item_details": [_item(row)]} if row.product else {}
    return {
        "payer_info": _payer(row.payer, account_id),
        "shipping_info": msgspec.Raw(row.payer.shipping) if row.payer and row.product else _NOTHING,
        "cart_info": cart,
        "store_info": _NOTHING,
        "auction_info": _NOTHING,
        "incentive_info": _NOTHING,
    }


def _payer(payer: Payer | None, account_id: str) -> msgspec.Raw:
    if payer is None:
        return _NOBODY
    if not account_id:
        return msgspec.Raw(payer.info)
    return msgspec.Raw(b'{"account_id":"%s",%s' % (account_id.encode(), payer.info[1:]))


def _item(row: Row) -> dict[str, Any]:
    price = money(row.currency, row.cents)
    item = {"item_name": row.product, "item_quantity": "1", "item_unit_price": price, "item_amount": price}
    return {**item, "total_item_amount": price, **({"invoice_number": row.invoice} if row.invoice else {})}

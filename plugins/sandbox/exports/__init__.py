"""Look-alikes of what people export by hand; one small module a vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.exports import ghl, hotmart, manychat, paypal, shopify, stripe

if TYPE_CHECKING:
    from sandbox.exports.export import Export

EXPORTS: dict[str, Export[Any]] = {
    export.name: export
    for export in (
        stripe.CUSTOMERS,
        stripe.PAYMENTS,
        paypal.ENGLISH,
        paypal.SPANISH,
        ghl.CONTACTS,
        manychat.SUBSCRIBERS,
        manychat.WHATSAPP,
        shopify.CUSTOMERS,
        hotmart.SALES,
    )
}

"""An object as the API shows it, written from its fact over the official shape; nested lists stand there whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.appearances import Appearance
from sandbox.server.stripe import facts
from sandbox.server.stripe.books import price_id, product_id
from sandbox.server.stripe.facts import DAY, new_id
from sandbox.server.stripe.history import MEMBERSHIP
from sandbox.server.stripe.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.server.stripe.books import Books

Object = dict[str, Any]
API_VERSION = "2026-06-24.dahlia"
"""The version of the fixtures, which the objects here follow."""
_TAGS = ("",) * 70 + ("vip",) * 10 + ("curso-2026",) * 10 + ("afiliado",) * 10
_DETAIL = 18
_MOST_CONTACTS = 50_000


def whole_list(url: str, items: list[Object]) -> Object:
    """Give a nested list that holds everything."""
    return {"object": "list", "data": items, "has_more": False, "url": url}


def _seen(books: Books, buyer: facts.Buyer) -> Appearance:
    person = books.world.person(buyer.index)
    return Appearance(books.world, person, person.life.by_source["stripe"][buyer.copy], buyer.copy)


def _address(seen: Appearance) -> Object:
    place = seen.person.place
    return {
        "city": place.city,
        "country": seen.person.country.code,
        "line1": None,
        "line2": None,
        "postal_code": place.postal_code,
        "state": place.state,
    }


def _contact(books: Books, buyer: facts.Buyer) -> Object:
    """Give what the buyer typed; the same buyer stands in many objects, so it is kept."""
    kept = books.contacts.get((buyer.index, buyer.copy))
    if kept is None:
        seen = _seen(books, buyer)
        name, email, phone = seen.full_name or None, seen.email or None, seen.phone or None
        kept = {"address": _address(seen), "email": email, "name": name, "phone": phone}
        if len(books.contacts) >= _MOST_CONTACTS:
            books.contacts.clear()
        books.contacts[buyer.index, buyer.copy] = kept
    return kept


def _customer(books: Books, buyer: facts.Buyer) -> Object:
    seen = _seen(books, buyer)
    detail = seen.numbers[_DETAIL]
    noted = {"tag": _TAGS[detail % 100], "ghl_contact_id": seen.linked_id("ghl")}
    return {
        **shape("customers"),
        **_contact(books, buyer),
        "id": buyer.id,
        "created": buyer.created,
        "currency": buyer.currency,
        "delinquent": detail % 100 < 3,
        "invoice_prefix": buyer.id[-8:].upper(),
        "metadata": {key: value for key, value in noted.items() if value},
        "preferred_locales": [seen.person.language],
    }


def _charge(books: Books, sale: facts.Sale) -> Object:
    contact = _contact(books, sale.buyer)
    card = {**shape("charges")["payment_method_details"]["card"], "fingerprint": new_id("", str(sale.buyer.index))[:16]}
    return {
        **shape("charges"),
        "id": sale.id,
        "amount": sale.cents,
        "amount_captured": sale.cents if sale.paid else 0,
        "amount_refunded": sale.refunded,
        "balance_transaction": sale.line or None,
        "billing_details": {**contact, "tax_id": None},
        "captured": sale.paid,
        "created": sale.at,
        "currency": sale.currency,
        "customer": sale.buyer.id or None,
        "description": sale.product,
        "disputed": sale.dispute is not None,
        "failure_code": None if sale.paid else "card_declined",
        "failure_message": None if sale.paid else "Your card was declined.",
        "paid": sale.paid,
        "payment_intent": sale.intent,
        "payment_method": new_id("pm_", sale.id),
        "payment_method_details": {"card": card, "type": "card"},
        "receipt_email": contact["email"],
        "refunded": sale.refunded == sale.cents,
        "status": "succeeded" if sale.paid else "failed",
    }


def _payment_intent(books: Books, sale: facts.Sale) -> Object:
    return {
        **shape("payment_intents"),
        "id": sale.intent,
        "amount": sale.cents,
        "amount_received": sale.cents if sale.paid else 0,
        "client_secret": f"{sale.intent}_secret_sandbox",
        "created": sale.at - 2,
        "currency": sale.currency,
        "customer": sale.buyer.id or None,
        "description": sale.product,
        "latest_charge": sale.id,
        "payment_method": new_id("pm_", sale.id) if sale.paid else None,
        "receipt_email": _contact(books, sale.buyer)["email"],
        "status": "succeeded" if sale.paid else "requires_payment_method",
    }


def invoice_lines(sale: facts.Sale) -> list[Object]:
    """Write the lines of a sale's invoice: the last one bears what the division left."""
    share, rest = divmod(sale.cents, sale.lines)
    amounts = [share] * (sale.lines - 1) + [share + rest]
    return [_invoice_line(sale.invoice, place, amount, sale) for place, amount in enumerate(amounts)]


def _invoice_line(invoice: str, place: int, amount: int, sale: facts.Sale) -> Object:
    return {
        **shape("line_items"),
        "id": new_id("il_", f"{invoice}:{place}"),
        "amount": amount,
        "currency": sale.currency,
        "description": sale.product,
        "invoice": invoice,
        "period": {"end": sale.at + 30 * DAY, "start": sale.at},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price_id(sale.product, sale.currency), "product": product_id(sale.product)},
            "unit_amount_decimal": str(amount),
        },
        "subtotal": amount,
    }


def _bill(books: Books, buyer: facts.Buyer, identity: str, created: int) -> Object:
    contact = _contact(books, buyer)
    return {
        **shape("invoices"),
        "id": identity,
        "created": created,
        "currency": buyer.currency,
        "customer": buyer.id,
        "customer_address": contact["address"],
        "customer_email": contact["email"],
        "customer_name": contact["name"],
        "customer_phone": contact["phone"],
        "effective_at": created,
        "period_end": created,
        "period_start": created,
    }


def _totals(cents: int) -> Object:
    return {"subtotal": cents, "subtotal_excluding_tax": cents, "total": cents, "total_excluding_tax": cents}


def _invoice(books: Books, fact: facts.Sale | facts.Draft) -> Object:
    if isinstance(fact, facts.Draft):
        return _unpaid_invoice(books, fact)
    member = fact.buyer.subscription if fact.product == MEMBERSHIP else None
    details = {"metadata": {}, "subscription": member.id} if member else None
    parent = {"quote_details": None, "subscription_details": details, "type": "subscription_details"}
    transitions = {"finalized_at": fact.at - 4, "marked_uncollectible_at": None, "paid_at": fact.at, "voided_at": None}
    return {
        **_bill(books, fact.buyer, fact.invoice, fact.at - 5),
        **_totals(fact.cents),
        "amount_due": fact.cents,
        "amount_paid": fact.cents,
        "amount_remaining": 0,
        "attempt_count": 1,
        "attempted": True,
        "billing_reason": "subscription_cycle" if member else "manual",
        "lines": whole_list(f"/v1/invoices/{fact.invoice}/lines", invoice_lines(fact)),
        "number": f"{fact.buyer.id[-8:].upper()}-{fact.at % 10_000:04d}",
        "parent": parent if member else None,
        "post_payment_credit_notes_amount": fact.refunded,
        "status": "paid",
        "status_transitions": transitions,
    }


def _unpaid_invoice(books: Books, draft: facts.Draft) -> Object:
    voided = draft.at + DAY if draft.status == "void" else None
    transitions = {"finalized_at": None, "marked_uncollectible_at": None, "paid_at": None, "voided_at": voided}
    return {
        **_bill(books, draft.buyer, draft.id, draft.at),
        **_totals(draft.cents),
        "amount_due": draft.cents,
        "amount_remaining": draft.cents,
        "lines": whole_list(f"/v1/invoices/{draft.id}/lines", []),
        "status": draft.status,
        "status_transitions": transitions,
    }


def subscription_items(books: Books, member: facts.Subscription) -> list[Object]:
    """Write the items of a subscription."""
    price = books.streams["prices"].fact(price_id(MEMBERSHIP, member.buyer.currency))
    months = max(0, (member.canceled_at or books.world.now) - member.created) // (30 * DAY)
    begun = member.created + months * 30 * DAY
    return [
        {
            **shape("subscription_items"),
            "id": new_id("si_", f"{member.id}:{place}"),
            "created": member.created,
            "current_period_end": begun + 30 * DAY,
            "current_period_start": begun,
            "price": _price(books, price),
            "subscription": member.id,
        }
        for place in range(member.items)
    ]


def _subscription(books: Books, member: facts.Subscription) -> Object:
    reason = "cancellation_requested" if member.canceled_at else None
    items = subscription_items(books, member)
    return {
        **shape("subscriptions"),
        "id": member.id,
        "billing_cycle_anchor": member.created,
        "canceled_at": member.canceled_at,
        "cancellation_details": {"comment": None, "feedback": None, "reason": reason},
        "created": member.created,
        "currency": member.buyer.currency,
        "customer": member.buyer.id,
        "ended_at": member.canceled_at,
        "items": whole_list(f"/v1/subscription_items?subscription={member.id}", items),
        "start_date": member.created,
        "status": member.status,
    }


def _refund(_books: Books, refund: facts.Refund) -> Object:
    return {
        **shape("refunds"),
        "id": refund.id,
        "amount": refund.cents,
        "balance_transaction": new_id("txn_", refund.id),
        "charge": refund.sale.id,
        "created": refund.at,
        "currency": refund.sale.currency,
        "customer": refund.sale.buyer.id or None,
        "payment_intent": refund.sale.intent,
        "reason": "requested_by_customer",
    }


def _dispute(books: Books, dispute: facts.Dispute) -> Object:
    contact = _contact(books, dispute.sale.buyer)
    due = {**shape("disputes")["evidence_details"], "due_by": dispute.at + 14 * DAY}
    who = {"customer_email_address": contact["email"], "customer_name": contact["name"]}
    return {
        **shape("disputes"),
        "id": dispute.id,
        "amount": dispute.sale.cents,
        "charge": dispute.sale.id,
        "created": dispute.at,
        "currency": dispute.sale.currency,
        "evidence": {**shape("disputes")["evidence"], **who},
        "evidence_details": due,
        "is_charge_refundable": False,
        "payment_intent": dispute.sale.intent,
        "reason": "fraudulent",
        "status": dispute.status,
    }


def _balance_transaction(books: Books, line: facts.Line) -> Object:
    fee = {"amount": line.fee, "application": None, "currency": "usd", "type": "stripe_fee"}
    return {
        **shape("balance_transactions"),
        "id": line.id,
        "amount": line.amount,
        "available_on": line.available_on,
        "created": line.created,
        "description": "STRIPE PAYOUT" if line.kind == "payout" else None,
        "exchange_rate": line.rate,
        "fee": line.fee,
        "fee_details": [{**fee, "description": "Stripe processing fees"}] if line.fee else [],
        "net": line.net,
        "reporting_category": line.category,
        "source": line.source,
        "status": "available" if line.available_on <= books.clock.now else "pending",
        "type": line.kind,
    }


def _payout(books: Books, payout: facts.Payout) -> Object:
    return {
        **shape("payouts"),
        "id": payout.id,
        "amount": payout.amount,
        "arrival_date": payout.arrival,
        "balance_transaction": payout.line,
        "created": payout.created,
        "status": "paid" if payout.arrival <= books.clock.now else "in_transit",
    }


def _credit_note(_books: Books, note: facts.CreditNote) -> Object:
    refund = note.refund
    sale = refund.sale
    return {
        **shape("credit_notes"),
        **_totals(refund.cents),
        "id": note.id,
        "amount": refund.cents,
        "created": refund.at,
        "currency": sale.currency,
        "customer": sale.buyer.id,
        "effective_at": refund.at,
        "invoice": sale.invoice,
        "lines": whole_list(f"/v1/credit_notes/{note.id}/lines", credit_note_lines(note)),
        "number": f"{sale.buyer.id[-8:].upper()}-{sale.at % 10_000:04d}-CN-01",
        "post_payment_amount": refund.cents,
        "refunds": [{"amount_refunded": refund.cents, "refund": refund.id, "type": "refund"}],
    }


def credit_note_lines(note: facts.CreditNote) -> list[Object]:
    """Write the lines of a credit note: as many as the invoice had, and no cent lost."""
    count = note.refund.sale.lines
    share, rest = divmod(note.refund.cents, count)
    lines = invoice_lines(note.refund.sale)
    return [
        {
            **shape("credit_note_lines"),
            "id": new_id("cnli_", f"{note.id}:{place}"),
            "amount": share + (rest if place == count - 1 else 0),
            "description": note.refund.sale.product,
            "invoice_line_item": line["id"],
        }
        for place, line in enumerate(lines)
    ]


def _checkout_session(books: Books, fact: facts.Checkout | facts.Abandoned) -> Object:
    buyer = fact.sale.buyer if isinstance(fact, facts.Checkout) else fact.buyer
    details = {**shape("checkout_sessions")["customer_details"], **_contact(books, buyer)}
    common = {**shape("checkout_sessions"), "id": fact.id, "customer": buyer.id or None, "customer_details": details}
    if isinstance(fact, facts.Checkout):
        return {**common, **_finished(fact.sale)}
    expired = fact.at + DAY <= books.clock.now
    return {
        **common,
        "amount_subtotal": fact.cents,
        "amount_total": fact.cents,
        "created": fact.at,
        "currency": buyer.currency,
        "expires_at": fact.at + DAY,
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "expired" if expired else "open",
    }


def _finished(sale: facts.Sale) -> Object:
    return {
        "amount_subtotal": sale.cents,
        "amount_total": sale.cents,
        "created": sale.at - 60,
        "currency": sale.currency,
        "expires_at": sale.at - 60 + DAY,
        "invoice": sale.invoice or None,
        "payment_intent": sale.intent,
        "payment_status": "paid",
        "status": "complete",
    }


def _invoice_payment(_books: Books, fact: facts.InvoicePayment) -> Object:
    sale = fact.sale
    return {
        **shape("invoice_payments"),
        "id": fact.id,
        "amount_paid": sale.cents,
        "amount_requested": sale.cents,
        "created": sale.at,
        "currency": sale.currency,
        "invoice": sale.invoice,
        "payment": {"payment_intent": sale.intent, "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": sale.at},
    }


def _product(_books: Books, product: facts.Product) -> Object:
    default = price_id(product.name, "usd")
    dates = {"created": product.created, "updated": product.created}
    return {**shape("products"), **dates, "id": product.id, "default_price": default, "name": product.name}


def _price(_books: Books, price: facts.Price) -> Object:
    usual = {"interval_count": 1, "meter": None, "usage_type": "licensed", "trial_period_days": None}
    return {
        **shape("prices"),
        "id": price.id,
        "active": price.active,
        "created": price.created,
        "currency": price.currency,
        "product": price.product,
        "recurring": {"interval": price.recurring, **usual} if price.recurring else None,
        "type": "recurring" if price.recurring else "one_time",
        "unit_amount": price.cents,
        "unit_amount_decimal": str(price.cents),
    }


RENDER: dict[str, Callable[[Books, Any], Object]] = {
    "customers": _customer,
    "charges": _charge,
    "payment_intents": _payment_intent,
    "invoices": _invoice,
    "subscriptions": _subscription,
    "refunds": _refund,
    "disputes": _dispute,
    "balance_transactions": _balance_transaction,
    "payouts": _payout,
    "credit_notes": _credit_note,
    "checkout_sessions": _checkout_session,
    "invoice_payments": _invoice_payment,
    "products": _product,
    "prices": _price,
}
_HAVE_NO_MODE = ("refunds", "balance_transactions")


def render(books: Books, stream: str, identity: str) -> Object:
    """Write an object as it is now, in the newest version, with whole nested lists."""
    written = RENDER[stream](books, books.streams[stream].fact(identity))
    if stream not in _HAVE_NO_MODE:
        written["livemode"] = books.live
    changed = books.changes.get(identity)
    return {**written, **changed} if changed else written

"""Subscriptions, which no list names, their payments, and the catalogue of plans and products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.server.paypal.errors import bad_parameter, missing
from sandbox.server.paypal.listing import Sizes, link, page
from sandbox.server.paypal.render import money
from sandbox.server.paypal.times import zulu
from sandbox.server.vendor import DAY

if TYPE_CHECKING:
    from sandbox.server.paypal.books import Books
    from sandbox.server.paypal.facts import Plan, Product, Row, Subscription
    from sandbox.server.paypal.query import Query

Object = dict[str, Any]
_MONTH = 30 * DAY
_PAYMENT_STATUS = {"S": "COMPLETED", "V": "REFUNDED", "P": "PENDING", "D": "DECLINED"}
_FIELDS = ("plan", "last_failed_payment")
_MOST_IDS = 10
_SIZES = Sizes(rows=20, pages=100_000, usual=10)


def subscription(books: Books, query: Query, identity: str) -> Object:
    """Answer `GET /v1/billing/subscriptions/{id}`."""
    fields = [field for field in query.text("fields").split(",") if field]
    if unknown := [field for field in fields if field not in _FIELDS]:
        raise bad_parameter("fields", unknown[0], "Invalid field.")
    return written(books, _known(books, identity), fields)


def payments(books: Books, query: Query, identity: str) -> Object:
    """Answer `GET /v1/billing/subscriptions/{id}/transactions`: all in one answer."""
    start, end = query.needed_moment("start_time"), query.needed_moment("end_time")
    found = [row for row in past(books, _known(books, identity)) if start <= row.at <= end]
    return {
        "transactions": [payment(row) for row in found],
        "total_items": len(found),
        "total_pages": 1 if found else 0,
        "links": [link(query.path)],
    }


def plans(books: Books, query: Query) -> Object:
    """Answer `GET /v1/billing/plans`: whole plans only where the client prefers them."""
    whole = query.headers.get("prefer", "") == "return=representation"
    product, ids = query.text("product_id"), query.text("plan_ids")
    if len(ids.split(",")) > _MOST_IDS:
        raise bad_parameter("plan_ids", ids, f"At most {_MOST_IDS} ids are supported.")
    found = [one for one in books.plans.values() if not product or one.product.id == product]
    found = [one for one in found if not ids or one.id in ids.split(",")]
    return page(query, "plans", found, plan if whole else short_plan, _SIZES)


def one_plan(books: Books, _query: Query, identity: str) -> Object:
    """Answer `GET /v1/billing/plans/{id}`."""
    if identity not in books.plans:
        raise missing(identity)
    return plan(books.plans[identity])


def products(books: Books, query: Query) -> Object:
    """Answer `GET /v1/catalogs/products`: never whole."""
    found = list(books.products.values())
    return page(query, "products", found, short_product, _SIZES)


def one_product(books: Books, _query: Query, identity: str) -> Object:
    """Answer `GET /v1/catalogs/products/{id}`."""
    if identity not in books.products:
        raise missing(identity)
    return product(books.products[identity])


def written(books: Books, made: Subscription, fields: list[str]) -> Object:
    """Write a subscription."""
    by, name = made.payer, {"given_name": made.payer.given, "surname": made.payer.family}
    shipping = msgspec.json.decode(by.shipping)["address"]
    subscriber = {
        "email_address": by.email,
        "payer_id": by.id,
        "name": name,
        "shipping_address": {
            "name": {"full_name": by.full_name},
            "address": {
                "address_line_1": shipping["line1"],
                "admin_area_2": shipping["city"],
                "admin_area_1": shipping["state"],
                "postal_code": shipping["postal_code"],
                "country_code": by.country,
            },
        },
    }
    one = {
        "status": made.status,
        "status_update_time": zulu(made.updated),
        "id": made.id,
        "plan_id": made.plan,
        "start_time": zulu(made.created),
        "quantity": "1",
        "shipping_amount": money(by.currency, 0),
        "subscriber": subscriber,
        "billing_info": _billing(books, made, fields),
        "create_time": zulu(made.created),
        "update_time": zulu(made.updated),
        "plan_overridden": False,
        "links": [link(f"/v1/billing/subscriptions/{made.id}")],
    }
    return {**one, "plan": plan(books.plans[made.plan])} if "plan" in fields else one


def payment(row: Row) -> Object:
    """Write a payment of a subscription."""
    fee = {"fee_amount": money(row.currency, -row.fee)} if row.fee else {}
    amounts = {"gross_amount": money(row.currency, row.cents), **fee}
    payer: Object = {}
    if row.payer:
        name = {"given_name": row.payer.given, "surname": row.payer.family, "full_name": row.payer.full_name}
        payer = {"payer_email": row.payer.email, "payer_name": name}
    return {
        "status": _PAYMENT_STATUS[row.status],
        "id": row.id,
        "amount_with_breakdown": {**amounts, "net_amount": money(row.currency, row.cents + row.fee)},
        **payer,
        "time": zulu(row.at),
    }


def plan(one: Plan) -> Object:
    """Write a plan."""
    price = {
        "version": 1,
        "fixed_price": money(one.currency, one.cents),
        "create_time": zulu(one.created),
        "update_time": zulu(one.updated),
    }
    cycle = {
        "pricing_scheme": price,
        "frequency": {"interval_unit": "MONTH", "interval_count": 1},
        "tenure_type": "REGULAR",
        "sequence": 1,
        "total_cycles": 0,
    }
    preferences = {
        "auto_bill_outstanding": True,
        "setup_fee": money(one.currency, 0),
        "setup_fee_failure_action": "CONTINUE",
        "payment_failure_threshold": 2,
    }
    head = {"id": one.id, "product_id": one.product.id, **short_plan(one), "billing_cycles": [cycle]}
    return {**head, "payment_preferences": preferences, "quantity_supported": False, "update_time": zulu(one.updated)}


def short_product(one: Product) -> Object:
    """Write a product as its list shows it."""
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "create_time": zulu(one.created),
        "links": [link(f"/v1/catalogs/products/{one.id}")],
    }


def product(one: Product) -> Object:
    """Write a product as its own address shows it."""
    more = {"type": "SERVICE", "category": "EDUCATIONAL_AND_TEXTBOOKS", "update_time": zulu(one.updated)}
    return {**short_product(one), **more}


def _known(books: Books, identity: str) -> Subscription:
    if identity not in books.subscriptions:
        raise missing(identity)
    return books.subscriptions[identity]


def past(books: Books, made: Subscription) -> list[Row]:
    """Give the payments that were made by now."""
    return [row for row in made.payments if row.at <= books.clock.now]


def short_plan(one: Plan) -> Object:
    """Write a plan as its list shows it to those who prefer little."""
    return {
        "id": one.id,
        "name": f"{one.product.name} {one.currency}",
        "status": one.status,
        "description": one.product.description,
        "usage_type": "LICENSED",
        "create_time": zulu(one.created),
        "links": [link(f"/v1/billing/plans/{one.id}")],
    }


def _billing(books: Books, made: Subscription, fields: list[str]) -> Object:
    paid = past(books, made)
    done = [row for row in paid if row.status != "D"]
    cycle = {"tenure_type": "REGULAR", "sequence": 1, "cycles_completed": len(done), "total_cycles": 0}
    info: Object = {
        "outstanding_balance": money(made.payer.currency, 0),
        "cycle_executions": [cycle],
        "failed_payments_count": len(paid) - len(done),
    }
    if done:
        last = max(done, key=lambda row: row.at)
        info["last_payment"] = {"amount": money(last.currency, last.cents), "time": zulu(last.at)}
        if made.status == "ACTIVE":
            info["next_billing_time"] = zulu(last.at + _MONTH)
    if "last_failed_payment" in fields and (failed := [row for row in paid if row.status == "D"]):
        last = max(failed, key=lambda row: row.at)
        amount = money(last.currency, last.cents)
        info["last_failed_payment"] = {"amount": amount, "time": zulu(last.at), "reason_code": "PAYER_CANNOT_PAY"}
    return info

"""Disputes: a list of the last 180 days with a token for the next page, and the whole case at its own address."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.server.paypal.cases import KEPT
from sandbox.server.paypal.errors import bad_parameter, missing
from sandbox.server.paypal.listing import link
from sandbox.server.paypal.render import money
from sandbox.server.paypal.times import zulu
from sandbox.server.vendor import DAY

if TYPE_CHECKING:
    from sandbox.server.paypal.books import Books
    from sandbox.server.paypal.facts import Dispute
    from sandbox.server.paypal.query import Query

Object = dict[str, Any]
_MOST = 50
_STATES = ("RESOLVED", "UNDER_PAYPAL_REVIEW")
_TRANSACTION_STATUS = {"S": "COMPLETED", "V": "REVERSED", "P": "PENDING", "D": "DENIED"}


def listed(books: Books, query: Query) -> Object:
    """Answer `GET /v1/customer/disputes`, the last changed first."""
    size = query.number("page_size", 10, _MOST)
    found = _found(books, query)
    if "next_page_token" in query.values:
        found = [one for one in found if _place(one) < _read_token(query.text("next_page_token"))]
    shown = found[:size]
    links = [link(_address(query), "self"), link(query.path, "first")]
    if len(found) > size:
        links.append(link(_address(query, next_page_token=_token(shown[-1])), "next"))
    return {"items": [short(one) for one in shown], "links": links}


def whole(books: Books, _query: Query, identity: str) -> Object:
    """Answer `GET /v1/customer/disputes/{id}`, however old."""
    if identity not in books.disputes:
        raise missing(identity)
    return written(books.disputes[identity])


def short(one: Dispute) -> Object:
    """Write a dispute as the list shows it."""
    open_still = one.status != "RESOLVED"
    due = {"seller_response_due_date": zulu(one.created + 10 * DAY)} if open_still else {}
    return {
        "dispute_id": one.id,
        "create_time": zulu(one.created),
        "update_time": zulu(one.updated),
        "reason": one.reason,
        "status": one.status,
        "dispute_state": _state(one),
        "dispute_amount": money(one.payment.currency, one.payment.cents),
        "dispute_life_cycle_stage": "CHARGEBACK",
        "dispute_channel": "EXTERNAL",
        **due,
        "links": [link(f"/v1/customer/disputes/{one.id}")],
    }


def written(one: Dispute) -> Object:
    """Write a whole dispute."""
    row, amount = one.payment, money(one.payment.currency, one.payment.cents)
    disputed = {
        "seller_transaction_id": row.id,
        "create_time": zulu(row.at),
        "transaction_status": _TRANSACTION_STATUS[row.status],
        "gross_amount": amount,
        "buyer": _buyer(one),
        "seller": {"email": "ventas@academia.example", "name": "Academia"},
    }
    message = {"posted_by": "BUYER", "time_posted": zulu(one.created), "content": "No reconozco este pago."}
    more: Object = {"disputed_transactions": [disputed], "messages": [message]}
    if one.outcome:
        refunded = amount if one.outcome == "RESOLVED_BUYER_FAVOUR" else money(row.currency, 0)
        more["dispute_outcome"] = {"outcome_code": one.outcome, "amount_refunded": refunded}
    return {**{key: value for key, value in short(one).items() if key != "dispute_state"}, **more}


def readable(books: Books) -> dict[str, Dispute]:
    """Give those that the list has shown on some day since the world's present."""
    first = books.world.now - KEPT
    return {one.id: one for one in books.disputes.values() if one.updated >= first and one.created <= books.clock.now}


def _found(books: Books, query: Query) -> list[Dispute]:
    if "start_time" in query.values and "disputed_transaction_id" in query.values:
        raise bad_parameter("start_time", query.text("start_time"), "Give start_time or disputed_transaction_id.")
    now = books.clock.now
    after = _recent(query, "update_time_after", now) or now - KEPT
    before = _recent(query, "update_time_before", now) or now
    created, about = _recent(query, "start_time", now) or 0, query.text("disputed_transaction_id")
    states = query.text("dispute_state").split(",") if "dispute_state" in query.values else _STATES
    found = [
        one
        for one in books.disputes.values()
        if after <= one.updated <= before
        and one.created >= created
        and (not about or one.payment.id == about)
        and _state(one) in states
    ]
    return sorted(found, key=_place, reverse=True)


def _recent(query: Query, name: str, now: int) -> int | None:
    moment = query.moment(name)
    if moment is not None and moment < now - KEPT:
        raise bad_parameter(name, query.text(name), "The date must be within the last 180 days.")
    return moment


def _state(one: Dispute) -> str:
    return "RESOLVED" if one.status == "RESOLVED" else "UNDER_PAYPAL_REVIEW"


def _place(one: Dispute) -> tuple[int, str]:
    return one.updated, one.id


def _token(last: Dispute) -> str:
    return base64.b64encode(f"{last.updated}:{last.id}".encode()).decode()


def _read_token(token: str) -> tuple[int, str]:
    try:
        updated, _, identity = base64.b64decode(token, validate=True).decode().partition(":")
        return int(updated), identity
    except (binascii.Error, ValueError):
        raise bad_parameter("next_page_token", token, "Invalid token.") from None


def _address(query: Query, **more: str) -> str:
    values = {**query.values, **more}
    return f"{query.path}?{urlencode(values)}" if values else query.path


def _buyer(one: Dispute) -> Object:
    payer = one.payment.payer
    if payer is None:
        return {}
    identity = payer.account_id(one.payment.id)
    return {"email": payer.email, "name": payer.full_name, **({"payer_id": identity} if identity else {})}

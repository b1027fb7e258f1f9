"""Stripe's API: the key, the pinned version, lists from the newest to the oldest, and what its errors mean."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from tap_core import raw_json
from tap_core.client import Call, Client
from tap_core.errors import ChangedEnvelopeError, MissingObjectError, MissingPermissionError
from tap_core.intervals import Interval
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests
    from tap_core.meter import Meter

VERSION = "2026-06-24.dahlia"
ALL = "all"
PAGE_SIZE = 100
SECOND = 1000

_UNFINISHED = re.compile(rb'"has_more"\s*:\s*true')


class Head(msgspec.Struct, gc=False):
    """What a list must tell of each object."""

    id: str
    created: int


class Account(msgspec.Struct):
    """What is asked of an account."""

    id: str | None = None


class ListBody(msgspec.Struct):
    """The envelope of every list."""

    object: Literal["list"]
    data: list[msgspec.Raw]
    has_more: bool


class Listed(msgspec.Struct):
    """A page of an interval, and what of the interval is left after it."""

    objects: list[msgspec.Raw]
    heads: list[Head]
    rest: Interval | None


class ErrorDetail(msgspec.Struct):
    """What Stripe says is wrong."""

    message: str = ""
    code: str | None = None
    param: str | None = None


class ErrorBody(msgspec.Struct):
    """The envelope of every error."""

    error: ErrorDetail


_decode_account = msgspec.json.Decoder(Account).decode
_decode_list = msgspec.json.Decoder(ListBody).decode
_decode_head = msgspec.json.Decoder(Head).decode
_decode_object = msgspec.json.Decoder(msgspec.Raw).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class StripeClient(Client):
    """Reads one Stripe account, or one account connected to it."""

    vendor = "Stripe"
    wrong_credential = (
        "Stripe does not accept the key ({reason}). Make a restricted key with read permissions under Developers > "
        "API keys, put it into .env as TAP_STRIPE_API_KEY and run the command again."
    )

    def __init__(self, *args: Any, api_key: str, stripe_account: str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._headers = {"Authorization": f"Bearer {api_key}", "Stripe-Version": VERSION}
        if stripe_account:
            self._headers["Stripe-Account"] = stripe_account
        self.pool = ThreadPoolExecutor(self._patience.max_concurrency, "stripe")
        """Threads for what a page needs beyond itself: nested lists, and objects by their ids."""

    @override
    def headers(self, call: Call) -> Mapping[str, str]:
        del call
        return self._headers

    @override
    def limited_by(self, response: requests.Response, call: Call) -> str:
        reason = response.headers.get("Stripe-Rate-Limited-Reason", "")
        return ALL if reason.startswith("global") else call.buckets[0]

    @override
    def refusal(self, response: requests.Response, call: Call) -> Exception:
        try:
            told = _decode_error(response.content).error
        except msgspec.DecodeError:
            return super().refusal(response, call)
        if told.code == "resource_missing":
            return MissingObjectError(told.message, told.param)
        if response.status_code == 400 and "not set up to use" in told.message:
            return MissingPermissionError(told.message)
        return super().refusal(response, call)

    def check(self, meter: Meter) -> None:
        """Ask for one event: the key is known, and so is Stripe's time.

        Raises:
            WrongCredentialError: Stripe does not know the key.
            MissingPermissionError: the key may not read events.
        """
        self.probe("/v1/events", {}, meter)

    def account_id(self, meter: Meter) -> str | None:
        """The id of the account that is read; None if the key may not know it."""
        try:
            return self.read(Call("/v1/account", _buckets("/v1/account")), _decode_account, meter).id
        except (MissingPermissionError, MissingObjectError):
            return None

    def probe(self, path: str, params: Mapping[str, str | int], meter: Meter) -> None:
        """Ask for one object of a list.

        Raises:
            MissingPermissionError: the key may not read it.
        """
        self._list(path, {"limit": 1, **params}, meter)

    def page(self, path: str, params: Mapping[str, str | int], interval: Interval, meter: Meter) -> Listed:
        """Return the next page of the objects that were created in an interval, newest first."""
        wanted = {"limit": PAGE_SIZE, "created[gte]": interval.start // SECOND, "created[lt]": interval.end // SECOND}
        try:
            body = self._list(path, {**params, **wanted, **_after(interval.cursor)}, meter)
        except MissingObjectError as error:
            if interval.cursor is None or error.parameter != "starting_after":
                raise
            body = self._list(path, {**params, **wanted}, meter)  # the object was deleted: its second is read again
        heads = [_head(path, item) for item in body.data]
        _check_order(path, interval, heads)
        return Listed(body.data, heads, _rest(interval, heads) if body.has_more else None)

    def one(self, path: str, meter: Meter) -> msgspec.Raw:
        """Return one object.

        Raises:
            MissingObjectError: there is none.
        """
        return self.read(Call(path, _buckets(path)), _decode_object, meter)

    def all_completed(self, records: list[msgspec.Raw], meter: Meter) -> list[msgspec.Raw]:
        """Return the objects with their nested lists read to their ends: Stripe sends the first ten only."""
        waiting = [
            self.pool.submit(self.completed, record, meter) if _UNFINISHED.search(bytes(record)) else None
            for record in records
        ]
        return [future.result() if future else record for future, record in zip(waiting, records, strict=True)]

    def completed(self, record: msgspec.Raw, meter: Meter) -> msgspec.Raw:
        """Return one object with its nested lists read to their ends."""
        if not _UNFINISHED.search(bytes(record)):
            return record
        if raw_json.kind_of(record) == b"[":
            return raw_json.encode([self.completed(item, meter) for item in raw_json.decode_items(record)])
        if raw_json.kind_of(record) != b"{":
            return record
        members = {name: self.completed(value, meter) for name, value in raw_json.decode_members(record).items()}
        if {"url", "data"} <= members.keys() and members.get("has_more") == msgspec.Raw(b"true"):
            url, items = msgspec.json.decode(members["url"], type=str), raw_json.decode_items(members["data"])
            members["data"] = raw_json.encode([*items, *self._others(url, items, meter)])
            members["has_more"] = msgspec.Raw(b"false")
        return raw_json.encode(members)

    def _others(self, url: str, known: list[msgspec.Raw], meter: Meter) -> Iterator[msgspec.Raw]:
        """The items of a nested list after the known ones."""
        more, last = True, known[-1] if known else None
        while more:
            cursor = None if last is None else msgspec.json.decode(last)["id"]
            body = self._list(url, {"limit": PAGE_SIZE, **_after(cursor)}, meter)
            if body.has_more and not body.data:
                raise ChangedEnvelopeError(f"Stripe {url} has more after {cursor} but does not send it.")
            yield from (self.completed(item, meter) for item in body.data)
            more, last = body.has_more, body.data[-1] if body.data else None

    def _list(self, path: str, params: Mapping[str, str | int], meter: Meter) -> ListBody:
        return self.read(Call(path, _buckets(path), params), _decode_list, meter)


def limit_of(path: str) -> str:
    """Name of the endpoint, which has a limit of its own: of `/v1/invoices/in_1/lines` it is `invoices/:id/lines`."""
    parts = path.partition("?")[0].removeprefix("/v1/").replace("checkout/", "checkout_").split("/")
    return "/".join([*parts[:1], *[":id" for _ in parts[1:2]], *parts[2:]])


def _buckets(path: str) -> tuple[str, str]:
    return limit_of(path), ALL


def _after(cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {"starting_after": cursor}


def _head(path: str, item: msgspec.Raw) -> Head:
    try:
        return _decode_head(item)
    except msgspec.DecodeError as error:
        raise ChangedEnvelopeError(f"Stripe {path} lists an object without id or created ({error}).") from error


def _check_order(path: str, interval: Interval, heads: list[Head]) -> None:
    """Refuse a page that is not from the newest to the oldest within its interval: what is left could not be told."""
    times = [interval.end - 1, *(head.created * SECOND for head in heads), interval.start]
    if any(later < earlier for later, earlier in pairwise(times)):
        raise ChangedEnvelopeError(f"Stripe {path} does not list by `created` any more; nothing was skipped, tell us.")


def _rest(interval: Interval, heads: list[Head]) -> Interval:
    """What is left below the last object; the interval as it was if the page was empty, which the engine refuses."""
    if not heads:
        return interval
    return Interval(interval.start, heads[-1].created * SECOND + SECOND, heads[-1].id)

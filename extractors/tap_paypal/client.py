"""PayPal's API: the token, reports by window and page, numbered lists, and what its errors mean."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec
from tap_core import raw_json
from tap_core.client import Call, Client
from tap_core.engine import RepeatedCursorError
from tap_core.errors import ChangedEnvelopeError, MissingPermissionError, RefusedRequestError, WrongCredentialError
from tap_core.interval_stream import DAY, HOUR
from tap_core.meter import Meter
from tap_core.tokens import Token, TokenKeeper, token_for
from typing_extensions import override

from tap_paypal.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests
    from tap_core.tokens import TokenStore

_Answer = TypeVar("_Answer")

PAGE_SIZE = 500
LIST_TRIES = 10
ALL = "account"
TOKEN = "token"  # noqa: S105 - the name of a limit
REPORT_PATH = "/v1/reporting/transactions"
TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105 - an address
FEATURES = {
    "/v1/reporting": "Transaction search",
    "/v1/billing": "Subscriptions",
    "/v1/catalogs": "Subscriptions",
    "/v2/invoicing": "Invoicing",
    "/v1/customer/disputes": "Customer disputes",
}
"""What to tick in the app's settings, by the beginning of the address."""


class TooManyRowsError(RefusedRequestError):
    """The window holds more rows than PayPal pages through: ask for a shorter one."""


class NotPublishedError(RefusedRequestError):
    """The window begins after the data that PayPal has published."""


class MovingListError(RefusedRequestError):
    """A list changed at every try to read it from its first page to its last."""


class Report(msgspec.Struct):
    """A page of a window of transactions."""

    transaction_details: list[msgspec.Raw]
    total_items: int
    total_pages: int
    last_refreshed_datetime: str
    account_number: str | None = None


class Link(msgspec.Struct):
    """Where a list goes on."""

    href: str
    rel: str = ""


class TokenBody(msgspec.Struct):
    """What PayPal gives for the credentials."""

    access_token: str
    expires_in: int


class ErrorBody(msgspec.Struct):
    """The envelope of PayPal's errors, and that of OAuth's."""

    name: str = ""
    message: str = ""
    error: str = ""
    error_description: str = ""


_decode_report = msgspec.json.Decoder(Report).decode
_decode_token = msgspec.json.Decoder(TokenBody).decode
_decode_object = msgspec.json.Decoder(msgspec.Raw).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class PayPalClient(Client):
    """Reads one PayPal account; concurrency and limits are those of the whole account, for PayPal publishes none."""

    vendor = "PayPal"
    first_concurrency = 4
    wrong_credential = (
        "PayPal does not accept the credentials ({reason}). Client ID and secret stand at developer.paypal.com under "
        "Apps & Credentials, for Live and Sandbox apart: put them into .env as TAP_PAYPAL_CLIENT_ID and "
        "TAP_PAYPAL_CLIENT_SECRET, and set TAP_PAYPAL_API_URL to https://api-m.sandbox.paypal.com for those of the "
        "sandbox."
    )

    def __init__(self, *args: Any, client_id: str, client_secret: str, tokens: TokenStore, **options: Any) -> None:
        super().__init__(*args, **options)
        credentials = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._basic = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
        self._keeper = TokenKeeper(tokens, self._new_token)
        self._token_meter = Meter()
        self._asked_for_permission = False
        self.pool = ThreadPoolExecutor(self._patience.max_concurrency, "paypal")
        """Threads for objects that are asked for by their ids."""

    @override
    def headers(self, call: Call) -> Mapping[str, str]:
        if call.path == TOKEN_PATH:
            return self._basic
        self._local.token = self._keeper.access_token()
        return {"Authorization": f"Bearer {self._local.token}", **call.headers}

    @override
    def renew_credential(self) -> bool:
        token: str | None = getattr(self._local, "token", None)
        self._local.token = None
        return token is not None and self._keeper.renew(token)

    @override
    def refusal(self, response: requests.Response, call: Call) -> Exception:
        try:
            told = _decode_error(response.content)
        except msgspec.DecodeError:
            return super().refusal(response, call)
        if told.name == "RESULTSET_TOO_LARGE":
            return TooManyRowsError(told.message)
        if told.message.startswith("Data for the given start date is not available"):
            return NotPublishedError(told.message)
        if told.error == "invalid_client":
            return WrongCredentialError(self.wrong_credential.format(reason=told.error_description or told.error))
        if response.status_code == 403:
            return MissingPermissionError(_permission(call.path, told))
        return super().refusal(response, call)

    def report(
        self, params: Mapping[str, str | int], page: int, meter: Meter, most_tries: float = float("inf")
    ) -> Report:
        """Return a page of a window, non-balance rows and all fields included.

        Raises:
            TooManyRowsError: the window must be shorter.
            NotPublishedError: there is nothing of then yet.
            UnreachableError: there was no answer at `most_tries` tries.
        """
        wanted: dict[str, str | int] = {"fields": "all", "balance_affecting_records_only": "N"}
        wanted |= {"page_size": PAGE_SIZE, "page": page}
        return self._permitted(Call(REPORT_PATH, (ALL,), {**wanted, **params}), _decode_report, meter, most_tries)

    def least_report(self, days_ago: int, meter: Meter) -> Report:
        """Ask the least of the report: one transaction of an hour some days ago.

        Raises:
            NotPublishedError: there is nothing of then yet.
        """
        start = self.now() - days_ago * DAY
        bounds = {"start_date": stamp(start), "end_date": stamp(start + HOUR)}
        return self.report({**bounds, "fields": "transaction_info", "page_size": 1}, 1, meter)

    def one(self, path: str, meter: Meter, params: Mapping[str, str | int] | None = None) -> msgspec.Raw:
        """Return one object.

        Raises:
            MissingObjectError: there is none.
        """
        return self._permitted(Call(path, (ALL,), params or {}), _decode_object, meter)

    def members(self, call: Call, meter: Meter) -> dict[str, msgspec.Raw]:
        """Return the members of an answer, undecoded."""
        return self._permitted(call, raw_json.decode_members, meter)

    def listed(self, path: str, name: str, size: int, meter: Meter) -> Iterator[list[msgspec.Raw]]:
        """Yield the pages of a numbered list; one whose total moves meanwhile is read from its first page again.

        Raises:
            MovingListError: it moved every time.
        """
        for _ in range(LIST_TRIES):
            total = None
            for page in count(1):
                items, present_total, pages = self.numbered(_numbered_call(path, page, size), name, meter)
                if total not in (None, present_total):
                    break
                total = present_total
                yield items
                if page >= pages:
                    return
        raise MovingListError(f"PayPal {path} changed at each of {LIST_TRIES} tries to list it; run again later.")

    def linked(
        self, path: str, params: Mapping[str, str | int], name: str, meter: Meter
    ) -> Iterator[list[msgspec.Raw]]:
        """Yield the pages of a list that links to its next page.

        Raises:
            RepeatedCursorError: a page links to itself.
        """
        wanted: dict[str, str | int] | None = dict(params)
        while wanted is not None:
            body = self.members(Call(path, (ALL,), wanted), meter)
            if name not in body:
                raise ChangedEnvelopeError(f"PayPal {path} lists no {name} any more; nothing was skipped, tell us.")
            yield raw_json.decode_items(body[name])
            asked, wanted = wanted, _next_page(body)
            if wanted == asked:
                raise RepeatedCursorError(f"PayPal {path} links from a page to the same page")

    def numbered(self, call: Call, name: str, meter: Meter) -> tuple[list[msgspec.Raw], int, int]:
        """Return a page of a numbered list, how many objects it has in all, and how many pages."""
        body = self.members(call, meter)
        try:
            items = raw_json.decode_items(body[name]) if name in body else []
            return items, int(bytes(body["total_items"])), int(bytes(body["total_pages"]))
        except (KeyError, ValueError) as error:
            raise ChangedEnvelopeError(f"PayPal {call.path} lists without a total ({error!r}).") from error

    def _permitted(
        self, call: Call, decode: Callable[[bytes], _Answer], meter: Meter, most_tries: float = float("inf")
    ) -> _Answer:
        """Ask; a token from before a permission was given lacks it, so that once in a run a new one is tried."""
        try:
            return self.read(call, decode, meter, most_tries)
        except MissingPermissionError:
            if not self._has_newer_token():
                raise
        return self.read(call, decode, meter, most_tries)

    def _has_newer_token(self) -> bool:
        """Whether there is another token than the one of this thread's last request."""
        with self._lock:
            first, self._asked_for_permission = not self._asked_for_permission, True
        used: str = self._local.token
        return self.renew_credential() if first else self._keeper.access_token() != used

    def _new_token(self, _stored: Token | None) -> Token:
        call = Call(TOKEN_PATH, (TOKEN,), method="POST", body=b"grant_type=client_credentials")
        body = self.read(call, _decode_token, self._token_meter)
        return token_for(body.access_token, None, body.expires_in)


def _next_page(body: Mapping[str, msgspec.Raw]) -> dict[str, str | int] | None:
    """The parameters of the link to the next page; None if there is none."""
    links = msgspec.json.decode(body.get("links", msgspec.Raw(b"[]")), type=list[Link])
    query = next((urlsplit(link.href).query for link in links if link.rel == "next"), None)
    return None if query is None else dict(parse_qsl(query))


def _numbered_call(path: str, page: int, size: int) -> Call:
    params: dict[str, str | int] = {"page": page, "page_size": size, "total_required": "true"}
    return Call(path, (ALL,), params, headers={"Prefer": "return=representation"})


def _permission(path: str, told: ErrorBody) -> str:
    feature = next((name for start, name in FEATURES.items() if path.startswith(start)), "the feature")
    return (
        f"PayPal does not let the app read {path} ({told.name or told.error}). At developer.paypal.com, Apps & "
        f"Credentials, open the app, tick {feature} under Features and save; PayPal may need up to nine hours for it."
    )

"""GoHighLevel's API: headers, the shape of its answers, and what its errors mean."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from tap_core import raw_json
from tap_core.client import Call, Client
from tap_core.errors import MissingPermissionError, RefusedRequestError
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests
    from tap_core.meter import Meter

    from tap_ghl.quota import Quota

ALL = ("all",)
"""One limit counts the requests of a location at all addresses."""

INTERVAL_HEADER = "X-RateLimit-Interval-Milliseconds"
NO_SCOPE = "not authorized for this scope"
WRONG_VERSION = "version header"


class Access(Protocol):
    """The token of requests, and what to do if it is refused."""

    @property
    def advice(self) -> str:
        """What a person can do."""
        ...

    def access_token(self) -> str:
        """A token that is good for a while yet."""
        ...

    def renew(self, refused: str) -> bool:
        """Get another token than the one that was refused; whether there is one."""
        ...


@dataclass(frozen=True)
class Rows:
    """The objects of an answer, and how many there are in all."""

    rows: list[msgspec.Raw]
    total: int | None


class ErrorBody(msgspec.Struct):
    """The envelope of every error; `message` is a text or a list of them."""

    message: Any = ""
    error_description: str = ""


_decode_error = msgspec.json.Decoder(ErrorBody).decode


class GhlClient(Client):
    """Reads one location, or asks for an agency's locations."""

    vendor = "GoHighLevel"

    def __init__(self, *args: Any, access: Access, version: str, quota: Quota, **options: Any) -> None:
        super().__init__(*args, **options)
        self._access = access
        self._version = version
        self._used = threading.local()
        self.quota = quota
        self.wrong_credential = "{vendor}: {reason}. " + access.advice

    @override
    def headers(self, call: Call) -> Mapping[str, str]:
        self.quota.refuse_if_used_up()
        self._used.token = None
        self._used.token = token = self._access.access_token()
        return {
            "Authorization": f"Bearer {token}",
            "Version": self._version,
            "Accept": "application/json",
            **call.headers,
        }

    @override
    def renew_credential(self) -> bool:
        refused: str | None = self._used.token
        return refused is not None and self._access.renew(refused)

    @override
    def heard(self, response: requests.Response) -> None:
        self.quota.note(response.headers)

    @override
    def limited_by(self, response: requests.Response, call: Call) -> str:
        self.quota.refuse_if_used_up()
        return super().limited_by(response, call)

    @override
    def seconds_asked(self, response: requests.Response) -> float:
        interval: str = response.headers.get(INTERVAL_HEADER, "")
        is_limit = response.status_code == 429 and interval.isdecimal()
        return int(interval) / 1000 if is_limit else super().seconds_asked(response)

    @override
    def refusal(self, response: requests.Response, call: Call) -> Exception:
        told = f"{response.status_code} at {call.path}: {message_of(response)}"
        if response.status_code in {401, 403} and NO_SCOPE in told:
            return MissingPermissionError(f"{self.vendor} answered {told} Add the scope to the token.")
        if response.status_code == 401 and WRONG_VERSION in told:
            return RefusedRequestError(f"{self.vendor} answered {told}. Correct the setting api_version.")
        return super().refusal(response, call)

    def search(self, path: str, envelope: str, body: Mapping[str, Any], meter: Meter) -> Rows:
        """Return the objects that a search finds."""
        content = {"Content-Type": "application/json"}
        call = Call(path, ALL, method="POST", body=msgspec.json.encode(body), headers=content)
        return self.read(call, rows_of(envelope), meter)

    def rows(self, path: str, envelope: str, params: Mapping[str, str | int], meter: Meter) -> Rows:
        """Return the objects of a list, or the only one of its kind."""
        return self.read(Call(path, ALL, params), rows_of(envelope), meter)


def rows_of(envelope: str) -> Callable[[bytes], Rows]:
    """A decoder of answers that keep their objects under a name."""

    def decode(body: bytes) -> Rows:
        members = raw_json.decode_members(body)
        if envelope not in members:
            raise msgspec.ValidationError(f"no `{envelope}` in it")
        found, total = members[envelope], members.get("total", members.get("totalCount"))
        rows = [found] if raw_json.kind_of(found) == b"{" else raw_json.decode_items(found)
        return Rows(rows, None if total is None else msgspec.json.decode(total, type=int))

    return decode


def message_of(response: requests.Response) -> str:
    """What GoHighLevel says is wrong."""
    try:
        told = _decode_error(response.content)
    except msgspec.DecodeError:
        return response.text[:300]
    messages = told.message if isinstance(told.message, list) else [told.message or told.error_description]
    return "; ".join(str(message) for message in messages) or response.text[:300]

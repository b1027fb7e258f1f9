"""ManyChat's page API: one subscriber a question, no lists of them, and errors that come with status 200 too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from tap_core import raw_json
from tap_core.client import Call, Client
from tap_core.errors import (
    ChangedEnvelopeError,
    MissingObjectError,
    RateLimitedError,
    RefusedRequestError,
    UnreachableError,
    WrongCredentialError,
)
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests
    from tap_core.meter import Meter

SUBSCRIBER, SYSTEM_FIELD = "subscriber", "system_field"
"""The two limits: 10 requests a second for nearly everything, 50 for e-mails and phones."""
MOST_FOUND = 100
"""No list of subscribers is longer, and none has a second page."""

_NOT_FOUND = re.compile(
    r"\b(subscriber|contact|user|recipient)s?\b.{0,40}\b(not (be )?found|does ?n[o']t exist|not exist|was deleted)"
    r"|\b(no|unknown) (such )?(subscriber|contact|user|recipient)",
    re.IGNORECASE,
)
"""The only answers by which a subscriber counts as gone: the wording is not documented."""
_INVALID = re.compile(
    r"\bvalidation (error|failed)"
    r"|\b(invalid|wrong|not (a )?valid) (e-?mail|phone)|\b(e-?mail|phone)\b.{0,40}\b(invalid|wrong|not (a )?valid)",
    re.IGNORECASE,
)
"""ManyChat does not take a value: no subscriber can have such an e-mail or phone."""
_TOKEN = re.compile(r"\btoken\b", re.IGNORECASE)
_TOO_FAST = re.compile(r"rate limit|too many requests", re.IGNORECASE)
_TROUBLE = re.compile(r"internal (server )?error|try again|temporar|unavailable|timed? ?out", re.IGNORECASE)


class InvalidValueError(RefusedRequestError):
    """ManyChat finds a value of ours wrong."""


class Envelope(msgspec.Struct):
    """What every answer is wrapped in."""

    status: Literal["success", "error"]
    data: msgspec.Raw = msgspec.Raw(b"null")
    message: str | None = None
    details: Any = None

    @property
    def told(self) -> str:
        """What an error says, details included."""
        inner = self.details.get("messages") if isinstance(self.details, dict) else self.details
        items = inner if isinstance(inner, list) else [inner]
        texts = [item.get("message") if isinstance(item, dict) else item for item in items]
        return "; ".join(str(text) for text in (self.message, *texts) if text) or "an error without words"


_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


class ManyChatClient(Client):
    """Reads one ManyChat page: the one that the token belongs to."""

    vendor = "ManyChat"
    wrong_credential = (
        "ManyChat does not accept the token ({reason}). Generate one in ManyChat under Settings > API (Pro plan; a new "
        "token ends the old one), put it into .env as TAP_MANYCHAT_API_TOKEN and run the command again."
    )

    def __init__(self, *args: Any, api_token: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._headers = {"Authorization": f"Bearer {api_token}"}

    @override
    def headers(self, call: Call) -> Mapping[str, str]:
        del call
        return self._headers

    @override
    def refusal(self, response: requests.Response, call: Call) -> Exception:
        if response.status_code in {401, 403}:
            return super().refusal(response, call)
        try:
            envelope = _decode_envelope(response.content)
        except msgspec.DecodeError:
            told = f"{response.status_code} and no error of its own: {response.text[:300]}"
            return RefusedRequestError(f"ManyChat answered {call.path} with {told}")
        return self._meaning(envelope, call)

    def page_info(self, meter: Meter) -> msgspec.Raw:
        """Return what the page says of itself; the cheapest way to try the token."""
        return self._data(Call("/fb/page/getInfo", (SUBSCRIBER,)), meter)

    def listed(self, path: str, meter: Meter) -> msgspec.Raw:
        """Return what a page defines, all at once."""
        return self._data(Call(path, (SUBSCRIBER,)), meter)

    def subscriber(self, identity: str, meter: Meter) -> msgspec.Raw:
        """Return one subscriber.

        Raises:
            MissingObjectError: ManyChat says in an error of its own that there is none of this id.
            RefusedRequestError: it says something else, or nothing.
        """
        call = Call("/fb/subscriber/getInfo", (SUBSCRIBER,), {"subscriber_id": identity})
        found = _objects(self._data(call, meter), call)
        if not found:
            raise RefusedRequestError(f"ManyChat answered {call.path} with neither a subscriber nor an error.")
        return found[0]

    def by_contact(self, kind: str, value: str, meter: Meter) -> list[msgspec.Raw]:
        """Return who has this system e-mail or phone: one subscriber as far as is documented, or none.

        Raises:
            MissingObjectError: ManyChat says that there is none, or does not take the value: then nobody has it.
            RefusedRequestError: it says something else.
        """
        call = Call("/fb/subscriber/findBySystemField", (SYSTEM_FIELD,), {kind: value})
        try:
            return _objects(self._data(call, meter), call)
        except InvalidValueError as error:
            raise MissingObjectError(str(error)) from error

    def by_field(self, field_id: str, value: str, meter: Meter) -> list[msgspec.Raw]:
        """Return up to 100 subscribers whose custom field has this value."""
        asked = {"field_id": field_id, "field_value": value}
        call = Call("/fb/subscriber/findByCustomField", (SUBSCRIBER,), asked)
        return _objects(self._data(call, meter), call)

    def _data(self, call: Call, meter: Meter) -> msgspec.Raw:
        """Return what is in a good answer; an error that comes with status 200 is raised as any other."""

        def decode(body: bytes) -> msgspec.Raw:
            envelope = _decode_envelope(body)
            if envelope.status == "error":
                raise self._meaning(envelope, call)
            return envelope.data

        return self.read(call, decode, meter)

    def _meaning(self, envelope: Envelope, call: Call) -> Exception:
        told = f"ManyChat answered {call.path} with: {envelope.told[:300]}"
        if envelope.status == "error" and _NOT_FOUND.search(envelope.told):
            return MissingObjectError(told)
        if _TOO_FAST.search(envelope.told):
            return RateLimitedError(told)
        if _TROUBLE.search(envelope.told):
            return UnreachableError(told)
        if _TOKEN.search(envelope.told):
            return WrongCredentialError(self.wrong_credential.format(reason=told))
        return InvalidValueError(told) if _INVALID.search(envelope.told) else RefusedRequestError(told)


def _objects(data: msgspec.Raw, call: Call) -> list[msgspec.Raw]:
    """The subscribers of an answer: an object, a list of objects, or one of PHP's ways to say nothing."""
    if bytes(data) in (b"null", b"false", b'""', b"{}", b"[]"):
        return []
    kind = raw_json.kind_of(data)
    if kind == b"[":
        return [item for item in _decode_list(data) if bytes(item) != b"null"]
    if kind == b"{":
        return [data]
    raise ChangedEnvelopeError(f"ManyChat answers {call.path} with neither an object nor a list; tell us.")

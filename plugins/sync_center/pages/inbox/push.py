"""A push as ManyChat's External Request sends it, in whatever the flow's author has wrapped it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from tap_core.phones import PhoneReader
from tap_manychat.profile import numbers_of, subscribed_at
from target_postgres.rows import has_nul

if TYPE_CHECKING:
    from collections.abc import Mapping

WRAPPER = "data"
_LONGEST_ID = 32


class BadPushError(Exception):
    """A body that cannot be a subscriber; the message is the reason that is kept with its bytes."""


@dataclass(frozen=True)
class Push:
    """A subscriber; `record` is the whole body as it came."""

    id: str
    page_id: str | None
    record: str
    created_at: str | None
    phones: list[str] | None


@dataclass(frozen=True)
class Account:
    """Whose subscribers they are: the account of the tap's keys, and the region of its phone numbers."""

    name: str = "main"
    region: str | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Account:
        """As the tap's settings say."""
        region = environment.get("TAP_MANYCHAT_DEFAULT_REGION", "").strip().upper()
        return cls(environment.get("TAP_MANYCHAT_ACCOUNT", "").strip() or cls.name, region or None)


def read_push(body: bytes, region: str | None) -> Push:
    """The subscriber in a body.

    Raises:
        BadPushError: there is none.
    """
    fields = _object(body)
    inner = fields[WRAPPER] if isinstance(fields.get(WRAPPER), dict) else fields
    page_id = inner.get("page_id")
    return Push(
        id=_id(inner),
        page_id=None if page_id is None else str(page_id),
        record=body.decode(),
        created_at=subscribed_at(inner),
        phones=numbers_of(inner, PhoneReader(region)) or None,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadPushError(f"no JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadPushError("no JSON object")
    if has_nul(body):
        raise BadPushError("a NUL character (\\u0000), which Postgres cannot store")
    return found


def _id(fields: Mapping[str, Any]) -> str:
    """The subscriber's number; where a template was not filled in, there is none."""
    value = fields.get("id")
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID):
        raise BadPushError("no id of a subscriber: send ManyChat's Full Contact Data")
    return text

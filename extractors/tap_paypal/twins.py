"""Keys of transactions: an id is not unique, nor is it together with code and date."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from tap_core.raw import RawRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_core.raw import RecordMessage


class Amount(msgspec.Struct):
    """Money as PayPal writes it."""

    value: Decimal = Decimal(0)


class Info(msgspec.Struct):
    """What of a transaction decides how it is read."""

    transaction_id: str = ""
    paypal_reference_id: str | None = None
    paypal_reference_id_type: str | None = None
    transaction_initiation_date: str = ""
    transaction_updated_date: str = ""
    transaction_amount: Amount = msgspec.field(default_factory=Amount)


class Detail(msgspec.Struct):
    """One of `transaction_details`."""

    transaction_info: Info = msgspec.field(default_factory=Info)


decode_detail = msgspec.json.Decoder(Detail).decode


def rows_of(messages: Iterable[RecordMessage]) -> list[RawRecord]:
    """The records among messages; what could not be one is a reject."""
    return [message.record for message in messages if isinstance(message.record, RawRecord)]


def number_twins(messages: Iterable[RecordMessage]) -> None:
    """Give rows of the same key `:2`, `:3` in order of amount, so that each time the same row gets the same key."""
    groups: defaultdict[str, list[RawRecord]] = defaultdict(list)
    for row in rows_of(messages):
        groups[row.id].append(row)
    for key, group in groups.items():
        if len(group) > 1:
            for place, row in enumerate(sorted(group, key=_rank), 1):
                row.id = key if place == 1 else f"{key}:{place}"


def _rank(row: RawRecord) -> tuple[Decimal, bytes]:
    text = msgspec.json.encode(row.record)
    return decode_detail(text).transaction_info.transaction_amount.value, text

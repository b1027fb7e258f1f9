"""What all streams of PayPal share: where id, times and phone numbers stand, and what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tap_core.api_stream import ApiStream, Facts
from tap_core.client import Call
from tap_core.interval_stream import DAY, HOUR
from tap_core.intervals import from_text
from tap_core.raw_json import texts_at, value_at
from typing_extensions import override

from tap_paypal.client import ALL
from tap_paypal.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_core.raw import Progress

    from tap_paypal.tap import TapPayPal

EARLY = 4 * HOUR
"""What is due once a day is done so much earlier, for a daily run does not begin at the same second each day."""


class PayPalStream(ApiStream):
    """A stream of PayPal's; subclasses say where its objects keep id and times."""

    tap: TapPayPal
    path: ClassVar[str]
    id_path: ClassVar[str] = "id"
    created_path: ClassVar[str] = "create_time"
    updated_path: ClassVar[str] = "update_time"
    probe_params: ClassVar[Mapping[str, str | int]] = {"page_size": 1}

    @override
    def probe(self) -> None:
        self.tap.opening()
        self.tap.client.members(Call(self.path, (ALL,), self.probe_params), self.meter)

    @override
    def facts(self, fields: dict[str, Any]) -> Facts:
        identity = value_at(fields, self.id_path.split("."))
        if not isinstance(identity, str):
            raise KeyError(self.id_path)
        created, updated = (value_at(fields, path.split(".")) for path in (self.created_path, self.updated_path))
        return Facts(identity, instant(created), instant(updated))

    @override
    def numbers(self, fields: dict[str, Any]) -> list[str]:
        """Phone numbers are texts, or objects of a calling code and a national number."""
        found: dict[str, None] = {}
        for phone, country in self.phones:
            region = next(iter(texts_at(fields, country.split("."))), None) if country else None
            texts = list(_phones_at(fields, phone.split(".")))
            found |= dict.fromkeys(self.tap.phone_reader.read_all(texts, region))
        return list(found)

    @override
    def progress(self) -> Progress:
        told = super().progress()
        told.waiting_until = told.waiting_until or self.tap.meter.waiting_until
        return told

    def workers(self) -> int:
        """How many threads may read this stream now."""
        return self.tap.client.concurrency(ALL).allowed()

    def is_due(self, last: str | None, every: int = DAY) -> bool:
        """Whether something that is done every so often must be done now."""
        return last is None or self.tap.opening().now - from_text(last) >= every - EARLY


def _phones_at(value: Any, path: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _phones_at(item, path)
    elif path:
        yield from _phones_at(value.get(path[0]), path[1:]) if isinstance(value, dict) else ()
    elif isinstance(value, dict):
        code, number = value.get("country_code"), value.get("national_number")
        if isinstance(number, str):
            yield f"+{code}{number}" if code else number
    elif isinstance(value, str):
        yield value

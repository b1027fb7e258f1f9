"""Numbers, dates, money and durations as the reader's language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from babel import Locale, dates, numbers, units

if TYPE_CHECKING:
    from decimal import Decimal
    from zoneinfo import ZoneInfo

NOTHING = "\N{EN DASH}"
_MOST_COUNTED = 1000
_SIZES = (("gigabyte", 10**9), ("megabyte", 10**6), ("kilobyte", 1000))


@dataclass(frozen=True)
class Formats:
    """How one language writes; `zone` is the zone of all times."""

    locale: Locale
    zone: ZoneInfo

    def number(self, value: int | float | Decimal | None) -> str:
        """3,214."""
        return NOTHING if value is None else numbers.format_decimal(value, locale=self.locale)

    def many(self, value: int | None) -> str:
        """As `number`, but 1,000+ for all that is larger: nobody has counted it."""
        most = self.number(_MOST_COUNTED)
        return f"{most}+" if value is not None and value > _MOST_COUNTED else self.number(value)

    def percent(self, value: float | None) -> str:
        """42 % of a value between 0 and 100."""
        return NOTHING if value is None else numbers.format_percent(value / 100, locale=self.locale)

    def money(self, value: Decimal | None, currency: str) -> str:
        """$1,010.00; a currency that nobody knows is written as its code."""
        return NOTHING if value is None else numbers.format_currency(value, currency, locale=self.locale)

    def moment(self, value: datetime | None) -> str:
        """A time of today as 14:05, another day's with its date."""
        if value is None:
            return NOTHING
        local, now = value.astimezone(self.zone), datetime.now(self.zone)
        time = dates.format_time(local, "short", locale=self.locale)
        if local.date() == now.date():
            return time
        return f"{self.day(local.date())}, {time}"

    def full_moment(self, value: datetime | None) -> str:
        """With date, seconds and zone."""
        if value is None:
            return NOTHING
        return dates.format_datetime(value.astimezone(self.zone), "medium", locale=self.locale)

    def day(self, value: date | None) -> str:
        """24 Nov, with the year if it is not this one."""
        if value is None:
            return NOTHING
        skeleton = "MMMd" if value.year == datetime.now(self.zone).year else "yMMMd"
        return dates.format_skeleton(skeleton, value, locale=self.locale)

    def duration(self, value: timedelta | float | None) -> str:
        """3 minutes."""
        if value is None:
            return NOTHING
        delta = value if isinstance(value, timedelta) else timedelta(seconds=value)
        return dates.format_timedelta(delta, threshold=1.5, locale=self.locale)

    def megabytes(self, value: int | None) -> str:
        """104.9 MB; small ones in kB or bytes."""
        if value is None:
            return NOTHING
        unit, size = next(((unit, size) for unit, size in _SIZES if value >= size), ("byte", 1))
        rounded = round(value / size, 1 if value < 100 * size and size > 1 else 0)
        length: Literal["long", "short"] = "long" if size == 1 else "short"
        return units.format_unit(rounded, f"digital-{unit}", length, locale=self.locale)

    @property
    def zone_name(self) -> str:
        """Which zone the times are of, as a person says it."""
        name = dates.get_timezone_name(self.zone, width="long", locale=self.locale) if self.zone.key != "UTC" else "UTC"
        offset = dates.get_timezone_gmt(datetime.now(UTC).astimezone(self.zone), "short", locale=self.locale)
        return name if name == "UTC" else f"{name} ({offset})"

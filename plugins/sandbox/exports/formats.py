"""Amounts and times as the exports write them; whole numbers and no locale, so every machine writes the same."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_DAY = 86_400
_HOUR = 3_600
_FIRST_DAY = date(1970, 1, 1)
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTES = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(_DAY // 60))
_TO_COMMA = str.maketrans(",.", ".,")
_SUMMER = range(4, 11)


def point(cents: int) -> str:
    """`1,234.56`, `-48.13`."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02d}"


def comma(cents: int) -> str:
    """`1.234,56`."""
    return point(cents).translate(_TO_COMMA)


def plain(cents: int) -> str:
    """`1234.56`."""
    return point(cents).replace(",", "")


@lru_cache(maxsize=4096)
def _date(day: int) -> date:
    return _FIRST_DAY + timedelta(days=day)


@lru_cache(maxsize=4096)
def _iso_date(day: int) -> str:
    return _date(day).isoformat()


def time_of_day(seconds: int) -> str:
    """`18:37:41`."""
    return f"{_MINUTES[seconds // 60 % 1440]}:{seconds % 60:02d}"


def iso(seconds: int, between: str = " ") -> str:
    """`2026-07-10 18:37:41`, without a zone."""
    return f"{_iso_date(seconds // _DAY)}{between}{time_of_day(seconds)}"


@lru_cache(maxsize=4096)
def _day_first(day: int) -> str:
    return _date(day).strftime("%d/%m/%Y")


def day_first(seconds: int) -> str:
    """`10/02/2024` for the tenth of February."""
    return _day_first(seconds // _DAY)


@lru_cache(maxsize=4096)
def _month_first(day: int) -> str:
    return _date(day).strftime("%m/%d/%Y")


def month_first(seconds: int) -> str:
    """`02/10/2024` for the tenth of February."""
    return _month_first(seconds // _DAY)


@lru_cache(maxsize=4096)
def _spoken_date(day: int) -> str:
    spoken = _date(day)
    return f"{_MONTHS[spoken.month]} {spoken.day:02d} {spoken.year}"


def spoken(seconds: int) -> str:
    """`Jul 22 2026 02:09 PM`."""
    hour, minute = divmod(seconds // 60 % 1440, 60)
    half = "AM" if hour < 12 else "PM"
    return f"{_spoken_date(seconds // _DAY)} {hour % 12 or 12:02d}:{minute:02d} {half}"


def shifted(seconds: int, hours: int) -> int:
    """Move seconds since 1970 to what a clock `hours` from UTC shows."""
    return seconds + hours * _HOUR


def local(seconds: int, winter: tuple[str, int], summer: tuple[str, int]) -> tuple[int, str]:
    """Show the clock of a place with summer time (April to October) and the short name of its zone."""
    month = _date(shifted(seconds, winter[1]) // _DAY).month
    zone, hours = summer if month in _SUMMER else winter
    return shifted(seconds, hours), zone

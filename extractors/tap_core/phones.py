"""Phone numbers of a record as E.164, so that the numbers of one person compare equal in every source.

What counts is what `phonenumbers` reads and finds valid. These rules are ours:

- A text may hold several numbers, separated by `,` `;` `|`, a new line, white space before a plus, or a slash (if the
  whole is no number). A part with fewer than seven digits is then an extension or a remainder, not a number.
- With plus or `00` a number is international. Without, it is read as dialled in the record's region, else in the
  default region; if that gives no valid number, its 8 to 15 digits are tried with a plus (WhatsApp writes them so).
- Labels before the number and words after it are dropped (`Tel. 55 1234 5678 (home)`), extensions too. A number with
  any other letter is none: letters are never dialled (`1-800-FLOWERS`) and E-notation (`5.21555E+12`) has lost digits.
  The `.0` that spreadsheets add to a number is dropped.
- One form per line. Mexico: +52 1, 01, 044 or 045 before ten digits is dropped. Argentina: +54 9 and ten digits lose
  the 9 (phonenumbers turns the national 15 into that 9). Brazil: eight digits that begin with 6-9 after the area code
  get the ninth digit. Each only if the outcome is valid; it is done before asking whether the number is valid.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import phonenumbers

from tap_core.phone_patterns import NOT_VALID, home_of, plan_of_code, read_international

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_core.phone_patterns import Home

LONGEST_TEXT = 250
"""The limit of phonenumbers; it also bounds the memory of the cache."""
REMEMBERED_TEXTS = 20_000
FEWEST_DIGITS_OF_A_PART = 7
DIGITS_WITH_CALLING_CODE = range(8, 16)

_PUNCTUATION = dict.fromkeys(map(ord, " ()-."))
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
_SEPARATOR = re.compile(r"[,;|\r\n]|(?<=\d)\s+(?=[+\uff0b])")
_START = re.compile(r"[+\uff0b\d]")
_WORDS_AFTER = re.compile(r"(?<=\d)\)?[\s(]\D*\Z")
_EXTENSION = re.compile(r"(?<=[\d)\s])\s*(?:e?xt(?:ensi[oó]n)?n?|x|anexo|ramal|int)[.:\s]*\d{1,9}\)?\Z", re.IGNORECASE)
_SPREADSHEET_ZERO = re.compile(r"(?<=\d{7})\.0+\Z")
_LETTER = re.compile(r"[^\W\d_]")
_EXIT_CODE = re.compile(r"\A\d\D*\d")


class PhoneReader:
    """Reads phone numbers for one tap run."""

    def __init__(self, default_region: str | None = None) -> None:
        self._default_home = home_of(default_region)

    def read(self, text: str, region: str | None = None) -> str | None:
        """Return the first valid number of the text, None if there is none."""
        numbers = _read_text(text, home_of(region) or self._default_home)
        return numbers[0] if numbers else None

    def read_all(self, texts: Iterable[str], region: str | None = None) -> list[str]:
        """Return the valid numbers of all texts, each once, in order."""
        home = home_of(region) or self._default_home
        numbers: list[str] = []
        for text in texts:
            numbers += _read_text(text, home)
        return list(dict.fromkeys(numbers))


def _read_text(text: str, home: Home | None) -> tuple[str, ...]:
    if len(text) > LONGEST_TEXT:
        return ()
    number = _read_plain(text, home)
    if number is None:
        return _read_parts(text, home)
    return (number,) if number else ()


def _read_plain(text: str, home: Home | None) -> str | None:
    """Read one number of digits and plain punctuation; None if phonenumbers must be asked."""
    if not text.removeprefix("+").isdigit():
        if ".0" in text:
            return None
        text = text.lstrip(" '(").translate(_PUNCTUATION)
        if not text.removeprefix("+").isdigit():
            return None
    if not text.isascii():
        return None
    if text.startswith("+"):
        return read_international(text)
    if text.startswith("00"):
        return read_international(f"+{text[2:]}")
    if home is not None and (number := home.read(text)) != NOT_VALID:
        return number
    return read_international(f"+{text}") if len(text) in DIGITS_WITH_CALLING_CODE else NOT_VALID


@lru_cache(maxsize=REMEMBERED_TEXTS)
def _read_parts(text: str, home: Home | None) -> tuple[str, ...]:
    return tuple(_numbers_of(_SEPARATOR.split(text.translate(_INVISIBLE)), home))


def _numbers_of(parts: list[str], home: Home | None) -> Iterator[str]:
    for part in parts:
        if len(parts) > 1 and _count_digits(part) < FEWEST_DIGITS_OF_A_PART:
            continue
        if number := _read_part(part, home):
            yield number
        elif "/" in part:
            yield from _numbers_of(part.split("/"), home)


def _read_part(part: str, home: Home | None) -> str:
    text = _bare(part)
    if not text or _LETTER.search(text):
        return NOT_VALID
    number = _read_plain(text, home)
    if number is not None:
        return number
    return next(filter(None, (_ask_phonenumbers(attempt, home) for attempt in _attempts(text, home))), NOT_VALID)


def _bare(part: str) -> str:
    """Return the number without what stands before and after it."""
    start = _START.search(part)
    text = " ".join(part[start.start() :].split()) if start else ""
    for unwanted in (_WORDS_AFTER, _EXTENSION, _SPREADSHEET_ZERO):
        text = unwanted.sub("", text)
    return text


def _attempts(text: str, home: Home | None) -> Iterator[str]:
    """Yield the ways to read a number, the likeliest first."""
    if text[0] in "+\uff0b":
        yield text
    elif phonenumbers.normalize_digits_only(text).startswith("00"):
        yield f"+{_EXIT_CODE.sub('', text)}"
    else:
        if home is not None:
            yield text
        if _count_digits(text) in DIGITS_WITH_CALLING_CODE:
            yield f"+{text}"


def _ask_phonenumbers(text: str, home: Home | None) -> str:
    try:
        number = phonenumbers.parse(text, home.region if home else None, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return NOT_VALID
    dialled_at_home = number.country_code_source == phonenumbers.CountryCodeSource.FROM_DEFAULT_COUNTRY
    plan = home.plan if home and dialled_at_home else plan_of_code(number.country_code)
    return plan.one_form(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _count_digits(text: str) -> int:
    return sum(map(str.isdecimal, text))

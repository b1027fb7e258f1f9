"""Phones are read as phonenumbers reads them, only faster; `reference` says what that means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import CountryCodeSource, PhoneMetadata, PhoneNumberFormat, PhoneNumberType
from tap_core.phones import LONGEST_TEXT, PhoneReader

if TYPE_CHECKING:
    from collections.abc import Iterator

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CALLING_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
FORMATS = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)
COMMON_REGIONS = ("MX", "AR", "BR", "CO", "ES", "US", "GB", "IT", "CL", "PE", "DO")
reader = PhoneReader()

# text, region, what is read
ONE_NUMBER = (
    ("+525512345678", None, "+525512345678"),
    ("55 1234 5678", "MX", "+525512345678"),
    ("(55) 1234-5678", "mx", "+525512345678"),
    ("+52 1 55 1234 5678", None, "+525512345678"),
    ("+52 01 55 1234 5678", None, "+525512345678"),
    ("044 55 1234 5678", "MX", "+525512345678"),
    ("01 55 1234 5678", "MX", "+525512345678"),
    ("5215512345678", None, "+525512345678"),
    ("5215512345678", "MX", "+525512345678"),
    ("5215512345678", "US", "+525512345678"),
    ("1 551 234 5678", "MX", "+15512345678"),
    ("+54 9 11 2345-6789", None, "+541123456789"),
    ("+54 11 2345-6789", None, "+541123456789"),
    ("5491123456789", "MX", "+541123456789"),
    ("11 2345 6789", "AR", "+541123456789"),
    ("011 15-2345-6789", "AR", "+541123456789"),
    ("0351 15 456-7890", "AR", "+543514567890"),
    ("+55 11 98765-4321", None, "+5511987654321"),
    ("+55 11 8765-4321", None, "+5511987654321"),
    ("+55 11 7712-3456", None, "+5511977123456"),
    ("+55 11 2345-6789", None, "+551123456789"),
    ("551187654321", None, "+5511987654321"),
    ("(11) 8765-4321", "BR", "+5511987654321"),
    ("(55) 99123-4567", "BR", "+5555991234567"),
    ("0 15 11 98765-4321", "BR", "+5511987654321"),
    ("300 1234567", "CO", "+573001234567"),
    ("573001234567", "MX", "+573001234567"),
    ("612 34 56 78", "ES", "+34612345678"),
    ("34612345678", "ES", "+34612345678"),
    ("0034 612 345 678", None, "+34612345678"),
    ("(212) 555-2368", "US", "+12125552368"),
    ("1 (212) 555-2368", "US", "+12125552368"),
    ("011 52 55 1234 5678", "US", "+525512345678"),
    ("+44 (0)20 7946 0958", None, "+442079460958"),
    ("020 7946 0958", "GB", "+442079460958"),
    ("7911123456", "GB", "+447911123456"),
    ("06 1234 5678", "IT", "+390612345678"),
    ("+39 06 1234 5678", None, "+390612345678"),
    ("+39 612345678", None, None),
    ("9 6123 4567", "CL", "+56961234567"),
    ("56961234567", "CL", "+56961234567"),
    ("912 345 678", "PE", "+51912345678"),
    ("(01) 123-4567", "PE", "+5111234567"),
    ("809-234-5678", "DO", "+18092345678"),
    ("+1 787 234 5678", None, "+17872345678"),
    ("'+573001234567", None, "+573001234567"),
    ("tel:+34612345678", None, "+34612345678"),
    ("whatsapp:+5215512345678", None, "+525512345678"),
    ("https://wa.me/5215512345678", None, "+525512345678"),
    ("\u202a+34 612 34 56 78\u202c", None, "+34612345678"),
    ("+34\u00a0612\u200b345\u202f678\n", None, "+34612345678"),
    ("\uff0b34612345678", None, "+34612345678"),
    ("Cel. 55 1234 5678 (home)", "MX", "+525512345678"),
    ("5512345678 oficina", "MX", "+525512345678"),
    ("(212) 555-2368 ext. 12", "US", "+12125552368"),
    ("212-555-2368x12", "US", "+12125552368"),
    ("525512345678.0", None, "+525512345678"),
    ("5512345678.0", "MX", "+525512345678"),
    ("5.21555E+12", "MX", None),
    ("5.21555E12", "MX", None),
    ("5.215512345678E+12", "MX", None),
    ("1-800-FLOWERS", "US", None),
    ("1-800-FLOWERS", None, None),
    ("ana5512345678@example.com", "MX", None),
    ("030/12345678", "DE", "+493012345678"),
    ("5512345678", None, None),
    ("+2908999", None, "+2908999"),
    ("2908999", None, None),
    ("612345678", "Spain", None),
    ("612345678", "ZZ", None),
    ("612345678", " es ", "+34612345678"),
    ("+34612345678", "Spain", "+34612345678"),
    ("2024-01-15", "MX", None),
    ("+999 123456", None, None),
    ("n/a", "MX", None),
    ("0000000000", "MX", None),
    ("+52", None, None),
    ("+", None, None),
    ("", "MX", None),
)
SEVERAL_NUMBERS = (
    ("+525512345678, +525587654321", None, ["+525512345678", "+525587654321"]),
    ("5512345678;5587654321", "MX", ["+525512345678", "+525587654321"]),
    ("55 1234 5678 / 55 8765 4321", "MX", ["+525512345678", "+525587654321"]),
    ("5512345678 casa\n5587654321 oficina", "MX", ["+525512345678", "+525587654321"]),
    ("+34612345678 +34612345679", None, ["+34612345678", "+34612345679"]),
    ("'+573001234567|+525512345678", None, ["+573001234567", "+525512345678"]),
    ("+525512345678,+5215512345678", None, ["+525512345678"]),
    ("212 555 2368, ext 5", "US", ["+12125552368"]),
    ("(530) 583-6985 x302/x2303", "US", ["+15305836985"]),
    ("5512345678, n/a", "MX", ["+525512345678"]),
    ("5,215,512,345,678", "MX", []),
)


def reference(text: str, region: str | None = None) -> str | None:
    """Read a text of digits and punctuation with nothing but phonenumbers."""
    text = re.sub(r"\A[^\d+]*", "", text)
    text = re.sub(r"(?<=\d{7})\.0+\Z", "", text)
    digits = re.sub(r"\D", "", text)
    if text.startswith("+"):
        attempts = [text]
    elif digits.startswith("00"):
        attempts = [f"+{digits[2:]}"]
    else:
        attempts = ([text] if region else []) + ([f"+{digits}"] if 8 <= len(digits) <= 15 else [])
    return next((number for attempt in attempts for number in valid_forms(attempt, region)), None)


def valid_forms(text: str, region: str | None) -> Iterator[str]:
    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return
    code, national = number.country_code, phonenumbers.national_significant_number(number)
    with_code = number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY
    preferred = None
    if code == 52 and national[:-10] in ("01", "044", "045", "1" if with_code else "01"):
        preferred = national[-10:]
    if code == 54 and len(national) == 11 and national[0] == "9":
        preferred = national[1:]
    if code == 55 and len(national) == 10 and national[2] in "6789":
        preferred = f"{national[:2]}9{national[2:]}"
    if preferred and phonenumbers.is_valid_number(phonenumbers.PhoneNumber(code, int(preferred))):
        yield f"+{code}{preferred}"
    if phonenumbers.is_valid_number(number):
        yield f"+{code}{national}"


def examples() -> list[tuple[str | None, phonenumbers.PhoneNumber]]:
    """Example numbers of every region and type, and of the calling codes that belong to no region."""
    found = [
        (region, phonenumbers.example_number_for_type(region, kind))
        for region in REGIONS
        for kind in phonenumbers.supported_types_for_region(region)
    ]
    codes = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    return [*found, *((None, phonenumbers.example_number_for_non_geo_entity(code)) for code in codes)]


EXAMPLES = [(region, number) for region, number in examples() if number is not None]
regions = st.one_of(st.none(), st.sampled_from(REGIONS), st.sampled_from(COMMON_REGIONS))
digits = st.text("0123456789", max_size=14)


@st.composite
def punctuated(draw: st.DrawFn, text: str) -> str:
    """Put the punctuation of phone numbers between some of the characters."""
    for _ in range(draw(st.integers(0, 4)) if text else 0):
        place = draw(st.integers(0, len(text) - 1))
        text = text[:place] + draw(st.sampled_from(" ().-")) + text[place:]
    return text


@st.composite
def random_texts(draw: st.DrawFn) -> str:
    start, code = draw(st.sampled_from(["", "+", "00", "0"])), draw(st.sampled_from(CALLING_CODES))
    return draw(punctuated(f"{start}{code}{draw(digits)}"))


@st.composite
def likely_texts(draw: st.DrawFn) -> tuple[str, str | None]:
    """Write an example number, changed a little, in one of the ways in which people write numbers."""
    region, number = draw(st.sampled_from(EXAMPLES))
    code, national = number.country_code, draw(changed(phonenumbers.national_significant_number(number)))
    metadata = PhoneMetadata.metadata_for_region(region) if region else None
    trunk_prefix = (metadata and metadata.national_prefix) or draw(st.sampled_from(["0", "1", "15", "044"]))
    starts = ["", f"+{code}", f"{code}", f"00{code}", f"011{code}", "+", f"+0{code}"]
    text = draw(st.sampled_from(starts)) + draw(st.sampled_from(["", "", trunk_prefix])) + national
    return draw(punctuated(text)), draw(st.one_of(st.just(region), regions))


@st.composite
def changed(draw: st.DrawFn, national: str) -> str:
    place = draw(st.integers(0, len(national) - 1))
    digit = draw(st.sampled_from("0123456789"))
    how = draw(st.sampled_from(["not", "not", "replace", "drop", "add", "end"]))
    if how == "end":
        size = len(national) - place
        return national[:place] + draw(st.text("0123456789", min_size=size, max_size=size))
    dropped = 1 if how in ("replace", "drop") else 0
    return national[:place] + (digit if how in ("replace", "add") else "") + national[place + dropped :]


lengths_of_run = pytest.mark.parametrize("size", [800, pytest.param(30_000, marks=pytest.mark.soak)])


@lengths_of_run
def test_random_digits_are_read_as_by_phonenumbers(size: int) -> None:
    @settings(max_examples=size, derandomize=True, deadline=None)
    @given(random_texts(), regions)
    def same(text: str, region: str | None) -> None:
        assert reader.read(text, region) == reference(text, region)

    same()


@lengths_of_run
def test_likely_numbers_are_read_as_by_phonenumbers(size: int) -> None:
    @settings(max_examples=size, derandomize=True, deadline=None)
    @given(likely_texts())
    def same(text_and_region: tuple[str, str | None]) -> None:
        assert reader.read(*text_and_region) == reference(*text_and_region)

    same()


@lengths_of_run
def test_any_text_is_read_and_what_was_read_is_in_its_one_form(size: int) -> None:
    @settings(max_examples=size, derandomize=True, deadline=None)
    @given(st.one_of(st.text(max_size=40), st.text("0123456789 +-().,;/|xE'#\n\u200e\u0665", max_size=40)), regions)
    def stable(text: str, region: str | None) -> None:
        numbers = reader.read_all([text], region)
        assert numbers == [reader.read(number) for number in numbers]

    stable()


def test_examples_of_all_regions_are_read_as_by_phonenumbers() -> None:
    for region, number in EXAMPLES:
        texts = [phonenumbers.format_number(number, written) for written in FORMATS]
        for text in (*texts, texts[0][1:], texts[0][1:-1], f"{texts[0]}0"):
            assert (text, reader.read(text, region)) == (text, reference(text, region))


@pytest.mark.parametrize("region", COMMON_REGIONS)
def test_usual_forms_never_ask_phonenumbers(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    international, spaced = (phonenumbers.format_number(number, written) for written in FORMATS[:2])
    expected = reference(international)
    monkeypatch.delattr(phonenumbers, "parse")
    for text in (international, spaced, f"'{international}", international[1:], f"00{international[1:]}"):
        assert reader.read(text) == expected
    assert reader.read(phonenumbers.national_significant_number(number), region) == expected
    assert reader.read(international[1:], region) == expected


@pytest.mark.parametrize(("text", "region", "expected"), ONE_NUMBER)
def test_one_number(text: str, region: str | None, expected: str | None) -> None:
    assert reader.read(text, region) == expected
    assert reader.read_all([text], region) == ([expected] if expected else [])


@pytest.mark.parametrize(("text", "region", "expected"), SEVERAL_NUMBERS)
def test_several_numbers_in_one_cell(text: str, region: str | None, expected: list[str]) -> None:
    assert reader.read_all([text], region) == expected
    assert reader.read(text, region) == (expected[0] if expected else None)


def test_the_texts_of_a_record_give_each_number_once_and_in_order() -> None:
    texts = ["55 8765 4321", "", "+5215512345678", "525512345678", "none"]
    assert reader.read_all(texts, "MX") == ["+525587654321", "+525512345678"]


def test_the_default_region_serves_records_without_a_known_region() -> None:
    spanish = PhoneReader(default_region="es")
    assert spanish.read("612345678") == "+34612345678"
    assert spanish.read("612345678", "España") == "+34612345678"
    assert spanish.read("5512345678", "MX") == "+525512345678"
    assert PhoneReader(default_region="Spain").read("612345678") is None


def test_a_text_too_long_for_a_phone_number_is_none() -> None:
    text = "+525512345678, note"
    assert reader.read(text.ljust(LONGEST_TEXT)) == "+525512345678"
    assert reader.read(text.ljust(LONGEST_TEXT + 1)) is None

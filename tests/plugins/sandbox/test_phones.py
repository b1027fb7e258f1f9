from __future__ import annotations

import math
import re

import phonenumbers
import pytest
from sandbox import phones
from sandbox.countries import AR, BR, COUNTRIES, MX, Country

INDEXES = (0, 1, 2, *range(999, 4_000_000, 200_003))


def read_by_the_library(text: str, region: str | None) -> str:
    number = phonenumbers.parse(text, region)
    assert phonenumbers.is_valid_number(number), text
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def numbers_of(country: Country) -> list[phones.Phone]:
    return [phones.number(country, start, index) for start in country.people + country.shops for index in INDEXES]


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: country.code)
def test_every_number_is_valid_and_the_same_in_every_form(country: Country) -> None:
    for phone in numbers_of(country):
        e164 = phones.e164(phone)
        assert read_by_the_library(e164, None) == e164
        assert read_by_the_library("+" + phones.no_plus(phone), None) == e164
        assert read_by_the_library(phones.spaced(phone), None) == e164
        assert read_by_the_library(phones.national(phone), country.code) == e164


@pytest.mark.parametrize(
    ("country", "form", "today"),
    [
        (MX, r"\+521(\d{10})", r"+52\1"),
        (AR, r"\+54(\d{10})", r"+549\1"),
        (BR, r"\+55(\d\d)([6-9]\d{7})", r"+55\g<1>9\2"),
    ],
    ids=["MX", "AR", "BR"],
)
def test_old_forms_lead_back_to_the_number(country: Country, form: str, today: str) -> None:
    for phone in numbers_of(country):
        old = phones.old(phone)
        assert re.fullmatch(form, old)
        assert re.sub(form, today, old) == phones.e164(phone)


def test_old_form_is_todays_elsewhere() -> None:
    for country in set(COUNTRIES) - {MX, AR, BR}:
        assert all(phones.old(phone) == phones.e164(phone) for phone in numbers_of(country))


def test_no_two_people_have_one_number() -> None:
    starts = [(country, start) for country in COUNTRIES for start in country.people + country.shops]
    given = [phones.e164(phones.number(country, start, index)) for country, start in starts for index in range(2000)]
    assert len(set(given)) == len(given)


def test_a_start_has_a_number_for_each_of_four_million_people() -> None:
    for country in COUNTRIES:
        assert all(start.span >= 8_000_000 for start in country.people), "each person has two"
        assert all(math.gcd(phones.STEP, start.span) == 1 for start in country.people + country.shops)

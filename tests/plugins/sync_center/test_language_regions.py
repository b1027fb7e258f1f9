"""Texts in the reader's language, numbers as in the reader's country."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sync_center.language.catalogues import Languages, chosen


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        (None, "es-MX,es;q=0.9", "es-MX"),
        (None, "fr-FR,es-AR;q=0.5", "es-AR"),
        ("en", "es-MX", "en"),
        ("es", "en-GB", "es"),
        (None, "es-XX", "es"),
        (None, "tlh", "en"),
        ("../../etc", "", "en"),
    ],
)
def test_a_browser_says_language_and_region(cookie: str | None, accepted: str, code: str) -> None:
    assert chosen(cookie, accepted) == code


@pytest.mark.parametrize(("code", "number"), [("es-MX", "3,214"), ("es", "3.214"), ("en-GB", "3,214")])
def test_numbers_are_those_of_the_region(code: str, number: str) -> None:
    language = Languages(ZoneInfo("UTC"))[code]
    assert language.number(3214) == number

"""The texts: English stands in templates and code, the other languages in `locale/<language>/<page>.po`."""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from babel.localedata import locale_identifiers
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from typing_extensions import override

from sync_center.language.formats import Formats

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent.parent / "locale"
ENGLISH = "en"
_MOST_READ = 200
NAMES = {ENGLISH: "English", "es": "Español"}


def N_(text: str) -> str:  # noqa: N802 - as everybody calls it
    """Mark a text for translation where it stands; who shows it translates it."""
    return text


class Language(Formats):
    """One language: its texts, and the formats of the reader's region."""

    def __init__(self, code: str, zone: ZoneInfo) -> None:
        super().__init__(Locale.parse(code, sep="-"), zone)
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "base", code.partition("-")[0])
        object.__setattr__(self, "texts", _translations(self.base))

    code: str
    """Such as `es-MX`: texts in Spanish, numbers as in Mexico."""
    base: str
    texts: gettext.NullTranslations

    def text(self, text: str, /, **values: object) -> str:
        """The text in this language, with its `%(name)s` filled."""
        found = self.texts.gettext(text)
        return found % values if values else found

    def texts_of(self, singular: str, plural: str, number: int, /, **values: object) -> str:
        """The form of the text that goes with the number; `%(number)s` is the number as this language writes it."""
        found = self.texts.ngettext(singular, plural, number)
        return found % {"number": self.number(number), **values}

    @override
    def __hash__(self) -> int:
        return hash(self.code)


class Languages(dict[str, Language]):
    """Every language by its code; one of a region is made when somebody comes from there."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__({code: Language(code, zone) for code in NAMES})
        self._zone = zone

    def __missing__(self, code: str) -> Language:
        self[code] = Language(code, self._zone)
        return self[code]


def chosen(cookie: str | None, accepted: str) -> str:
    """The language that a person chose, else the first that the browser asks for and we speak, else English.

    With the region of the browser's first wish in that language, since Mexico writes 3,214 and Spain 3.214.
    """
    wishes = [wish.split(";")[0].strip() for wish in accepted[:_MOST_READ].split(",")]
    spoken = [wish for wish in wishes if wish.lower().split("-")[0] in NAMES]
    base = cookie if cookie in NAMES else spoken[0].lower().split("-")[0] if spoken else ENGLISH
    return next((code for wish in spoken if (code := _regional(wish)) and code.startswith(f"{base}-")), base)


def _regional(wish: str) -> str | None:
    """`es-MX` for what Babel knows of it."""
    language, _, region = wish.partition("-")
    code = f"{language.lower()}-{region.upper()}"
    return code if code.replace("-", "_") in _known_regions() else None


@cache
def _known_regions() -> frozenset[str]:
    return frozenset(name for name in locale_identifiers() if name.split("_")[0] in NAMES and name.count("_") == 1)


def merged_catalogue(code: str) -> Catalog:
    """The catalogues of all pages as one; a text that two of them have is the same in both."""
    merged = Catalog(locale=code)
    for file in sorted((FOLDER / code).glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale=code):
                if message.id:
                    merged[message.id] = message
    return merged


@cache
def _translations(code: str) -> gettext.NullTranslations:
    if code == ENGLISH:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, merged_catalogue(code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)

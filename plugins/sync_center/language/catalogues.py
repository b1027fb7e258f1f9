"""The texts: English stands in templates and code, the other languages in `locale/<language>/<page>.po`."""

from __future__ import annotations

import gettext
import io
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from typing_extensions import override

from sync_center.language.formats import Formats

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent.parent / "locale"
ENGLISH = "en"
NAMES = {ENGLISH: "English", "es": "Español"}


def N_(text: str) -> str:  # noqa: N802 - as everybody calls it
    """Mark a text for translation where it stands; who shows it translates it."""
    return text


class Language(Formats):
    """One language: its texts and its formats."""

    def __init__(self, code: str, zone: ZoneInfo) -> None:
        super().__init__(Locale.parse(code), zone)
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "texts", _translations(code))

    code: str
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


def all_languages(zone: ZoneInfo) -> dict[str, Language]:
    """Every language, by its code."""
    return {code: Language(code, zone) for code in NAMES}


def chosen(cookie: str | None, accepted: str) -> str:
    """The language that a person chose, else the first that the browser asks for and we speak, else English."""
    if cookie in NAMES:
        return str(cookie)
    for wish in accepted.split(","):
        code = wish.split(";")[0].strip().lower().split("-")[0]
        if code in NAMES:
            return code
    return ENGLISH


def merged_catalogue(code: str) -> Catalog:
    """The catalogues of all pages as one; a text that two of them have is the same in both."""
    merged = Catalog(locale=code)
    for file in sorted((FOLDER / code).glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale=code):
                if message.id:
                    merged[message.id] = message
    return merged


def _translations(code: str) -> gettext.NullTranslations:
    if code == ENGLISH:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, merged_catalogue(code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)

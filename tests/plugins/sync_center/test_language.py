"""Everything is said in both languages; nothing is left to say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sync_center
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import babel_extract
from sync_center.language.catalogues import FOLDER, merged_catalogue

if TYPE_CHECKING:
    from support.panels import Panel

ROOT = Path(sync_center.__file__).parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
KEYWORDS = {"_": None, "N_": None, "gettext": None, "text": None, "ngettext": (1, 2), "texts_of": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
SAME = {"no", "Sync Center", "Total"}
"""Texts that are the same in Spanish."""


def texts() -> dict[str | tuple[str, ...], str]:
    """Every text of code and templates, with the place where it stands."""
    found: dict[str | tuple[str, ...], str] = {}
    for file in sorted(ROOT.rglob("*.py")):
        with file.open("rb") as source:
            for line, message, *_ in extract("python", source, KEYWORDS):
                found[_key(message)] = f"{file.name}:{line}"
    for file in TEMPLATES:
        with file.open("rb") as source:
            for line, _, message, _ in babel_extract(source, ["_", "gettext", "ngettext"], [], {"trimmed": "true"}):
                found[_key(message)] = f"{file.name}:{line}"
    return {key: place for key, place in found.items() if key}


def _key(message: str | tuple[str | None, ...] | None) -> str | tuple[str, ...]:
    """The text, or its singular and plural."""
    if message is None or isinstance(message, str):
        return message or ""
    parts = tuple(part for part in message if part)
    return parts if len(parts) > 1 else parts[0]


@pytest.mark.parametrize("code", ["es"])
def test_every_text_is_translated(code: str) -> None:
    catalogue = merged_catalogue(code)
    missing = []
    for key, place in texts().items():
        message = catalogue.get(key if isinstance(key, str) else key[0])
        said = message.string if message else ""
        if not (said if isinstance(said, str) else all(said)) or (message and message.fuzzy):
            missing.append(f"{place}: {key}")
    assert missing == []


@pytest.mark.parametrize("code", ["es"])
def test_a_translation_is_used_has_the_same_parts_and_is_another_text(code: str) -> None:
    used = {key if isinstance(key, str) else key[0] for key in texts()}
    for file in (FOLDER / code).glob("*.po"):
        with file.open("rb") as source:
            for message in read_po(source):
                if not message.id:
                    continue
                english = message.id if isinstance(message.id, str) else message.id[0]
                others = [message.string] if isinstance(message.string, str) else list(message.string)
                assert english in used, f"{file.name}: nobody says {english!r} any more"
                assert all(
                    set(PLACEHOLDER.findall(other)) <= set(PLACEHOLDER.findall(str(message.id))) for other in others
                )
                assert english in SAME or english not in others, f"{file.name}: {english!r} is not translated"


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_text_stands_in_a_template_outside_of_the_catalogues(file: Path) -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701
    source = re.sub(r"{%-?\s*trans.*?endtrans\s*-?%}", "", file.read_text("utf-8"), flags=re.DOTALL)
    raw = "".join(text for _, kind, text in environment.lex(source) if kind == "data")
    visible = re.sub(r"<[^>]*>", " ", raw)
    attributes = " ".join(re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', raw))
    words = [word for word in re.findall(r"[^\W\d_]{2,}", visible + " " + attributes) if word not in {"Stage", "First"}]
    assert words == []


def test_the_browser_chooses_the_language_and_a_person_overrides_it(panel: Panel) -> None:
    spanish = panel.visitor(**{"accept-language": "es-MX,es;q=0.9,en;q=0.5"})
    assert 'lang="es"' in spanish.get("/login").text
    assert "Iniciar sesión" in spanish.text("/login")
    assert spanish.post("/preferences", {"language": "en"}, seen="/login").status_code == 303
    assert "Log in" in spanish.text("/login")
    assert 'lang="en"' in panel.visitor(**{"accept-language": "fr"}).get("/login").text

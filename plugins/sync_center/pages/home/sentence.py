"""The one sentence on top: whether everything is in, what waits, what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_center.pages.home.sources import INCOMPLETE

if TYPE_CHECKING:
    from sync_center.language.catalogues import Language
    from sync_center.pages.home.state import Home

MOST_NAMED = 3
"""More names than that are a number."""


def sentence(home: Home, language: Language) -> str:
    """True at this moment, in words."""
    if not home.used:
        return language.text("No source is connected yet.")
    if not home.is_downloading and all(card.run is None for card in home.used) and not home.pending:
        return language.text("Nothing is in yet: start with Sync all.")
    parts = [_what_is_in(home, language), _what_waits(home, language)]
    if home.is_unified:
        parts.append(_what_needs_a_person(home, language))
    return "; ".join(parts) + "."


def tone(home: Home) -> str:
    """The colour that goes with the sentence: bad, busy, attention or good."""
    if home.failed or home.unify_failed or home.download_problem or home.unify_problem:
        return "bad"
    if home.is_downloading or home.unifying:
        return "busy"
    return "attention" if home.hold or home.complete_up_to is None or home.conflicts else "good"


def _what_is_in(home: Home, language: Language) -> str:
    if home.failed:
        names = _listed([card.label for card in home.failed], language)
        return language.texts_of("%(names)s needs you", "%(names)s need you", len(home.failed), names=names)
    if home.is_downloading:
        running = [card.label for card in home.used if card.is_running]
        if running:
            return language.text("Downloading from %(names)s", names=_listed(running, language))
        return language.text("The download is starting")
    if any(card.state == INCOMPLETE for card in home.used) or home.complete_up_to is None:
        behind = [card.label for card in home.used if _is_behind(card.state, card.complete_up_to)]
        if len(behind) > MOST_NAMED:
            return language.text(
                "Not everything is in yet from %(number)s sources", number=language.number(len(behind))
            )
        return language.text("Not everything is in yet from %(names)s", names=_listed(behind, language))
    return language.text("Everything is in up to %(moment)s", moment=language.moment(home.complete_up_to))


def _is_behind(state: str, complete_up_to: object) -> bool:
    return state == INCOMPLETE or complete_up_to is None


def _what_waits(home: Home, language: Language) -> str:
    if not home.pending:
        return language.text("nothing waits to be unified")
    return language.texts_of("%(number)s row waits to be unified", "%(number)s rows wait to be unified", home.pending)


def _what_needs_a_person(home: Home, language: Language) -> str:
    if not home.conflicts:
        return language.text("no conflict needs you")
    return language.texts_of(
        "%(number)s conflict needs you", "%(number)s conflicts need you", home.conflicts,
        number=language.many(home.conflicts),
    )  # fmt: skip


def _listed(names: list[str], language: Language) -> str:
    """As this language lists names: "Stripe, PayPal, and GHL"."""
    from babel.lists import format_list

    return format_list(names, locale=language.locale)

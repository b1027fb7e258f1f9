"""What a form says, as an answer; and what an act says to a person."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from stage_first.settings import UsageError

from sync_center.language.catalogues import N_
from sync_center.pages.conflicts.acts import Answer
from sync_center.pages.conflicts.proposals import ANSWERS, LATER, NOT_THEIRS, SAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_center.database import Row
    from sync_center.language.catalogues import Language


def answer_of(
    language: Language,
    answer: str,
    reason: str,
    clients: Sequence[str],
    whose: str,
    conflicts: Sequence[str],
    until: str,
) -> Answer:
    """The answer of a form.

    Raises:
        UsageError: something is missing in it.
    """
    if answer not in ANSWERS:
        raise UsageError(N_("Choose an answer first."))
    if answer == SAME and len(clients) == 1:
        raise UsageError(N_("Choose at least two clients that are the same person."))
    if answer == NOT_THEIRS and not whose:
        raise UsageError(N_("Choose the client whose value it is not."))
    named = {SAME: tuple(clients), NOT_THEIRS: (whose,)}.get(answer, ())
    moment = _moment(language, until) if answer == LATER and until else None
    return Answer(answer, reason[:2000], named, () if answer == SAME else tuple(conflicts), moment)


def said_of(language: Language, act: Row, *, undone: bool = False) -> str:
    """Who did it and when."""
    if undone and act["undone_at"]:
        told = {"who": act["undone_by"], "moment": language.moment(act["undone_at"])}
        return language.text("%(who)s has undone it already, %(moment)s. Nothing more was done.", **told)
    return language.text("It was withdrawn already. Nothing more was done.")


def _moment(language: Language, until: str) -> datetime:
    """The begin of that day, in the zone that the page shows."""
    try:
        return datetime.combine(date.fromisoformat(until), time(), language.zone)
    except (ValueError, OverflowError):
        raise UsageError(N_("That is no date.")) from None

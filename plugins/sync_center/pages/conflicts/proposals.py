"""An answer that is proposed for a case, and the rule that proposes it; a person decides."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from sync_center.language.catalogues import N_

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SAME, DIFFERENT, SHARED, NOT_THEIRS, LATER, NONE = "same", "different", "shared", "not_theirs", "later", "none"
ANSWERS = {
    SAME: N_("same person"),
    DIFFERENT: N_("different people"),
    SHARED: N_("this value is shared"),
    NOT_THEIRS: N_("not theirs"),
    LATER: N_("later"),
}
RULES = {
    "same_name": N_("All have the same name."),
    "short_name": N_("One name is a short form of the other, as Ana L. is of Ana López."),
    "many_names": N_("Many people with different names hold it, as with the phone of a family or a shop."),
    "one_family": N_("They share a family name, and their first names differ."),
    "other_names": N_("No word of their names is the same."),
    "no_name": N_("One of them has no name, so there is nothing to compare."),
    "unclear": N_("The names are neither the same nor clearly different."),
}
"""What a rule says to a person; each proposes the same answer always."""
PEOPLE_VALUES = {"email", "phone_e164"}
"""Kinds that several people may share; any other id is of one person, whatever the names."""
MANY = 3


class Proposal(NamedTuple):
    """An answer and why; `NONE` where no rule fits."""

    answer: str
    rule: str


POLICIES = {
    "same_name": SAME,
    "short_name": SAME,
    "many_names": SHARED,
    "one_family": DIFFERENT,
    "other_names": DIFFERENT,
}
"""Rules whose proposals may be taken for many cases at once."""


def propose(names: Sequence[str | None], kinds: Collection[str]) -> Proposal:
    """Propose by the names of the clients, normalised as identity compares them: the first rule that fits."""
    told = sorted({name for name in names if name})
    if len(told) == 1 and all(names):
        return Proposal(SAME, "same_name")
    can_be_shared = set(kinds) <= PEOPLE_VALUES
    if can_be_shared and _are_all_other(told) and len(told) >= MANY:
        return Proposal(SHARED, "many_names")
    if not all(names) or not told:
        return Proposal(NONE, "no_name")
    if all(_is_short_form(one, other) for one, other in combinations(told, 2)):
        return Proposal(SAME, "short_name")
    if can_be_shared and all(_is_family(one, other) for one, other in combinations(told, 2)):
        return Proposal(DIFFERENT, "one_family")
    if can_be_shared and all(_share_nothing(one, other) for one, other in combinations(told, 2)):
        return Proposal(DIFFERENT, "other_names")
    return Proposal(NONE, "unclear")


def _are_all_other(names: Sequence[str]) -> bool:
    return not any(_is_short_form(one, other) for one, other in combinations(names, 2))


def _is_short_form(one: str, other: str) -> bool:
    """The words of the shorter are the first words of the longer, or their initials; one whole word at least."""
    short, long = sorted((one.split(), other.split()), key=len)
    fits = all(
        word == whole or (len(word) == 1 and whole.startswith(word)) for word, whole in zip(short, long, strict=False)
    )
    return fits and len(short) > 1 and len(short[0]) > 1


def _is_family(one: str, other: str) -> bool:
    """The first words differ, and not only by an initial; a later one is the same."""
    first, second = one.split(), other.split()
    both = set(first[1:]) & set(second[1:])
    return not _are_alike(first[0], second[0]) and any(len(word) > 1 for word in both)


def _share_nothing(one: str, other: str) -> bool:
    return not any(_are_alike(word, other_word) for word in one.split() for other_word in other.split())


def _are_alike(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)

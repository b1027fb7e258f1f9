"""What is proposed for a case, and why: by the names, and by nothing that a person could not follow."""

from __future__ import annotations

import pytest
from sync_center.pages.conflicts.proposals import POLICIES, RULES, Proposal, propose

PHONE, CONTACT = {"phone_e164"}, {"ghl_contact_id"}


@pytest.mark.parametrize(
    ("names", "kinds", "answer", "rule"),
    [
        (["ana lopez", "ana lopez"], PHONE, "same", "same_name"),
        (["ana lopez", "ana l"], PHONE, "same", "short_name"),
        (["juan leon mora", "juan leon"], PHONE, "same", "short_name"),
        (["juan leon mora", "juan leon", "j leon"], PHONE, "none", "unclear"),
        (["a l", "ana lopez"], PHONE, "none", "unclear"),
        (["ana", "ana lopez"], PHONE, "none", "unclear"),
        (["eva paz", "leo paz"], PHONE, "different", "one_family"),
        (["e paz", "eva paz"], PHONE, "none", "unclear"),
        (["ana lopez", "luis soto"], PHONE, "different", "other_names"),
        (["ana lopez", "ana soto"], PHONE, "none", "unclear"),
        (["ana lopez", "luis soto", "eva paz"], PHONE, "shared", "many_names"),
        (["ana lopez", "luis soto", "eva paz", None], PHONE, "shared", "many_names"),
        (["ana lopez", "luis soto", "eva paz", "ana l"], PHONE, "none", "unclear"),
        (["ana lopez", None], PHONE, "none", "no_name"),
        ([None, None], PHONE, "none", "no_name"),
        (["ana lopez", "luis soto"], CONTACT, "none", "unclear"),
        (["ana lopez", "ana lopez"], CONTACT, "same", "same_name"),
    ],
)  # fmt: skip
def test_the_first_rule_that_fits_proposes(names: list[str | None], kinds: set[str], answer: str, rule: str) -> None:
    assert propose(names, kinds) == propose(names[::-1], kinds) == Proposal(answer, rule)
    assert rule in RULES
    assert POLICIES.get(rule, "none") == answer

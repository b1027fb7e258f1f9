"""How a location changes: what moves `dateUpdated`, what vanishes, what a merge leaves behind."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer

from tests.plugins.sandbox.ghl_client import LISTS, SEARCHES, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = 8
States = list[dict[str, dict[str, Any]]]


def state(sandbox: SandboxServer, stream: str) -> dict[str, dict[str, Any]]:
    return sandbox.world_state(stream, vendor="ghl")


@pytest.fixture(scope="module")
def lived() -> Iterator[tuple[SandboxServer, dict[str, States]]]:
    """A sandbox after some days, and what every stream was on each of them."""
    with SandboxServer(World(7, 600), limits=False) as sandbox:
        seen: dict[str, States] = {stream: [state(sandbox, stream)] for stream in (*SEARCHES, *LISTS, "tags")}
        for _ in range(DAYS):
            sandbox.advance()
            for stream, states in seen.items():
                states.append(state(sandbox, stream))
        yield sandbox, seen


@pytest.mark.parametrize("stream", [*SEARCHES, *LISTS])
def test_a_full_read_holds_the_world_after_days(lived: tuple[SandboxServer, dict[str, States]], stream: str) -> None:
    sandbox, seen = lived
    with Client(sandbox) as client:
        assert client.everything(stream) == seen[stream][-1]


@pytest.mark.parametrize("stream", SEARCHES)
def test_changes_move_the_date_by_which_they_are_found(
    lived: tuple[SandboxServer, dict[str, States]], stream: str
) -> None:
    name = {"contacts": "dateUpdated", "opportunities": "updatedAt"}[stream]
    changed = 0
    for before, after in pairwise(lived[1][stream]):
        newest = max(one[name] for one in before.values())
        found = {identity for identity, one in after.items() if before.get(identity) != one}
        assert all(after[identity][name] > newest for identity in found)
        changed += len(found)
    assert changed > 2 * DAYS


@pytest.mark.parametrize("stream", LISTS)
def test_old_payments_change_without_a_date_to_filter_by(
    lived: tuple[SandboxServer, dict[str, States]], stream: str
) -> None:
    first, last = lived[1][stream][0], lived[1][stream][-1]
    changed = [(one, last[identity]) for identity, one in first.items() if last.get(identity, one) != one]
    assert changed
    assert all(old["createdAt"] == new["createdAt"] < new["updatedAt"] for old, new in changed)


def test_deleted_contacts_are_gone_and_some_come_back(lived: tuple[SandboxServer, dict[str, States]]) -> None:
    sandbox, seen = lived
    days = seen["contacts"]
    gone = sandbox.deleted("contacts", vendor="ghl")
    assert gone
    assert not set(gone) & set(days[-1])
    back = [
        identity
        for day, state_then in enumerate(days[1:-1], 1)
        for identity in days[-1]
        if identity in days[day - 1] and identity not in state_then
    ]
    assert back
    assert sandbox.deleted("opportunities", vendor="ghl")


def test_a_merge_keeps_the_master_and_leaves_its_trace_in_payments(
    lived: tuple[SandboxServer, dict[str, States]],
) -> None:
    sandbox, seen = lived
    merged = [one for one in seen["payment_transactions"][-1].values() if "mergedFromContactId" in one]
    assert merged
    known = {identity: one for day in seen["contacts"] for identity, one in day.items()}
    shown = 0
    for one in merged:
        lost, master = one["mergedFromContactId"], one["contactId"]
        assert lost in sandbox.deleted("contacts", vendor="ghl")
        if lost in known and master in seen["contacts"][-1]:
            texts = str(seen["contacts"][-1][master]["additionalEmails"]).lower()
            shown += known[lost]["email"].strip().lower() in texts
    assert shown


def test_further_emails_come_and_vanish(lived: tuple[SandboxServer, dict[str, States]]) -> None:
    moves: Counter[bool] = Counter()
    for before, after in pairwise(lived[1]["contacts"]):
        for identity in before.keys() & after.keys():
            old, new = (len(one[identity]["additionalEmails"]) for one in (before, after))
            if old != new:
                moves[new > old] += 1
    assert moves[True]
    assert moves[False]


def test_new_tags_are_listed(lived: tuple[SandboxServer, dict[str, States]]) -> None:
    tags = lived[1]["tags"]
    assert len(tags[-1]) > len(tags[0])
    used = {tag for one in lived[1]["contacts"][-1].values() for tag in one["tags"]}
    assert used <= {tag["name"] for tag in tags[-1].values()}


@pytest.mark.parametrize("moves", [True, False])
def test_whether_tag_edits_move_the_date_is_a_switch(moves: bool) -> None:
    with SandboxServer(World(7, 300), limits=False) as sandbox:
        sandbox.ghl.tag_edits_move_date_updated = moves
        before = state(sandbox, "contacts")
        sandbox.advance(3)
        after = state(sandbox, "contacts")
        edited = [one for one in before.keys() & after.keys() if before[one]["tags"] != after[one]["tags"]]
        moved = [one for one in edited if before[one]["dateUpdated"] != after[one]["dateUpdated"]]
        assert edited
        assert (moved == edited) is moves


def test_the_search_lags_behind_and_the_single_contact_does_not() -> None:
    with SandboxServer(World(7, 300), limits=False) as sandbox, Client(sandbox) as client:
        sandbox.ghl.search_lag_seconds = 60
        before = client.everything("contacts")
        sandbox.advance()
        shown, truth = client.everything("contacts"), state(sandbox, "contacts")
        hidden = [identity for identity, one in truth.items() if shown.get(identity) != one]
        assert hidden
        assert all(truth[identity]["dateUpdated"] > "2026-11-01T23:59:00" for identity in hidden)
        assert shown != before
        single = client.get(f"/contacts/{hidden[0]}").json()["contact"]
        assert single["dateUpdated"] == truth[hidden[0]]["dateUpdated"]
        sandbox.ghl.search_lag_seconds = 0
        assert client.everything("contacts") == truth


def test_a_location_that_is_looked_at_late_has_lived_too() -> None:
    with SandboxServer(World(7, 100)) as early, SandboxServer(World(7, 100)) as late:
        state(early, "contacts")
        for sandbox in (early, late):
            sandbox.advance(3)
        assert state(early, "contacts") == state(late, "contacts")
        assert early.deleted("contacts", vendor="ghl") == late.deleted("contacts", vendor="ghl")


def test_a_deletion_between_two_pages_loses_nothing() -> None:
    with SandboxServer(World(7, 300), limits=False) as sandbox, Client(sandbox) as client:
        before = state(sandbox, "contacts")
        by_date = [{"field": "dateAdded", "direction": "asc"}]
        page = client.search(pageLimit=50, sort=by_date)["contacts"]
        with sandbox._lock:
            sandbox.ghl.books().contacts.remove(page[-1]["id"], sandbox.clock.now * 1000)
        rest = client.pages(pageLimit=50, sort=by_date, searchAfter=page[-1]["searchAfter"])
        assert {one["id"] for one in page + rest} == set(before)

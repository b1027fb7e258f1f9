"""Histories day by day: every incremental build equals the reference, and a full rebuild changes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from identity.days import Days, block, businesses
from identity.histories import OTHER_RULES, RULES, histories, many
from identity_check.project import write_project
from identity_check.staging import create_tables
from support.databases import fresh_database
from warehouse.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from identity_check.worlds import World

pytestmark = pytest.mark.xdist_group("identity-histories")
IS_SOAK = os.environ.get("STAGE_FIRST_SOAK") == "1"
COUNT = 2000 if IS_SOAK else 300
RULES_OF_DAY = [RULES, RULES, RULES, OTHER_RULES, OTHER_RULES, RULES]


@dataclass
class Lived:
    """What was found on each day."""

    differences: dict[int, str] = field(default_factory=dict)
    rewritten: dict[int, int] = field(default_factory=dict)
    is_the_same_after_full_rebuilds: bool = True
    rows_written_by_nothing: int = -1


@pytest.fixture(scope="module")
def days(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    """A warehouse for all histories."""
    project = write_project(tmp_path_factory.mktemp("histories"), RULES, businesses(COUNT), is_whole=IS_SOAK)
    with fresh_database(server, template) as url, connect(url, application="tests") as connection:
        create_tables(connection)
        yield Days(connection, url, project, RULES, other_tables=("clients",) if IS_SOAK else ())


@pytest.fixture(scope="module")
def lived(days: Days) -> Lived:
    lives, found = many(histories(RULES, len(RULES_OF_DAY) - 1), COUNT), Lived()
    for day, rules in enumerate(RULES_OF_DAY):
        begin(days, {number: life[day] for number, life in enumerate(lives)}, day)
        if rules != days.rules:
            days.change_rules(rules)
        days.build()
        found.differences[day] = days.differences()
        days.remember_records()
        if IS_SOAK:
            rebuild(days, found, day)
    days.build()
    found.rows_written_by_nothing = days.rows_written()
    rebuild(days, found, len(RULES_OF_DAY))
    return found


def begin(days: Days, worlds: dict[int, World], day: int) -> None:
    """The morning of a day."""
    once = {number: world.once_records for number, world in days.worlds.items()}
    days.turn({number: replace(world, once_records=once.get(number, frozenset())) for number, world in worlds.items()})
    if day == 0:
        block(days)


def rebuild(days: Days, found: Lived, day: int) -> None:
    before = days.published()
    days.build("--full-refresh")
    found.rewritten[day] = days.rows_written()
    found.is_the_same_after_full_rebuilds &= before == days.published()


@pytest.mark.parametrize("day", range(len(RULES_OF_DAY)))
def test_every_day_equals_the_reference(lived: Lived, day: int) -> None:
    assert lived.differences[day] == ""


def test_no_change_writes_nothing(lived: Lived) -> None:
    assert lived.rows_written_by_nothing == 0


def test_a_full_rebuild_changes_nothing(lived: Lived) -> None:
    assert lived.rewritten
    assert set(lived.rewritten.values()) == {0}
    assert lived.is_the_same_after_full_rebuilds

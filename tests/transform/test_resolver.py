"""Many small nasty worlds: what dbt publishes equals a slow and obviously right model of the rules."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("transform-resolver")

KINDS = ("Customer", "Email", "Phone", "Contact Id")
EXCLUSIVE = "Email"
MAX_NAMES = {"Email": 10, "Phone": 5}
PHONES = [f"+52555555010{digit}" for digit in range(4)]
VALUES = {
    "Customer": ["cus_1", "cus_2"],
    "Email": ["a@example.com", "b@example.com", "c@example.com"],
    "Phone": PHONES,
    "Contact Id": ["g1", "g2", "g3"],
}
World = dict[str, dict[str, str]]
Group = frozenset[str]


def random_world(seed: int) -> World:
    """Two to fourteen records that hold few values, so that nearly everything collides and some phones are shared."""
    chance = random.Random(seed)
    phones = PHONES[: chance.choice((1, 1, 2, 4))]
    chances = {kind: chance.choice((0.4, 0.6, 0.8)) for kind in VALUES}
    world: World = {}
    for number in range(chance.randint(2, 14)):
        cells = {"Name": f"Name {chance.randint(1, 14)}"}
        for kind, values in VALUES.items():
            if chance.random() < chances[kind]:
                cells[kind] = chance.choice(phones if kind == "Phone" else values)
        if "Phone" in cells and chance.random() < 0.4:
            cells["Phone"] += f" {chance.choice(phones)}"
        if "Email" in cells and chance.random() < 0.2:
            cells["Email 2"] = chance.choice(VALUES["Email"])
        world[f"r{number}"] = cells
    return world


def held(cells: dict[str, str], kind: str) -> set[str]:
    """The values of a kind that a record holds."""
    return {value for header in (kind, f"{kind} 2") for value in cells.get(header, "").split()}


def shared_values(world: World) -> set[tuple[str, str]]:
    """Rule 1: values under more distinct names than the limit of their kind."""
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cells in world.values():
        for kind in MAX_NAMES:
            for value in held(cells, kind):
                names[kind, value].add(cells["Name"])
    return {(kind, value) for (kind, value), under in names.items() if len(under) > MAX_NAMES[kind]}


def resolve(world: World) -> tuple[set[Group], set[tuple[str, str]]]:
    """Rules 1, 3, 4 and 6: the partition and the contested values."""
    shared = shared_values(world)

    def values_of(group: Group, kind: str) -> set[str]:
        return {value for record in group for value in held(world[record], kind) if (kind, value) not in shared}

    groups = {frozenset([record]) for record, cells in world.items() if any(held(cells, kind) for kind in KINDS)}
    for turn, kind in enumerate(KINDS):
        anchored = {group for group in groups if EXCLUSIVE in KINDS[:turn] and values_of(group, EXCLUSIVE)}
        circles: list[Group] = []
        for group in groups - anchored:
            touching = [circle for circle in circles if values_of(circle, kind) & values_of(group, kind)]
            circles = [circle for circle in circles if circle not in touching] + [group.union(*touching)]
        joined: dict[Group, set[str]] = {host: set(host) for host in anchored}
        alone: list[Group] = []
        for circle in circles:
            hosts = [host for host in anchored if values_of(host, kind) & values_of(circle, kind)]
            if len(hosts) == 1:
                joined[hosts[0]] |= circle
            else:
                alone.append(circle)
        groups = {frozenset(group) for group in [*joined.values(), *alone]}
    contested = {
        (kind, value)
        for kind in KINDS
        for value in {value for group in groups for value in values_of(group, kind)}
        if sum(value in values_of(group, kind) for group in groups) > 1
    }
    return groups, contested


def test_published_clients_equal_the_model(warehouse: Warehouse, world_names: list[str]) -> None:
    worlds = {name: random_world(seed) for seed, name in enumerate(world_names)}
    for name, world in worlds.items():
        warehouse.load("other_world", world, account=name)
    warehouse.build()
    contested: dict[str, set[tuple[str, str]]] = defaultdict(set)
    headers = dict(zip(("stripe_customer_id", "email", "phone_e164", "ghl_contact_id"), KINDS, strict=True))
    for row in warehouse.rows("select business, kind, value from unified.merge_conflicts"):
        value = row["value"].removeprefix(f"{row['business']}/")
        contested[row["business"]].add((headers[row["kind"]], value))
    for name, world in worlds.items():
        assert (warehouse.people(name), contested[name]) == resolve(world), (name, world)
    founders = warehouse.rows("""
        select min(first_loaded_at) filter (where is_founding) = min(first_loaded_at)
            and min(alias_client_id::text) filter (where is_founding) = min(client_id::text) as is_oldest
        from unified.client_records group by client_id
    """)
    assert all(row["is_oldest"] for row in founders)
    assert sum(resolve(world)[1] != set() for world in worlds.values()) > 50
    assert sum(shared_values(world) != set() for world in worlds.values()) > 10

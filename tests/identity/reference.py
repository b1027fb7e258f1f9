"""The rules of identity as a person would read them aloud: slow, and obviously right.

Nothing here is shared with the resolver in `transform/`; the tests compare the two. The numbers of the rules are those
of the page that explains them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeVar

from identity_check.worlds import Conflict, Identifier, Pair, Record, Resolution, Rules, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Group = frozenset[str]
Groups = frozenset[Group]


def resolve(world: World, rules: Rules) -> Resolution:
    """Resolve each business by itself: records of two businesses never meet."""
    found = [Business(world, rules, name) for name in {record.business for record in world.records}]
    return Resolution(
        partition=frozenset(group for business in found for group in business.clients),
        conflicts=frozenset(conflict for business in found for conflict in business.conflicts()),
        shared=frozenset((business.name, *value) for business in found for value in business.shared),
        cases=frozenset(case for business in found for case in business.cases()),
        contradictions=frozenset(pair for business in found for pair in business.contradictions()),
        founder={key: founder for business in found for key, founder in business.founders().items()},
    )


class Business:
    """The records of one business and what the rules make of them."""

    def __init__(self, world: World, rules: Rules, name: str) -> None:
        self.world, self.rules, self.name = world, rules, name
        self.records = {r.key: r for r in world.records if r.business == name and self.is_record(r)}
        self.shared = self.shared_values()
        self.clients = self.partition()

    def is_record(self, record: Record) -> bool:
        """A row without any identifier is none, unless it was a record before: its id has to resolve."""
        return bool(known(record, self.rules)) or record.key in self.world.once_records

    # Rule 1: what counts nowhere

    def holders(self, value: Identifier) -> list[Record]:
        """The records that hold a value and from which it was not withdrawn."""
        withdrawn = {key for key, *identifier in self.world.not_theirs if tuple(identifier) == value}
        return [r for r in self.records.values() if value in known(r, self.rules) and r.key not in withdrawn]

    def is_blocked(self, value: Identifier) -> bool:
        return value in self.rules.blocked or value in self.world.blocked

    def shared_values(self) -> frozenset[Identifier]:
        held = {value for record in self.records.values() for value in known(record, self.rules)}
        return frozenset(v for v in held if self.holders(v) and not self.is_blocked(v) and self.is_shared(v))

    def is_shared(self, value: Identifier) -> bool:
        """Declared, or held under more distinct names (or on more records) than the limit; empty names do not count."""
        names = {comparable_name(record.name) for record in self.holders(value)} - {""}
        names_allowed, records_allowed = self.rules.max_names.get(value[0]), self.rules.max_records
        return (
            value in self.world.shared
            or (names_allowed is not None and len(names) > names_allowed)
            or (records_allowed is not None and len(self.holders(value)) > records_allowed)
        )

    def values(self, group: Group, kind: str) -> frozenset[Identifier]:
        """The values of a kind that count for a group."""
        return frozenset(
            value
            for key in group
            for value in self.records[key].identifiers
            if value[0] == kind
            and (key, *value) not in self.world.not_theirs
            and value not in self.shared
            and not self.is_blocked(value)
        )

    # Rules 2 to 5: who is one client

    def partition(self) -> Groups:
        groups = self.joined_by_decision()
        anchored: Groups = frozenset()
        for kind in self.rules.order:
            groups, anchored = self.step(groups, anchored, kind)
        return groups

    def joined_by_decision(self) -> Groups:
        """Rule 2: pairs of records that both exist here."""
        alone = [frozenset([key]) for key in self.records]
        pairs = self.pairs(self.world.same)
        return closure(alone, lambda group: frozenset(pair for pair in pairs if group & set(pair)))

    def pairs(self, decisions: Iterable[Pair]) -> list[Pair]:
        return [pair for pair in decisions if set(pair) <= set(self.records)]

    def step(self, groups: Groups, anchored: Groups, kind: str) -> tuple[Groups, Groups]:
        """Rule 5: form the step, let sit out who would meet whom they must not, and form it anew until nobody would."""
        sitting_out: Groups = frozenset()
        while True:
            formed = self.formed(groups - sitting_out, anchored, kind) | sitting_out
            free_to_sit_out = {
                group
                for pair in self.pairs(self.world.different)
                if together(pair, formed) and not together(pair, groups)
                for group in groups - anchored - sitting_out
                if group & set(pair)
            }
            if not free_to_sit_out:
                return formed, self.anchored(formed, anchored, kind)
            sitting_out |= free_to_sit_out

    def formed(self, groups: Groups, anchored: Groups, kind: str) -> Groups:
        """Rules 3 and 4: free groups join by closure, then attach to the one anchored group that they meet."""
        circles = closure(groups - anchored, lambda group: self.values(group, kind))
        hosts = {host: host for host in groups & anchored}
        alone = set()
        for circle in circles:
            met = [host for host in groups & anchored if self.values(host, kind) & self.values(circle, kind)]
            if len(met) == 1:
                hosts[met[0]] |= circle
            else:
                alone.add(circle)
        return frozenset(hosts.values()) | alone

    def anchored(self, formed: Groups, before: Groups, kind: str) -> Groups:
        """Whoever was anchored stays so; an exclusive kind anchors every group that holds a value of it."""
        return frozenset(
            group
            for group in formed
            if any(group >= host for host in before) or (kind in self.rules.exclusive and self.values(group, kind))
        )

    # Rule 6: what is contested

    def conflicts(self) -> list[Conflict]:
        held = {value for client in self.clients for kind in self.rules.order for value in self.values(client, kind)}
        competing = {value: self.competitors(value) for value in held}
        return [self.conflict(value, clients) for value, clients in competing.items() if len(clients) > 1]

    def competitors(self, value: Identifier) -> Groups:
        return frozenset(client for client in self.clients if value in self.values(client, value[0]))

    def conflict(self, value: Identifier, clients: Groups) -> Conflict:
        later = (self.name, *value) in self.world.later
        solved = all(self.told_apart(one, other) for one, other in combinations(clients, 2))
        undecided = any(self.is_undecided(client) for client in clients)
        reason = "kept_apart" if solved else "ambiguous" if undecided else "exclusive_mismatch"
        return Conflict(self.name, *value, clients, reason, "solved" if solved else "later" if later else "open")

    def told_apart(self, one: Group, other: Group) -> bool:
        return any({a, b} & one and {a, b} & other for a, b in self.pairs(self.world.different))

    def is_undecided(self, client: Group) -> bool:
        """Whether it holds no exclusive value."""
        return not any(self.values(client, kind) for kind in self.rules.exclusive)

    def cases(self) -> frozenset[frozenset[Conflict]]:
        """The conflicts that one undecided client after the other ties together; each case is decided at once."""
        return closure(
            [frozenset([conflict]) for conflict in self.conflicts()],
            lambda rows: frozenset(client for row in rows for client in row.clients if self.is_undecided(client)),
        )

    def contradictions(self) -> list[Pair]:
        """Pairs that "same person" joins although somebody told them apart: "same" holds."""
        return [pair for pair in self.pairs(self.world.different) if together(pair, self.joined_by_decision())]

    # Ids

    def founders(self) -> dict[str, str]:
        """Of each record the founding record of its client: the first loaded, then the smallest key in byte order."""

        def age(key: str) -> tuple[object, bytes]:
            return self.records[key].first_loaded, key.encode()

        return {key: min(client, key=age) for client in self.clients for key in client}


def known(record: Record, rules: Rules) -> frozenset[Identifier]:
    """Identifiers of kinds that have a rule."""
    return frozenset(identifier for identifier in record.identifiers if identifier[0] in rules.order)


def comparable_name(name: str) -> str:
    """Without marks, case-folded, words of letters and digits joined by one space."""
    decomposed = unicodedata.normalize("NFKD", name)
    unmarked = "".join(letter for letter in decomposed if not unicodedata.category(letter).startswith("M"))
    return " ".join(re.findall(r"[^\W_]+", unmarked.casefold()))


def closure(
    groups: Iterable[frozenset[Item]], values: Callable[[frozenset[Item]], frozenset[Any]]
) -> frozenset[frozenset[Item]]:
    """Join whatever has a value in common, chains included."""
    joined: list[frozenset[Item]] = []
    for group in groups:
        meeting = [other for other in joined if values(other) & values(group)]
        joined = [other for other in joined if other not in meeting] + [group.union(*meeting)]
    return frozenset(joined)


def together(pair: Pair, groups: Groups) -> bool:
    """Whether both records are in one group."""
    return any(set(pair) <= group for group in groups)


def client_id(record_key: str) -> uuid.UUID:
    """The id of a client that this record founds."""
    digest = bytearray(hashlib.sha256(record_key.encode()).digest()[:16])
    digest[6], digest[8] = digest[6] & 15 | 128, digest[8] & 63 | 128
    return uuid.UUID(bytes=bytes(digest))

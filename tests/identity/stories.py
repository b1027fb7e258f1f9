"""The rules told with people: who they are, what they hold, and who is one client in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from identity_check.worlds import Record, Rules, World

RULES = Rules(
    order=("stripe_customer_id", "email", "phone_e164", "ghl_contact_id", "manychat_subscriber_id"),
    exclusive=frozenset({"email"}),
    max_names={"email": 10, "phone_e164": 5},
    blocked=frozenset({("email", "test@test.com")}),
)
_KINDS = {"stripe": RULES.order[0], "email": RULES.order[1], "phone": RULES.order[2], "ghl": RULES.order[3]}
_KINDS |= {"chat": RULES.order[4], "shoe size": "shoe_size"}


@dataclass(frozen=True)
class Story:
    """Records in the order of their arrival as `name | kind value | ..`, `business: name` for another business."""

    title: str
    people: dict[str, str]
    clients: list[str]
    conflicts: dict[str, str] = field(default_factory=dict)
    shared: list[str] = field(default_factory=list)
    founders: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)

    def world(self) -> World:
        """The world that the story tells."""
        records = tuple(_record(key, place, told) for place, (key, told) in enumerate(self.people.items()))
        return World(records, **{name: frozenset(map(_decided, made)) for name, made in self.decisions.items()})  # type: ignore[arg-type]

    def ending(self) -> dict[str, Any]:
        """What a person expects: the clients, the contested and the shared values."""
        return {
            "clients": sorted(sorted(client.split()) for client in self.clients),
            "conflicts": {_identifier(value): ending for value, ending in self.conflicts.items()},
            "shared": sorted(_identifier(value) for value in self.shared),
        }


def _record(key: str, place: int, told: str) -> Record:
    name, *held = told.split(" | ")
    business, _, own_name = name.rpartition(": ")
    return Record(key, place, own_name, business or "main", frozenset(map(_identifier, held)))


def _identifier(told: str) -> tuple[str, str]:
    kind, _, value = told.rpartition(" ")
    return _KINDS[kind], value


def _decided(parts: tuple[str, ...]) -> tuple[str, ...]:
    """A decision whose last part may be a value such as `phone 1`."""
    return (*parts[:-1], *_identifier(parts[-1])) if parts[-1].rpartition(" ")[0] in _KINDS else parts


STORIES = [
    Story(
        "a chain of four is one client, and a stranger is another",
        {
            "form": "Ana | email ana@example.com",
            "order": "Ana | email ana@example.com | email ana@work.example",
            "office": "Ana | email ana@work.example | phone 1",
            "chat": "Anita | phone 1",
            "xavi": "Xavi | email xavi@example.com",
        },
        ["form order office chat", "xavi"],
    ),
    Story(
        "a GHL contact and a ManyChat subscriber with one phone and two e-mails are two clients and one conflict",
        {
            "contact": "Ana Pérez | email ana@example.com | phone 1 | ghl main/c1",
            "subscriber": "Ana Pérez | email otra@example.com | phone 1 | chat main/77",
        },
        ["contact", "subscriber"],
        conflicts={"phone 1": "exclusive_mismatch, open"},
    ),
    Story(
        "told apart: the conflict is solved and stays a row",
        {"ana": "Ana | email ana@example.com | phone 1", "eva": "Eva | email eva@example.com | phone 1"},
        ["ana", "eva"],
        conflicts={"phone 1": "kept_apart, solved"},
        decisions={"different": [("ana", "eva")]},
    ),
    Story(
        "a newcomer reopens what was solved",
        {
            "ana": "Ana | email ana@example.com | phone 1",
            "eva": "Eva | email eva@example.com | phone 1",
            "rosa": "Rosa | email rosa@example.com | phone 1",
        },
        ["ana", "eva", "rosa"],
        conflicts={"phone 1": "exclusive_mismatch, open"},
        decisions={"different": [("ana", "eva")]},
    ),
    Story(
        "left for later",
        {"ana": "Ana | email ana@example.com | phone 1", "eva": "Eva | email eva@example.com | phone 1"},
        ["ana", "eva"],
        conflicts={"phone 1": "exclusive_mismatch, later"},
        decisions={"later": [("main", "phone 1")]},
    ),
    Story(
        "Ana is not Luis: Ana keeps her charge, Luis stands alone",
        {
            "contact": "Ana | email ana@example.com | phone 1",
            "charge": "Ana | phone 1",
            "luis": "Luis | phone 1",
        },
        ["contact charge", "luis"],
        conflicts={"phone 1": "kept_apart, solved"},
        decisions={"different": [("contact", "luis")]},
    ),
    Story(
        "who sits a step out may join at the next one",
        {
            "ana": "Ana | email ana@example.com | phone 1",
            "luis": "Luis | phone 1 | ghl main/luis",
            "luis_mail": "Luis | email luis@example.com | ghl main/luis",
        },
        ["ana", "luis luis_mail"],
        conflicts={"phone 1": "kept_apart, solved"},
        decisions={"different": [("ana", "luis")]},
    ),
    Story(
        "two who are told apart and have no e-mail both sit out, and the third stays alone with an open conflict",
        {"ana": "Ana | phone 1", "luis": "Luis | phone 1", "both": "Home | phone 1"},
        ["ana", "luis", "both"],
        conflicts={"phone 1": "ambiguous, open"},
        decisions={"different": [("ana", "luis")]},
    ),
    Story(
        "told apart although they have one e-mail",
        {"ana": "Ana | email casa@example.com", "luis": "Luis | email casa@example.com"},
        ["ana", "luis"],
        conflicts={"email casa@example.com": "kept_apart, solved"},
        decisions={"different": [("luis", "ana")]},
    ),
    Story(
        "a chat between two e-mails joins neither, and is a case of its own",
        {
            "ana": "Ana | email ana@example.com | phone 1",
            "eva": "Eva | email eva@example.com | phone 1",
            "chat": "A. | phone 1",
        },
        ["ana", "eva", "chat"],
        conflicts={"phone 1": "ambiguous, open"},
    ),
    Story(
        "contested by phone, attached by a weaker kind",
        {
            "ana": "Ana | email ana@example.com | phone 1",
            "eva": "Eva | email eva@example.com | phone 1 | ghl main/c9",
            "chat": "E. | phone 1 | ghl main/c9",
        },
        ["ana", "eva chat"],
        conflicts={"phone 1": "exclusive_mismatch, open"},
    ),
    Story(
        "those without an e-mail first join each other, and stay joined where two claim them",
        {
            "ana": "Ana | email ana@example.com | phone 1",
            "eva": "Eva | email eva@example.com | phone 2",
            "call": "A. | phone 1 | phone 3",
            "text": "E. | phone 2 | phone 3",
        },
        ["ana", "eva", "call text"],
        conflicts={"phone 1": "ambiguous, open", "phone 2": "ambiguous, open"},
    ),
    Story(
        "Stripe says who its customer is: two e-mails of one customer are one client",
        {
            "first": "Ana | stripe cus_1 | email ana@example.com",
            "second": "Ana | stripe cus_1 | email ana@work.example",
            "list": "Ana | email ana@work.example",
        },
        ["first second list"],
    ),
    Story(
        "a shop's phone joins nobody, however often Ana is written",
        {
            **{name: f"{name} | phone 1" for name in ("Ana", "Luis", "Eva", "Juan", "Rosa", "Pedro")},
            "ana": "ÁNA | phone 1",
        },
        ["Ana", "ana", "Luis", "Eva", "Juan", "Rosa", "Pedro"],
        shared=["phone 1"],
    ),
    Story(
        "a family of five has one phone; thirty charges and an empty name do not make it a shop's",
        {
            **{name: f"{name} | phone 1" for name in ("Ana", "Luis", "Eva", "Juan", "Rosa")},
            **{f"charge{number}": "ROSA | phone 1" for number in range(30)},
            "unnamed": " | phone 1",
        },
        [" ".join(["Ana Luis Eva Juan Rosa", *(f"charge{number}" for number in range(30)), "unnamed"])],
    ),
    Story(
        "a name counts no more for a phone that is not theirs",
        {name: f"{name} | phone 1" for name in ("Ana", "Luis", "Eva", "Juan", "Rosa", "Pedro")},
        ["Ana Luis Eva Juan Rosa", "Pedro"],
        decisions={"not_theirs": [("Pedro", "phone 1")]},
    ),
    Story(
        "a phone that somebody declared shared joins nobody, in no business",
        {
            "ana": "Ana | phone 1",
            "luis": "Luis | phone 1",
            "eva": "agency: Eva | phone 1",
            "juan": "agency: Juan | phone 1",
        },
        ["ana", "luis", "eva", "juan"],
        shared=["phone 1", "phone 1"],
        decisions={"shared": [("phone 1",)]},
    ),
    Story(
        "two businesses never meet",
        {"ana": "Ana | email ana@example.com", "agency_ana": "agency: Ana | email ana@example.com"},
        ["ana", "agency_ana"],
        decisions={"same": [("ana", "agency_ana")]},
    ),
    Story(
        "a placeholder joins nobody and anchors nobody",
        {
            "ana": "Ana | email test@test.com | phone 1",
            "eva": "Eva | email test@test.com | phone 2",
            "chat": "Ana | email ana@example.com | phone 1",
        },
        ["ana chat", "eva"],
    ),
    Story(
        "an e-mail that is not hers does not keep Ana from her phone",
        {
            "ana": "Ana | email typo@example.com | phone 1",
            "chat": "Ana | email ana@example.com | phone 1",
        },
        ["ana chat"],
        decisions={"not_theirs": [("ana", "email typo@example.com")]},
    ),
    Story(
        "a person blocked a value in one world, and it joins nobody there",
        {"ana": "Ana | phone 1", "eva": "Eva | phone 1"},
        ["ana", "eva"],
        decisions={"blocked": [("phone 1",)]},
    ),
    Story(
        "the same person, chained",
        {"a": "Ana | email a@example.com", "b": "Ana | email b@example.com", "c": "Ana | email c@example.com"},
        ["a b c"],
        decisions={"same": [("a", "b"), ("c", "b")]},
    ),
    Story(
        "a chain of the same person does not carry through a record that is not there",
        {"a": "Ana | email a@example.com", "c": "Ana | email c@example.com"},
        ["a", "c"],
        decisions={"same": [("a", "b"), ("b", "c")]},
    ),
    Story(
        "the same person holds where somebody also told them apart",
        {"a": "Ana | email a@example.com", "b": "Ana | email b@example.com"},
        ["a b"],
        decisions={"same": [("a", "b")], "different": [("b", "a")]},
    ),
    Story(
        "a row that holds nothing of a known kind is no record",
        {"ana": "Ana | email ana@example.com", "nobody": "Nobody", "barefoot": "Barefoot | shoe size 43"},
        ["ana"],
    ),
    Story(
        "the first that arrived founds the client",
        {"second": "Ana | email ana@example.com", "First": "Ana | email ana@example.com"},
        ["second First"],
        founders={"First": "second"},
    ),
]

"""The examples of the page that explains the rules are what the rules give, and both languages tell the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from identity.reference import resolve
from identity_check.__main__ import resolve_cases
from identity_check.cases import Case
from identity_check.worlds import Conflict, Identifier, Record, Resolution, Rules, World
from stage_first.cli import main
from stage_first.rules import seeds

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {"english": DOCS / "identity.md", "spanish": DOCS / "identidad.md"}
_EXAMPLE = re.compile(r"^### (?:Example|Ejemplo) (\d): .*?(?=^##)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| (\d) ([^|]+)\| ([^|]*)\| ([^|]*)\| ([^|]*)\| ([A-Z]) \|$", re.MULTILINE)
_CONFLICT = re.compile(r"^\*\*Confli\w+:\*\* `(\w+) (\S+)` \w+ ([A-Z](?: \w+ [A-Z])+), `(\w+)`, `(\w+)`$", re.MULTILINE)
_SHARED = re.compile(r"^\*\*(?:Shared|Compartido):\*\* `(\w+) (\S+)`$", re.MULTILINE)
_DECISION = re.compile(r"^\*\*Decisi[oó]n:\*\* `different_people` (\d) (?:and|y) (\d)$", re.MULTILINE)
_COMMAND = re.compile(r"`stage-first ([a-z-]+(?: [a-z-]+)?)|^    stage-first ([a-z-]+ [a-z-]+)", re.MULTILINE)


class Example:
    """What the page says of a few records."""

    def __init__(self, number: str, text: str) -> None:
        self.number, self.rows = number, _ROW.findall(text)
        self.world = World(
            tuple(self._record(*row[:5]) for row in self.rows),
            different=frozenset((one, other) for one, other in _DECISION.findall(text)),
        )
        self.told = Resolution(
            frozenset(map(self._client, {row[5] for row in self.rows})),
            frozenset(self._conflict(*found) for found in _CONFLICT.findall(text)),
            frozenset(("main", kind, value) for kind, value in _SHARED.findall(text)),
            {row[0]: next(other[0] for other in self.rows if other[5] == row[5]) for row in self.rows},
        )

    def _record(self, key: str, _source: str, name: str, emails: str, phone: str) -> Record:
        found: set[Identifier] = {("email", email) for email in emails.replace(",", " ").split()}
        found |= {("phone_e164", phone.strip())} if phone.strip() else set()
        return Record(key, int(key), name.strip(), "main", frozenset(found))

    def _client(self, letter: str) -> frozenset[str]:
        return frozenset(row[0] for row in self.rows if row[5] == letter)

    def _conflict(self, kind: str, value: str, letters: str, status: str, reason: str) -> Conflict:
        clients = frozenset(map(self._client, re.findall(r"[A-Z]", letters)))
        return Conflict("main", kind, value, clients, reason, status)


def examples(language: str) -> list[Example]:
    text = PAGES[language].read_text("utf-8")
    return [Example(found[1], found[0]) for found in _EXAMPLE.finditer(text)]


def rules_of_the_seeds() -> Rules:
    """The rules as they are delivered."""
    kinds = sorted(seeds()["identity_rules"].rows(), key=lambda row: int(row["priority"] or 0))
    return Rules(
        order=tuple(str(row["kind"]) for row in kinds),
        exclusive=frozenset(str(row["kind"]) for row in kinds if row["exclusive"]),
        max_names={str(row["kind"]): int(row["max_names"]) if row["max_names"] else None for row in kinds},
    )


def comparable(found: Resolution) -> tuple[object, ...]:
    return found.partition, found.conflicts, found.shared, dict(found.founder)


def test_there_are_five_examples_and_both_pages_tell_the_same() -> None:
    english, spanish = examples("english"), examples("spanish")
    assert [example.number for example in english] == list("12345")
    assert [(e.world, comparable(e.told)) for e in english] == [(e.world, comparable(e.told)) for e in spanish]
    assert sum(len(example.told.conflicts) for example in english) == 2
    assert sum(len(example.told.shared) for example in english) == 1
    assert sum(len(example.world.different) for example in english) == 1


@pytest.mark.parametrize("number", range(5))
def test_an_example_is_what_the_rules_give(number: int) -> None:
    example = examples("english")[number]
    assert comparable(resolve(example.world, rules_of_the_seeds())) == comparable(example.told)


@pytest.mark.soak
def test_the_examples_are_what_the_models_give() -> None:
    told = examples("english")
    found = resolve_cases([Case(example.number, example.world) for example in told], rules_of_the_seeds())
    assert list(map(comparable, found)) == [comparable(example.told) for example in told]


@pytest.mark.parametrize("language", PAGES)
def test_links_and_commands_of_a_page_exist(language: str) -> None:
    text = PAGES[language].read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []
    headings = {anchor_of(line) for line in text.splitlines() if line.startswith("#")}
    assert [anchor for anchor in re.findall(r"\]\(#([^)]+)\)", text) if anchor not in headings] == []
    commands = {one or other for one, other in _COMMAND.findall(text)}
    assert sorted(command for command in commands if not is_command(command)) == []


def anchor_of(heading: str) -> str:
    """What a link to a heading is called."""
    return re.sub(r"[^\w -]", "", heading.strip("# ")).lower().replace(" ", "-")


def is_command(words: str) -> bool:
    """Whether `stage-first` knows the word, and what stands below it if that is a group."""
    first, _, second = words.partition(" ")
    command = main.commands.get(first)
    below = getattr(command, "commands", None)
    return command is not None and (not second or below is None or second in below)

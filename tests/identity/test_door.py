"""`make identity-check`: stories and generated worlds through the files, the real dbt models, and back."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from identity.compare import as_line, first_difference
from identity.histories import OTHER_RULES, many, worlds
from identity.stories import RULES, STORIES, Story
from identity_check.__main__ import resolve_cases
from identity_check.cases import Case, read_rules, read_worlds
from identity_check.results import as_json
from identity_check.written import CaseError

if TYPE_CHECKING:
    from pathlib import Path

    from identity_check.worlds import Rules, World

pytestmark = pytest.mark.xdist_group("identity-door")
RULES_AS_WRITTEN = {
    "order": list(RULES.order),
    "exclusive": sorted(RULES.exclusive),
    "max_names": dict(RULES.max_names),
    "blocked": sorted(map(list, RULES.blocked)),
}
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def generated() -> list[World]:
    return many(worlds(RULES), 600)


@pytest.fixture(scope="module")
def answers(generated: list[World], tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    """The lines of `results.jsonl`: first the stories, then the generated worlds."""
    folder = tmp_path_factory.mktemp("cases")
    (folder / "rules.json").write_text(json.dumps(RULES_AS_WRITTEN), "utf-8")
    told = [story.world() for story in STORIES] + generated
    lines = [json.dumps(as_line(world) | {"world": number}) for number, world in enumerate(told)]
    (folder / "worlds.jsonl").write_text("\n".join(lines), "utf-8")
    done = subprocess.run([sys.executable, "-m", "identity_check", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text("utf-8").splitlines()]
    assert [answer["world"] for answer in results] == list(range(len(told)))
    return results


@pytest.mark.parametrize("story", [pytest.param(story, id=story.title) for story in STORIES])
def test_stories(answers: list[Answer], story: Story) -> None:
    answer = answers[STORIES.index(story)]
    assert {
        "clients": answer["partition"],
        "conflicts": {(row["kind"], row["value"]): f"{row['reason']}, {row['status']}" for row in answer["conflicts"]},
        "shared": sorted((kind, value) for _, kind, value in answer["shared"]),
    } == story.ending()
    assert {key: answer["founder"][key] for key in story.founders} == story.founders


def test_generated_worlds_equal_the_reference(answers: list[Answer], generated: list[World]) -> None:
    assert first_difference(zip(generated, answers[len(STORIES) :], strict=True), RULES) == ""


def test_no_order_of_rows_and_no_number_of_threads_changes_anything(
    answers: list[Answer], generated: list[World]
) -> None:
    chance = random.Random(5)
    shuffled = [replace(world, records=tuple(chance.sample(world.records, len(world.records)))) for world in generated]
    again = resolve_cases([Case(n, world) for n, world in enumerate(reversed(shuffled))], RULES, "--threads", "1")
    assert [as_json(0, found) for found in reversed(again)] == [a | {"world": 0} for a in answers[len(STORIES) :]]


@pytest.mark.soak
@pytest.mark.parametrize(
    "rules", [pytest.param(RULES, id="usual rules"), pytest.param(OTHER_RULES, id="two exclusive kinds")]
)
def test_twenty_thousand_worlds_equal_the_reference(rules: Rules) -> None:
    generated = many(worlds(rules), 20_000)
    found = resolve_cases([Case(n, world) for n, world in enumerate(generated)], rules)
    answers = [as_json("", resolution) for resolution in found]
    assert first_difference(zip(generated, answers, strict=True), rules) == ""


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        pytest.param('{"world": 1', "line 2: this is no JSON", id="half a line"),
        pytest.param("[]", "line 2: a world must be a JSON object.", id="a list"),
        pytest.param("{}", "line 2: `world`, the name of the world, is missing.", id="no name"),
        pytest.param('{"world": 1, "records": [{"key": 5}]}', "`key` of a record must be text, and it is 5.", id="key"),
        pytest.param('{"world": 1, "same": [["a"]]}', '`same` holds ["a"]: write [record key, record key].', id="pair"),
        pytest.param(
            '{"world": 1, "records": [{"key": "a", "first_loaded": "soon"}]}',
            "write an ISO time or a number.",
            id="time",
        ),
        pytest.param('{"world": 1, "records": [{"key": "a"}, {"key": "a"}]}', "stands for two records", id="key twice"),
        pytest.param('{"world": 1, "records": [{"key": "\\u0000"}]}', "that Postgres cannot store", id="NUL"),
    ],
)
def test_a_broken_line_says_where_and_what(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / "worlds.jsonl").write_text('{"world": 0}\n' + line, "utf-8")
    with pytest.raises(CaseError) as error:
        list(read_worlds(tmp_path))
    assert str(error.value).startswith(str(tmp_path / "worlds.jsonl"))
    assert sentence in str(error.value)


def test_missing_or_senseless_rules_say_so(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"rules\.json: cannot be read"):
        read_rules(tmp_path)
    (tmp_path / "rules.json").write_text('{"order": ["email", "email"]}', "utf-8")
    with pytest.raises(CaseError, match="each once"):
        read_rules(tmp_path)


def test_times_and_numbers_are_put_in_order(tmp_path: Path) -> None:
    times = ["2026-01-01T01:00:00+02:00", "2026-01-01T00:00:00", 3, 2.5, None]
    records = [{"key": str(place), "first_loaded": time} for place, time in enumerate(times)]
    (tmp_path / "worlds.jsonl").write_text(json.dumps({"world": 0, "records": records}), "utf-8")
    case = next(read_worlds(tmp_path))
    assert sorted(case.world.records, key=lambda record: record.first_loaded) == [
        case.world.records[place] for place in (4, 3, 2, 0, 1)
    ]

"""The one door as a person uses it: preview, a gate that holds, publish what is held, roll back."""

from __future__ import annotations

import io
import json
import os
import uuid
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import yaml
from click.testing import CliRunner
from rich.console import Console
from stage_first import project
from stage_first.cli import main
from stage_first.decisions import EMPTY
from stage_first.preview import read_preview
from stage_first.preview_report import as_json, report, summary
from stage_first.publishing import UNIFY, Outcome, publish_run, unify
from stage_first.queries import fetch
from stage_first.roll_back import roll_back
from stage_first.settings import UsageError
from stage_first.unify_progress import in_words

from tests.plugins.stage_first.people import key, warehouse_of_people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stage_first.preview import Preview

    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("stage-first-publishing")

TABLES = (
    "clients", "client_records", "merge_conflicts", "shared_identifiers", "transactions", "invoices", "subscriptions",
)  # fmt: skip
PHONE = "+525510000009"
EARLIER = {
    "noa": {"Name": "Noa Vidal", "Email": "noa@x.mx"},
    "noa_two": {"Name": "Noa V.", "Email": "noa@x.mx"},
    "noa_three": {"Name": "N. Vidal", "Email": "noa@x.mx"},
    "teo": {"Name": "Teo Mar", "Email": "teo@x.mx"},
    **{f"kin{number}": {"Name": f"Kin {number}", "Phone": PHONE} for number in range(5)},
}
BRIDGE = {"ana_new": {"Name": "Ana", "Email": "ana@x.mx", "Email 2": "ana.l@y.mx"}}
# Noa's founding row has become Teo's; a sixth name has the phone of the kin.
LATER = {"noa": {"Name": "Teo", "Email": "teo@x.mx"}, "kin5": {"Name": "Kin 5", "Phone": PHONE}}
State = dict[str, list[dict[str, Any]]]


@dataclass
class Story:
    """What stood published after each step, how it ended, and what the preview showed."""

    world: Warehouse
    seen: dict[str, State] = field(default_factory=dict)
    ended: dict[str, Outcome] = field(default_factory=dict)
    previews: dict[str, Preview] = field(default_factory=dict)
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def unify(self, step: str, *arguments: str) -> None:
        self.ended[step] = unify(self.world.url, [*UNIFY, "--quiet", *arguments])
        self.look(step)

    def publish(self, step: str, run_id: str) -> None:
        self.ended[step] = publish_run(self.world.url, run_id)
        self.look(step)

    def roll_back(self, step: str, after: int | None = None) -> None:
        roll_back(self.world.connection, uuid.uuid4(), "Marta", after)
        self.look(step)

    def look(self, step: str) -> None:
        query = "select * from unified.{} as t order by t::text"
        self.seen[step] = {table: self.world.rows(query.format(table)) for table in TABLES}
        (self.held[step],) = self.world.rows("select * from ops.publish_hold")

    def refuse(self, step: str, error: type[Exception] = UsageError) -> Any:
        return _refusal(self.refused, step, error)

    def client(self, step: str, own_id: str) -> str:
        (found,) = [row for row in self.seen[step]["client_records"] if row["record_key"] == key(own_id)]
        return str(found["client_id"])

    def last_publish(self) -> int:
        return int(self.world.value("select max(publish_id) from ops.publishes"))


@contextmanager
def _refusal(refused: dict[str, str], step: str, error: type[Exception]) -> Iterator[None]:
    with pytest.raises(error) as raised:
        yield
    refused[step] = str(raised.value)


@pytest.fixture(scope="module")
def story(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with warehouse_of_people(server, template, tmp_path_factory.mktemp("publishing")) as world:
        folders = {"DBT_PROJECT_DIR": str(world.project), "DBT_PROFILES_DIR": str(world.project)}
        with mock.patch.dict(os.environ, {**world.environment(), **folders}):
            told = Story(world)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # dbt's own
                tell(told)
            yield told


def tell(story: Story) -> None:
    """The steps, each on what the one before left."""
    world = story.world
    with story.refuse("nothing computed"):
        read_preview(world.url)
    with story.refuse("nothing published"):
        roll_back(world.connection, uuid.uuid4(), "Marta")
    world.load("people", EARLIER)
    story.unify("first")
    first = story.last_publish()

    decide(story, decision="same_person", record_key=key("carmen"), other_record_key=key("carmen_work"))
    world.load("people", BRIDGE)
    story.unify("second")
    with story.refuse("published already"):
        read_preview(world.url)
    story.roll_back("rolled back")
    with story.refuse("computed before the roll-back"):
        read_preview(world.url)
    story.unify("held")
    story.previews["held"] = read_preview(world.url)
    with story.refuse("half of a run"):
        world.connection.execute("comment on table unified_internal.next_clients is 'computed by run 0'")
        read_preview(world.url)
    run_id = story.previews["held"].run["run_id"]
    world.connection.execute(f"comment on table unified_internal.next_clients is 'computed by run {run_id}'")
    story.publish("another run than looked at", str(uuid.uuid4()))
    story.publish("published again", run_id)

    world.connection.execute("update ops.merge_decisions set withdrawn_at = now(), withdrawn_by = 'Marta'")
    world.load("people", LATER)
    story.unify("gate", "--vars", "{max_reassigned_ids: 0, max_id_churn: 1}")
    story.previews["gate"] = read_preview(world.url)
    story.publish("later", story.previews["gate"].run["run_id"])

    with story.refuse("another shape"), world.connection.transaction():
        world.connection.execute("alter table unified.clients add column nickname text")
        roll_back(world.connection, uuid.uuid4(), "Marta")
    story.look("refused")
    story.roll_back("back to the first", first)
    with story.refuse("after one that was undone"):
        roll_back(world.connection, uuid.uuid4(), "Marta", first + 1)
    story.roll_back("back to nothing")


def decide(story: Story, **decision: str) -> None:
    fetch(story.world.connection, "decide", {**EMPTY, **decision, "reason": "they told us", "decided_by": "Marta"})


def test_a_roll_back_gives_back_every_table_exactly(story: Story) -> None:
    assert story.seen["second"] != story.seen["first"]
    assert story.seen["rolled back"] == story.seen["first"]
    assert story.seen["back to the first"] == story.seen["first"]
    assert story.seen["back to nothing"] == {table: [] for table in TABLES}


def test_after_a_roll_back_a_run_computes_and_does_not_publish(story: Story) -> None:
    assert not story.ended["held"].succeeded
    assert story.seen["held"] == story.seen["first"]
    (told,) = story.ended["held"].failures
    assert told.startswith("Publishing is held since ")
    assert "UTC by Marta, because publish 2 was rolled back. Look with `meltano run unify-preview`" in told
    (run,) = story.world.rows("select * from ops.sync_runs where error like %s", "Publishing is held%")
    assert run["status"] == "failed"
    assert story.previews["held"].run["why_full"] == "the last publish was rolled back"


def test_a_roll_back_is_written_down_and_its_batches_wait_again(story: Story) -> None:
    publishes = story.world.rows("select * from ops.publishes order by publish_id")
    told = [(row["kind"], row["mode"], row["rolled_back_by"]) for row in publishes]
    assert [row["publish_id"] for row in publishes] == [1, 2, 3, 4, 5, 6, 7]
    assert told == [
        ("publish", "full", 7),
        ("publish", "incremental", 3),
        ("roll_back", None, None),
        ("publish", "full", 6),
        ("publish", "incremental", 6),
        ("roll_back", None, None),
        ("roll_back", None, None),
    ]
    assert publishes[2]["published_by"] == "Marta"
    assert story.held["rolled back"]["is_held"]
    assert story.world.value("select count(*) from ops.unified_batches") == 0
    assert story.world.value("select count(*) from unified.pending_unification") > 0


def test_what_is_held_is_published_again_with_the_same_ids(story: Story) -> None:
    assert story.ended["published again"].succeeded
    assert story.seen["published again"] == story.seen["second"]
    assert not story.held["published again"]["is_held"]


def test_only_what_was_looked_at_is_published(story: Story) -> None:
    (told,) = story.ended["another run than looked at"].failures
    assert told == "Another run came after the one that you looked at. Look again: `stage-first publish`."
    assert story.seen["another run than looked at"] == story.seen["first"]


def test_undoing_a_decision_gives_back_the_partition_and_the_ids(story: Story) -> None:
    assert story.client("second", "carmen") == story.client("second", "carmen_work")
    for own_id in ("carmen", "carmen_work", "carmen_old"):
        assert story.client("later", own_id) == story.client("first", own_id)


def test_a_gate_that_fails_holds_and_says_how_to_let_it_pass(story: Story) -> None:
    outcome = story.ended["gate"]
    assert outcome.only_gates_failed
    assert story.seen["gate"] == story.seen["second"]
    (told,) = outcome.gates or []
    assert told.startswith("The gate assert_few_ids_mean_somebody_else holds the publish: ")
    assert "`dbt build --vars '{max_reassigned_ids: 100000}'`" in told
    assert (story.held["gate"]["set_by"], story.held["gate"]["reason"]) == ("gate", told)
    assert story.previews["gate"].gates == [told]
    assert story.ended["later"].succeeded
    assert not story.held["later"]["is_held"]


def test_a_preview_shows_merges_of_a_run_after_a_roll_back(story: Story) -> None:
    preview = story.previews["held"]
    figures = {name: preview.figures[name] for name in ("created", "merged", "split", "gone", "conflicts_closed")}
    assert figures == {"created": 0, "merged": 2, "split": 0, "gone": 0, "conflicts_closed": 1}
    assert preview.figures["clients_after"] == len(story.seen["second"]["clients"])
    assert preview.churn_percent == pytest.approx(200 / len(story.seen["first"]["clients"]))
    why = {row["name"]: (row["what"], row["kind"], row["value"]) for row in preview.samples}
    assert why == {"Ana L.": ("merge", "email", "ana.l@y.mx"), "C. Ruiz": ("merge", None, None)}


def test_a_preview_lists_ids_that_mean_somebody_else_and_splits_with_their_reason(story: Story) -> None:
    preview = story.previews["gate"]
    (moved,) = preview.reassigned
    assert moved["client_id"] == moved["means_client_id"] == story.client("first", "noa")
    assert moved["left_client_id"] == story.client("later", "noa_two") == story.client("later", "noa_three")
    assert (moved["was_name"] in {"Noa Vidal", "Noa V.", "N. Vidal"}, moved["newcomer_count"]) == (True, 1)
    assert story.client("later", "noa") == story.client("later", "teo")
    splits = {row["name"]: row for row in preview.samples if row["what"] == "split"}
    kin = [row for name, row in splits.items() if name.startswith("Kin")]
    assert [(row["kind"], row["value"], row["is_shared_now"]) for row in kin] == [("phone_e164", PHONE, True)]
    assert [(row["value"], row["what"]) for row in preview.shared] == [(PHONE, "began")]
    assert (preview.figures["split"], preview.figures["split_off"], preview.figures["merged"]) == (3, 6, 1)


def test_a_preview_is_read_by_people_and_scripts(story: Story) -> None:
    preview = story.previews["gate"]
    screen = Console(width=240, record=True, file=io.StringIO())
    for part in report(preview):
        screen.print(part)
    text = screen.export_text()
    assert "Ids that mean somebody else" in text
    assert f"was joined by phone_e164 {PHONE}, which is shared now" in " ".join(text.split())
    assert "what has changed since the last publish" in text
    assert "The gate assert_few_ids_mean_somebody_else holds the publish" in text
    assert json.loads(as_json(preview))["figures"]["split"] == 3


def test_a_preview_says_what_the_gates_say_and_that_publishing_is_held(story: Story) -> None:
    preview = story.previews["held"]
    assert preview.gates == []
    text = "\n".join(part for part in summary(preview) if isinstance(part, str))
    assert "Every gate lets it pass." in text
    assert "UTC by Marta, because publish 2 was rolled back." in text
    assert "full, because: the last publish was rolled back" in text


def test_refusals_are_sentences_that_say_what_to_do(story: Story) -> None:
    assert story.refused["nothing computed"] == "Nothing was computed yet. Compute it with `meltano run unify-preview`."
    assert story.refused["nothing published"] == "Nothing is published, so there is nothing to roll back."
    assert "is published (publish 2)" in story.refused["published already"]
    assert "older than the last publish or roll-back" in story.refused["computed before the roll-back"]
    assert "did not come to its end" in story.refused["half of a run"]
    assert "unified.clients has other columns than before publish 5" in story.refused["another shape"]
    assert story.refused["after one that was undone"] == "There is no publish 2 that stands. The last ones: 1."
    assert story.seen["refused"] == story.seen["later"]


def test_the_log_of_conflicts_knows_since_when(story: Story) -> None:
    rows = story.world.rows("select * from ops.conflict_log where business = 'main' and value = '+525510000001'")
    (ana,) = rows  # closed by the second publish, back by the roll-back, closed again, back, gone with everything
    assert ana["reopened"] == 2
    assert ana["closed_at"] is not None
    assert ana["first_seen_at"] < ana["last_seen_at"] < ana["closed_at"]
    assert story.world.value("select count(*) from ops.conflict_log where closed_at is null") == 0


def test_a_run_tells_how_far_it_came(story: Story) -> None:
    runs = story.world.rows("select * from ops.sync_runs where source = 'unify' order by started_at")
    (first, *_) = [run for run in runs if run["stream"] == "dbt"]
    assert (first["status"], first["progress_unit"], first["note"]) == ("succeeded", "steps", None)
    assert first["progress_done"] == first["progress_total"] > 50


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ("int_identity__touched_clients", "identity: touched clients"),
        ("stg_csv__imports", "read csv: imports"),
        ("assert_every_record_has_one_client", "gate: every record has one client"),
        ("publish", "publish"),
    ],
)
def test_steps_are_told_in_words(node: str, words: str) -> None:
    assert in_words(node) == words


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("preview --last", "What was computed last is older than the last publish or roll-back."),
        ("publish --yes", "What was computed last is older than the last publish or roll-back."),
        ("roll-back", "Nothing is published, so there is nothing to roll back."),
    ],
)
def test_a_command_that_cannot_do_it_says_so(story: Story, command: str, told: str) -> None:
    with mock.patch.dict(os.environ, {"DATABASE_URL": story.world.url}):
        result = CliRunner().invoke(main, command.split())
    assert (result.exit_code, result.output.startswith(told)) == (1, True), result.output
    assert story.world.value("select count(*) from ops.leases where owner is not null") == 0


def test_meltano_gives_dbt_what_a_preview_computes_and_the_publish() -> None:
    plugin = yaml.safe_load((project.TRANSFORM / "dbt.meltano.yml").read_text("utf-8"))
    commands = plugin["plugins"]["utilities"][0]["commands"]
    assert commands["build"]["args"].split() == list(UNIFY)

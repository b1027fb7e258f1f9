"""`cat input | target-postgres`, killed anywhere and run again: the table is as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from support.desk import Desk
from support.singer import finished, raw, raw_schema, state

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

MOMENTS = range(20 if os.environ.get("STAGE_FIRST_SOAK") == "1" else 3)
EVENTS = 4000
STATE_EVERY = 10
BATCH = 50
SETTINGS = {"batch_rows": BATCH, "flush_seconds": 0}
CONTENT = "id, record, created_at, _deleted_at"


def events() -> list[bytes]:
    """Records of 1,500 people, again and again: changed, unchanged, deleted and bad ones."""
    dice = random.Random(1)
    lines = []
    for number in range(1, EVENTS + 1):
        content = {"n": dice.randrange(3), "bad": "\0"} if dice.random() < 0.01 else {"n": dice.randrange(3)}
        deleted = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if dice.random() < 0.05 else {}
        lines.append(raw(f"{dice.randrange(1500):05}", content, **deleted))
        if number % STATE_EVERY == 0:
            lines.append(state(number))
    return lines


def after(bookmark: int) -> list[bytes]:
    """What a tap sends that starts from this bookmark."""
    return [raw_schema(), *events()[bookmark + bookmark // STATE_EVERY :], finished()]


@pytest.fixture(scope="module")
def undisturbed(
    warehouse_url: str, onlooker: psycopg.Connection[Any], tmp_path_factory: pytest.TempPathFactory
) -> list[Any]:
    """The table after a run that nobody killed."""
    desk = Desk(warehouse_url, "staging_undisturbed", onlooker, tmp_path_factory.mktemp("undisturbed"))
    assert desk.load(*after(0)).code == 0
    return desk.select(CONTENT)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_run_again(desk: Desk, tmp_path: Path, undisturbed: list[Any], moment: int) -> None:
    (tmp_path / "input.singer").write_bytes(b"\n".join(after(0)))
    states_to_wait_for = random.Random(moment).randrange(1, EVENTS // BATCH * 9 // 10)
    with subprocess.Popen(["cat", tmp_path / "input.singer"], stdout=subprocess.PIPE) as cat:
        assert cat.stdout is not None
        with desk.start(cat.stdout, **SETTINGS) as loader:
            cat.stdout.close()
            assert loader.stdout is not None
            states = [loader.stdout.readline() for _ in range(states_to_wait_for)]
            loader.kill()
            states += [text for text in loader.stdout if text.endswith(b"\n")]
    bookmark = json.loads(states[-1])["bookmarks"]["people"]
    (killed,) = desk.runs()
    assert (killed["state"], killed["rows_read"] >= bookmark) == ("running", True)
    assert killed["bookmark"] >= bookmark
    assert desk.load(*after(bookmark), **SETTINGS).code == 0
    assert desk.select(CONTENT) == undisturbed
    first, second = desk.runs()
    assert (first["status"], second["status"]) == ("dead", "succeeded_with_rejects")
    said_by_the_second = ("status", "state", "error", "finished_at")
    assert {name: value for name, value in first.items() if name not in said_by_the_second} == {
        name: value for name, value in killed.items() if name not in said_by_the_second
    }
    assert first["rows_new"] + second["rows_new"] == len(undisturbed)
    assert second["rows_read"] == EVENTS - bookmark

"""A full re-list, killed anywhere and resumed by the next run: it marks what the whole of it did not show."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING

import pytest
from support.desk import feed
from support.singer import activate, finished, raw, raw_schema, state

if TYPE_CHECKING:
    from support.desk import Desk

MOMENTS = range(20 if os.environ.get("STAGE_FIRST_SOAK") == "1" else 3)
PAGES = 26
PAGE = 10
ROWS = 390
VERSION = 1_700_000_000_000
SETTINGS = {"batch_rows": 15, "flush_seconds": 0, "max_swept_percent": 100}
SHOWN = [f"{number:04}" for number in range(ROWS) if number % 3]
END = 20
"""The page after which the list of account A is complete; B, under the same version, never is."""


def pages() -> list[list[bytes]]:
    """Whole pages, each with its bookmark after it; A is listed, B too, and C only changes."""
    found = []
    for page in range(1, PAGES + 1):
        ids = SHOWN[(page - 1) * PAGE : page * PAGE]
        lines = [raw(own_id, account="A", version=VERSION if page <= END else None) for own_id in ids]
        lines += [raw(own_id, account="B", version=VERSION) for own_id in ids[::2]]
        lines += [raw(own_id, {"page": page}, account="C") for own_id in ids[:2]]
        end = [activate(VERSION, account="A")] if page == END else []
        found.append([*lines, *end, state(page)])
    return found


def after(bookmark: int) -> list[bytes]:
    """What a tap sends that starts from this bookmark."""
    return [raw_schema(), *[line for page in pages()[bookmark:] for line in page], finished()]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_the_middle_of_a_list_and_run_again(desk: Desk, moment: int) -> None:
    everything = [f"{number:04}" for number in range(ROWS)]
    desk.load(raw_schema(), *[raw(own_id, account=account) for account in "ABC" for own_id in everything])
    dice = random.Random(moment)
    kept = 0
    for _ in range(3):
        with desk.start(**SETTINGS) as loader:
            feed(loader, after(kept)[: dice.randrange(100, 900)])
            assert loader.stdout is not None
            states = [loader.stdout.readline() for _ in range(dice.randrange(1, 4))]
            loader.kill()
        told = json.loads(states[-1])["bookmarks"]["people"]
        kept = max(kept, told - dice.randrange(2))  # the last STATE may never have reached Meltano's table
    assert desk.load(*after(kept), **SETTINGS).code == 0
    missing = [("A", own_id) for own_id in everything if own_id not in SHOWN]
    assert desk.select("account, id", rest="where _deleted_at is not null order by 1, 2") == missing


@pytest.mark.parametrize("bookmark", [END - 1, END - 5])
def test_the_end_is_sent_again_after_its_commit(desk: Desk, bookmark: int) -> None:
    desk.load(raw_schema(), *[raw(own_id, account="A") for own_id in ("x", *SHOWN)])
    desk.load(*after(0), **SETTINGS)
    desk.load(*after(bookmark), **SETTINGS)
    assert desk.select("id", rest="where _deleted_at is not null") == [("x",)]

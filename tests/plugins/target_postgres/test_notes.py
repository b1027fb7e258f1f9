"""What a tap tells people about a stream stands in `ops.sync_runs.note`, beside the loader's own warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.singer import activate, finished, raw, raw_schema

if TYPE_CHECKING:
    from support.desk import Desk

NOTE = "3 of 4 known subscribers were fetched."


def test_the_last_note_of_a_stream_is_kept(desk: Desk) -> None:
    first, second = {"note": "1 of 4."}, {"note": NOTE, "requests": 7}
    desk.load(raw_schema(), finished(done=False, people=first), finished(done=False, people=second))
    desk.load(raw_schema(), finished(people=second), finished(people={"requests": 8}))
    assert [run["note"] for run in desk.runs()] == [NOTE, NOTE]
    assert desk.runs()[-1]["requests"] == 8


def test_a_note_does_not_hide_a_warning_nor_the_other_way_round(desk: Desk) -> None:
    bad = raw("b\0", version=1)
    desk.load(raw_schema(), finished(people={"note": "early"}), bad, activate(1, account="main"), raw("c"), finished())
    desk.load(raw_schema(), bad, activate(2, account="main"), raw("c"), finished(people={"note": NOTE}))
    first, second = (run["note"] for run in desk.runs())
    assert first.startswith("early The re-list 1 of people of account main is complete, but records were rejected")
    assert second.startswith(NOTE + " The re-list 2 of people")


def test_a_run_without_a_note_has_none(desk: Desk) -> None:
    desk.load(raw_schema(), raw("a"), finished(people={"done": 1, "note": None}))
    assert desk.run()["note"] is None

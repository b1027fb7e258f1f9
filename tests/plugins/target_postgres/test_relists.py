"""ACTIVATE_VERSION of one account: it marks at once, in order, only that account, and never a row that was shown."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from psycopg import sql
from support.singer import activate, finished, raw, raw_schema, record, schema, state
from tap_core.raw import RAW_KEY, RAW_SCHEMA
from target_postgres import relists
from target_postgres.table import Table, living_rows

if TYPE_CHECKING:
    from support.desk import Desk

SCHEMA = raw_schema()


def rows(account: str, ids: str, version: int | None = None) -> list[bytes]:
    """Records of one account."""
    return [raw(own_id, version=version, account=account) for own_id in ids]


def relist(account: str, ids: str, version: int) -> list[bytes]:
    """A complete re-list of one account."""
    return [*rows(account, ids, version), activate(version, account=account)]


def deleted(desk: Desk) -> list[str]:
    """Account and id of the rows marked as deleted."""
    return [key for (key,) in desk.select("account || id", rest="where _deleted_at is not null order by 1")]


def listed(desk: Desk) -> int:
    """How many keys are remembered for this schema's re-lists."""
    found: int = desk.one("select count(*) from ops.listed_keys where stream like %s", f"{desk.schema}.%")
    return found


def test_a_list_of_one_account_leaves_the_others_alone(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "abc"), *rows("B", "abc"))
    desk.load(SCHEMA, *relist("A", "a", 1), finished())
    assert deleted(desk) == ["Ab", "Ac"]
    assert desk.runs()[-1]["rows_deleted"] == 2
    assert listed(desk) == 0


def test_accounts_and_rows_without_a_version_share_a_batch(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "abcd"), *rows("B", "abcd"), *rows("C", "abcd"))
    lines = zip(rows("A", "ab", 7), rows("B", "cd", 7), rows("C", "ax"), strict=True)
    desk.load(SCHEMA, *[line for three in lines for line in three], activate(7, account="A"), state(1), finished())
    assert deleted(desk) == ["Ac", "Ad"]
    assert listed(desk) == 2
    latest = desk.runs()[-1]["run_id"]
    assert desk.query("select rows_read from ops.batches where run_id = %s ", latest) == [(6,)]
    desk.load(SCHEMA, *rows("B", "a", 7), activate(7, account="B"), finished())
    assert deleted(desk) == ["Ac", "Ad", "Bb"]


@pytest.mark.parametrize("batch_rows", [1, 3, 50])
def test_it_takes_effect_in_order_and_before_the_end_of_the_run(desk: Desk, batch_rows: int) -> None:
    desk.load(SCHEMA, *rows("A", "abc"))
    lines = [*relist("A", "a", 1), state(1), *rows("A", "xyc"), finished(done=False)]
    assert desk.load(SCHEMA, *lines, batch_rows=batch_rows).code == 1
    assert deleted(desk) == ["Ab"]
    assert desk.select("id", rest="where _deleted_at is null order by 1") == [("a",), ("c",), ("x",), ("y",)]


def test_it_commits_with_the_state_that_follows(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "abc"))
    desk.load(SCHEMA, *relist("A", "a", 1), state(5), *rows("A", "x"), finished())
    query = "select state #> '{bookmarks,people}', rows_deleted from ops.batches where source = %s and rows_deleted > 0"
    assert desk.query(query, desk.source) == [(5, 2)]


def test_a_list_that_begins_later_tells_nothing_of_older_rows(desk: Desk) -> None:
    for own_id, created_at in (("old", "2020-01-01T00:00:00Z"), ("new", "2024-01-01T00:00:00Z"), ("none", None)):
        desk.load(SCHEMA, raw(own_id, account="A", created_at=created_at))
    start_of_2023 = 1_672_531_200_000
    desk.load(SCHEMA, activate(1, account="A", since=start_of_2023), finished())
    assert deleted(desk) == ["Anew"]


def test_many_keys_that_nobody_has_counted_are_not_looked_at_for_each_row(desk: Desk) -> None:
    ids = [str(number) for number in range(3000)]
    desk.load(SCHEMA, *(raw(own_id, account="A", version=1) for own_id in ids), finished())
    table = Table.of_stream(desk.schema, "people", RAW_SCHEMA, list(RAW_KEY))
    statement = table.sweep_statement(uuid.uuid4(), 1, 1, living_rows("A", None))
    plans = []
    for setting in (relists.LOOPS_AGAIN, relists.NO_LOOPS):
        with desk.connection.transaction():
            desk.connection.execute(setting)
            lines = desk.connection.execute(sql.SQL("explain {}").format(statement)).fetchall()
            plans.append(any("Nested Loop" in line for (line,) in lines))
    assert plans == [True, False]


def test_an_account_without_any_row_loses_all_of_its_rows(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "abc"), *rows("B", "abc"))
    desk.load(SCHEMA, activate(1, account="A"), finished())
    assert deleted(desk) == ["Aa", "Ab", "Ac"]


def test_a_key_counts_as_shown_although_it_came_again_without_a_version(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "ab"))
    lines = [*rows("A", "a", 1), *rows("A", "a"), activate(1, account="A"), finished()]
    desk.load(SCHEMA, *lines)
    assert deleted(desk) == ["Ab"]


def test_a_row_shown_and_then_deleted_within_the_list(desk: Desk) -> None:
    gone = raw("a", account="A", version=1, _sdc_deleted_at="2026-01-01T00:00:00Z")
    desk.load(SCHEMA, *rows("A", "ab", 1), gone, activate(1, account="A"), finished())
    assert desk.select("id, _deleted_at::date::text", rest="where _deleted_at is not null") == [("a", "2026-01-01")]


def test_a_list_over_several_runs(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "abcd"))
    desk.load(SCHEMA, *rows("A", "a", 1), finished())
    desk.load(SCHEMA, *rows("A", "b", 1), finished(done=False))
    assert (deleted(desk), listed(desk)) == ([], 2)
    desk.load(SCHEMA, *relist("A", "c", 1), finished())
    assert (deleted(desk), listed(desk)) == (["Ad"], 0)


def test_an_end_that_is_sent_again_marks_nothing_more(desk: Desk) -> None:
    """The tap was killed after the commit and before its bookmark was kept, so it sends its last page again."""
    desk.load(SCHEMA, *rows("A", "abcd"))
    desk.load(SCHEMA, *relist("A", "abc", 1), finished())
    desk.load(SCHEMA, *relist("A", "c", 1), finished())
    assert (deleted(desk), listed(desk)) == (["Ad"], 0)
    assert desk.runs()[-1]["note"] is None
    desk.load(SCHEMA, *relist("A", "c", 2), finished())
    assert deleted(desk) == ["Aa", "Ab", "Ad"]


def test_a_newer_list_replaces_one_that_was_given_up(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "abcd"), *rows("B", "abcd"))
    desk.load(SCHEMA, *rows("A", "abc", 1), *rows("B", "ab", 1), finished())
    desk.load(SCHEMA, *rows("A", "a", 2), finished())
    assert listed(desk) == 3
    desk.load(SCHEMA, *rows("A", "d", 1), activate(1, account="A"), finished())
    assert deleted(desk) == []
    assert "overtaken by a newer one (2)" in desk.runs()[-1]["note"]
    desk.load(SCHEMA, *relist("A", "b", 2), activate(1, account="B"), finished())
    assert (deleted(desk), listed(desk)) == (["Ac", "Ad", "Bc", "Bd"], 0)


def test_two_versions_of_one_key_in_one_batch(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "ab"))
    desk.load(SCHEMA, *rows("A", "ab", 1), *rows("A", "a", 2), activate(2, account="A"), finished())
    assert deleted(desk) == ["Ab"]


def test_the_whole_stream_is_not_swept_by_a_version_that_an_account_has_left(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "ab"), *rows("B", "ab"))
    desk.load(SCHEMA, *rows("A", "ab", 1), *rows("A", "a", 2), activate(1), finished())
    assert deleted(desk) == []
    assert "overtaken" in desk.runs()[-1]["note"]


@pytest.mark.parametrize("bad", [raw("d\0", version=1, account="A"), b"rubbish"], ids=["a_record", "no_record"])
def test_a_reject_of_an_earlier_run_of_the_list_counts(desk: Desk, bad: bytes) -> None:
    desk.load(SCHEMA, *rows("A", "abcd"))
    desk.load(SCHEMA, bad, *rows("A", "a", 1), finished())
    desk.load(SCHEMA, *relist("A", "b", 1), finished())
    assert (deleted(desk), listed(desk)) == ([], 0)
    assert "records were rejected since it began" in desk.runs()[-1]["note"]


def test_a_list_begins_with_a_record_that_is_rejected(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "abcd"))
    desk.load(SCHEMA, raw("d", {"n": "\0"}, version=1, account="A"), finished())
    desk.load(SCHEMA, *relist("A", "abc", 1), finished())
    assert deleted(desk) == []


def test_a_reject_before_the_list_began_does_not_count(desk: Desk) -> None:
    desk.load(SCHEMA, *rows("A", "abcd"), raw("x\0", account="A"), finished())
    desk.load(SCHEMA, *relist("A", "abc", 1), finished())
    assert deleted(desk) == ["Ad"]


def test_one_account_of_a_typed_stream_changes_nothing(desk: Desk) -> None:
    typed = schema({"id": "integer"}, ["id"])
    desk.load(typed, record({"id": 1}), activate(1, account="A"), finished())
    assert desk.select("_deleted_at") == [(None,)]


def crowd(account: str, numbers: range, version: int | None = None) -> list[bytes]:
    """Many records of one account."""
    return [raw(f"{number:04}", account=account, version=version) for number in numbers]


@pytest.mark.parametrize(
    ("living", "shown", "percent", "marked"),
    [
        (101, 50, 50, 0),
        (102, 51, 50, 51),
        (100, 1, 50, 99),
        (100, 0, 50, 0),
        (10, 0, 50, 10),
        (101, 0, 100, 101),
        (101, 100, 0, 0),
        (101, 0, 50, 0),
    ],
    ids=[
        "too_many",
        "just_enough",
        "a_small_account",
        "an_empty_list_of_a_small_account",
        "a_handful",
        "told_to",
        "never",
        "an_empty_list",
    ],
)
def test_a_suspicious_list_marks_nothing(desk: Desk, living: int, shown: int, percent: int, marked: int) -> None:
    desk.load(SCHEMA, *crowd("A", range(living)), *crowd("B", range(300)))
    lines = [*crowd("A", range(shown), 1), activate(1, account="A"), finished()]
    assert desk.load(SCHEMA, *lines, max_swept_percent=percent).code == 0
    assert len(deleted(desk)) == marked
    latest = desk.runs()[-1]
    assert (latest["rows_deleted"], latest["status"], listed(desk)) == (marked, "succeeded", 0)
    assert (latest["note"] is None) == (marked > 0)
    if not marked:
        assert f"showed only {shown} of {living} rows" in latest["note"]
        assert "max_swept_percent" in latest["note"]


def test_a_suspicious_list_of_a_whole_stream_marks_nothing(desk: Desk) -> None:
    desk.load(SCHEMA, *crowd("A", range(200), 1), activate(1))
    desk.load(SCHEMA, *crowd("A", range(9), 2), activate(2))
    assert deleted(desk) == []
    assert "showed only 9 of 200 rows" in desk.runs()[-1]["note"]

"""A run that goes on from any checkpoint, and a file that grew, shrank or changed, end like one undisturbed run."""

from __future__ import annotations

import io
import itertools
import os
import zipfile
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tap_csv import reading, sources

from tests.extractors.tap_csv.harness import Outcome, alive, apply, run, written

if TYPE_CHECKING:
    from pathlib import Path

HEADERS = {"own id": "Subscriber ID,Email,Note", "content": "code,email,note"}
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16")
LINE_ENDS = ("\n", "\r\n", "\r")
ROWS = {
    "plain": "{n},a{n}@x.com,hi",
    "accent": "{n},a{n}@x.com,\u00f1and\u00fa",
    "repeat": "1,a1@x.com,same",
    "twin": "1,a{n}@x.com,other",
    "two lines": '{n},a{n}@x.com,"one{end}two ""three"""',
    "two lines first": '{n},"a{end}b",hi',
    "ragged": "{n},a{n}@x.com",
    "ragged over two lines": '{n},"a{end}b"',
    "quote that stays open": '{n},"a{n}@x.com,hi',
    "text after a quote": '{n},"a"b,hi',
    "E-notation": "1.23457E+15,a{n}@x.com,hi",
    "blank": "",
    "delimiters": ",,",
    "excel": "{n},#N/D,VERDADERO",
}

contents = st.builds(
    lambda kind, encoding, end, rows, last: (kind, text_of(HEADERS[kind], rows, end, last).encode(encoding)),
    st.sampled_from(sorted(HEADERS)),
    st.sampled_from(ENCODINGS),
    st.sampled_from(LINE_ENDS),
    st.lists(st.sampled_from(sorted(ROWS)), min_size=1, max_size=25),
    st.booleans(),
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
numbers = itertools.count()


def text_of(header: str, rows: list[str], end: str, last: bool) -> str:
    lines = [header, *(ROWS[row].format(n=number, end=end) for number, row in enumerate(rows))]
    return end.join(lines) + (end if last else "")


def sums(outcome: Outcome) -> dict[str, Any]:
    names = ("rows", "rejected", "repeated", "formats", "mapping", "kind", "complete")
    return {name: outcome.file[name] for name in names}


def line_of(record: dict[str, Any]) -> int:
    line: int = record["origin"]["line"]
    return line


@quick
@given(content=contents, page_rows=st.integers(1, 7), data=st.data())
def test_going_on_from_any_checkpoint(
    content: tuple[str, bytes], page_rows: int, data: st.DataObject, tmp_path: Path
) -> None:
    path = written(tmp_path / f"{next(numbers)}.csv", content[1])
    whole = run(path, page_rows=page_rows)
    moment = data.draw(st.sampled_from(whole.moments))

    rest = run(path, moment.state, page_rows=page_rows)

    before = whole.records[: moment.records]
    assert apply({}, before + rest.records) == whole.table()
    bookmark = moment.state["bookmarks"].get("imports", {}).get("files", {}).get(str(path), {"line": 0})
    settled = len(content[1]) if bookmark.get("done") else bookmark["line"]
    sent_twice = {line_of(record) for record in before} & {line_of(record) for record in rest.records}
    assert min(sent_twice, default=settled + 1) > settled, "only an unfinished end is sent twice"
    known_rejects = [reject for reject in whole.rejects[: moment.rejects] if line_of(reject) <= settled]
    assert known_rejects + rest.rejects == whole.rejects
    if rest.files:
        assert sums(rest) == sums(whole)
        assert rest.file["problems"] == whole.file["problems"]
        assert rest.bookmark(path) == whole.bookmark(path)
    assert run(path, rest.state, page_rows=page_rows).records == []


@quick
@given(content=contents, page_rows=st.integers(1, 7), data=st.data())
def test_a_file_that_grows_from_any_byte(
    content: tuple[str, bytes], page_rows: int, data: st.DataObject, tmp_path: Path
) -> None:
    whole = content[1]
    cut = data.draw(st.integers(0, len(whole)))
    path = written(tmp_path / f"{next(numbers)}.csv", whole[:cut])
    entry = {"path": str(path), "encoding": "utf-16"} if whole.startswith((b"\xff\xfe", b"\xfe\xff")) else str(path)
    first = run([entry], page_rows=page_rows)

    written(path, whole)
    second = run([entry], first.state, page_rows=page_rows)

    fresh = run([entry], page_rows=page_rows)
    assert alive(apply(first.table(), second.records)) == alive(fresh.table())
    if second.files:
        assert sums(second) == sums(fresh)
    assert run([entry], second.state, page_rows=page_rows).records == []


PEOPLE = "Subscriber ID,Email,Note\n1,a@x.com,hi\n2,b@x.com,hi\n"


def ids(outcome: Outcome) -> list[str]:
    return [record["id"].partition(":")[2] for record in outcome.records if "_sdc_deleted_at" not in record]


def gone(outcome: Outcome) -> list[str]:
    return [record["id"].partition(":")[2] for record in outcome.records if "_sdc_deleted_at" in record]


def test_an_unchanged_file_is_not_even_opened(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", PEOPLE)
    first = run(path)

    with (
        mock.patch("tap_csv.bookmarks.decide", side_effect=AssertionError),
        mock.patch("tap_csv.reading.take_sample", side_effect=AssertionError),
    ):
        second = run(path, first.state)

    assert second.records == second.files == second.rejects == []
    assert second.state == first.state
    assert second.finished


def test_a_file_that_is_only_touched_loads_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", PEOPLE)
    first = run(path)
    os.utime(path, (1, 1))

    second = run(path, first.state)

    assert second.records == second.files == []
    assert second.bookmark(path)["modified_ns"] == 10**9


def test_a_grown_file_loads_the_new_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", PEOPLE)
    first = run(path)
    written(path, PEOPLE + '3,c@x.com,"two\nlines"\n1,a@x.com,hi\n2,b@x.com,changed\n')

    second = run(path, first.state)

    assert ids(second) == ["3", "2:2"]
    assert [line_of(record) for record in second.records] == [4, 7]
    assert {record["origin"]["file"] for record in first.records + second.records} == {first.bookmark(path)["file"]}
    assert (second.file["rows"], second.file["repeated"], second.file["complete"]) == (5, 1, True)
    assert [file["id"] for file in second.files] == [first.files[0]["id"]]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (PEOPLE.replace("a@x.com", "z@x.com"), "The part that was read has changed since"),
        (PEOPLE[:-15], "The file became shorter since it was read"),
    ],
)
def test_a_changed_file_is_a_new_version_and_says_so(content: str, why: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", PEOPLE)
    first = run(path)
    written(path, content)
    os.utime(path, (1, 1))

    second = run(path, first.state)

    assert ids(second)[0] == "1"
    assert second.file["problems"][0].startswith(why)
    assert second.bookmark(path)["version"] == 2
    assert second.files[0]["id"] != first.files[0]["id"]
    assert run(path, second.state).records == []


def test_other_settings_send_all_rows_again(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", PEOPLE)
    first = run(path)

    second = run(path, first.state, account="other")

    assert [record["account"] for record in second.records] == ["other", "other"]
    assert "settings of this file changed" in second.file["problems"][0]
    assert run(path, second.state, account="other").records == []


def test_half_a_last_row_does_not_stay(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "code,email,note\n1,a@x.com,hi\n2,b@x.com,hel")
    first = run(path)
    assert first.rows[-1] == ("2", "b@x.com", "hel"), "it may be the whole row"
    assert run(path, first.state).records == []

    written(path, "code,email,note\n1,a@x.com,hi\n2,b@x.com,hello\n3,c@x.com,hi\n")
    second = run(path, first.state)

    assert second.rows == [("2", "b@x.com", "hello"), ("3", "c@x.com", "hi")]
    assert gone(second) == [ids(first)[-1]]


def test_a_last_row_that_was_whole_stays(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "code,email\n1,a@x.com\n2,b@x.com")
    first = run(path)

    written(path, "code,email\n1,a@x.com\n2,b@x.com\n3,c@x.com\n")
    second = run(path, first.state)

    assert gone(second) == []
    assert second.rows == [("2", "b@x.com"), ("3", "c@x.com")]


def test_the_unfinished_row_is_not_forgotten_by_a_run_that_is_interrupted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "code,email\n1,a@x.com\n2,b@x")
    first = run(path)
    written(path, "code,email\n1,a@x.com\n2,b@x.com\n" + "".join(f"{n},c@x.com\n" for n in range(3, 9)))
    second = run(path, first.state, page_rows=2)
    assert gone(second) == [ids(first)[-1]]

    for moment in second.moments[:-2]:
        third = run(path, moment.state, page_rows=2)
        assert alive(apply(first.table(), second.records[: moment.records] + third.records)) == alive(
            run(path).table()
        ), moment


def test_a_file_that_changes_while_it_is_read_is_compared_by_the_next_run(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", PEOPLE)
    take_sample = reading.take_sample

    def appending(stream: Any) -> bytes:
        sample = take_sample(stream)
        written(path, PEOPLE.replace("a@x.com", "z@x.com") + "3,c@x.com,hi\n")
        os.utime(path, (1, 1))
        return sample

    with mock.patch("tap_csv.reading.take_sample", appending):
        first = run(path)
    second = run(path, first.state)

    assert "The file changed while it was read" in first.file["problems"][0]
    assert ids(first) == ["1", "2"]
    assert ids(second) == ["1", "2", "3"]
    assert second.records[0]["record"]["Email"] == "z@x.com"


def test_a_file_cut_off_while_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", PEOPLE)
    sources_of = sources.find_sources

    def cutting(*arguments: Any) -> Any:
        found = sources_of(*arguments)
        written(path, PEOPLE[:-15])
        return found

    with mock.patch("tap_csv.tap.find_sources", cutting):
        outcome = run(path)

    assert any("The file became shorter while it was read" in problem for problem in outcome.file["problems"])


def test_a_part_of_an_archive_resumes_too(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.csv", PEOPLE + "".join(f"{n},c@x.com,hi\n" for n in range(3, 30)))
    path = written(tmp_path / "a.zip", data.getvalue())
    whole = run(path, page_rows=5)

    for moment in whole.moments:
        rest = run(path, moment.state, page_rows=5)
        assert whole.records[: moment.records] + rest.records == whole.records


def test_a_broken_bookmark_means_that_the_file_is_read_anew(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", PEOPLE)

    outcome = run(path, {"bookmarks": {"imports": {"files": {str(path): {"offset": "many"}}}}})

    assert ids(outcome) == ["1", "2"]


def test_equal_ids_in_another_file_are_updates(tmp_path: Path) -> None:
    old = written(tmp_path / "1.csv", PEOPLE)
    new = written(tmp_path / "2.csv", PEOPLE.replace("b@x.com", "new@x.com"))

    table = run([old, new]).table()

    assert [content["record"]["Email"] for content in table.values()] == ["a@x.com", "new@x.com"]

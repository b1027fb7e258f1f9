"""What is no CSV, what is an archive, and what the file system can do to a file: named, and the others go on."""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from singer_sdk.exceptions import ConfigValidationError
from tap_csv.archives import CUT_OFF

from tests.extractors.tap_csv.harness import run, written

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = b"name,city\nAna,Lima\n"
ANA = ("Ana", "Lima")


def zipped(**parts: bytes) -> bytes:
    return archive({name.replace("_", "."): content for name, content in parts.items()})


def archive(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return data.getvalue()


def streamed(parts: dict[str, bytes]) -> bytes:
    """An archive whose sizes come after the parts, as programs write that cannot go back."""

    class OneWay(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    data = OneWay()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return data.getvalue()


NO_CSV: dict[str, tuple[bytes, str]] = {
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100), "This is a PNG picture, not a CSV"),
    "pdf": (b"%PDF-1.7\n" + bytes(range(256)), "This is a PDF document, not a CSV"),
    "xlsx": (archive({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "save it as `CSV UTF-8`"),
    "ods": (archive({"mimetype": b"", "content.xml": b""}), "This is an OpenDocument file"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "This is an old Excel workbook"),
    "gzip": (gzip.compress(GOOD), "gunzip"),
    "html": (b"\n<!DOCTYPE html>\n<html><body>Sign in</body></html>", "sign-in page"),
    "json": (b'[{"name": "Ana"}]', "This is a JSON file"),
    "xml": (b'<?xml version="1.0"?><a/>', "This is an XML file"),
    "utf-32": ("name,city\n".encode("utf-32"), "This is a text in UTF-32"),
    "binary": (bytes(range(256)) * 8, "This is a binary file"),
}


@pytest.mark.parametrize("name", NO_CSV)
def test_no_csv_is_named_and_the_others_go_on(name: str, tmp_path: Path) -> None:
    content, reason = NO_CSV[name]
    bad = written(tmp_path / "bad.csv", content)
    good = written(tmp_path / "good.csv", GOOD)

    outcome = run([bad, good])

    assert outcome.rows == [ANA]
    assert len(outcome.rejects) == 1
    assert outcome.rejects[0]["origin"]["path"] == str(bad)
    assert reason in outcome.rejects[0]["reason"]
    refused = next(file["record"] for file in outcome.files if file["record"]["path"] == str(bad))
    assert refused["complete"] is False
    assert reason in refused["problems"][0]
    assert outcome.exit_code == 1, "the user named it"
    assert not outcome.finished


def test_a_refused_file_is_not_rejected_twice_but_fails_again(tmp_path: Path) -> None:
    bad, good = written(tmp_path / "bad.csv", b"%PDF-1.7"), written(tmp_path / "good.csv", GOOD)
    first = run([bad, good])

    again = run([bad, good], first.state)

    assert again.records == again.rejects == again.files == []
    assert again.exit_code == 1


def test_a_refused_file_in_a_folder_is_no_failure_unless_it_is_alone(tmp_path: Path) -> None:
    written(tmp_path / "in" / "bad.csv", b"%PDF-1.7")
    assert run(tmp_path / "in").exit_code == 1

    written(tmp_path / "in" / "good.csv", GOOD)
    outcome = run(tmp_path / "in")
    assert (outcome.exit_code, outcome.finished, len(outcome.rejects)) == (0, True, 1)


def test_a_refused_file_that_is_replaced_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", b"%PDF-1.7")
    first = run(path)

    written(path, GOOD)

    assert run(path, first.state).rows == [ANA]


def test_archive_parts_are_read_like_files(tmp_path: Path) -> None:
    parts = {
        "a.csv": GOOD,
        "deep/../../../b.CSV": b"name,city\nLuis,Quito\n",
        "__MACOSX/._a.csv": b"\0\1",
        "readme.pdf": b"",
        "a.csv ".strip(): GOOD,
    }
    path = written(tmp_path / "exports.zip", archive(parts))

    outcome = run(path)

    assert sorted(outcome.rows) == [ANA, ("Luis", "Quito")]
    assert {file["record"]["path"] for file in outcome.files} == {f"{path}/a.csv", f"{path}/deep/../../../b.CSV"}
    assert {entry.name for entry in tmp_path.iterdir()} == {"exports.zip"}, "nothing is unpacked"
    assert run(path, outcome.state).records == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_parts_of_one_name_are_both_read(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        target.writestr("a.csv", GOOD)
        target.writestr("a.csv", b"name,city\nLuis,Quito\n")
    path = written(tmp_path / "exports.zip", data.getvalue())

    outcome = run(path)

    assert sorted(outcome.rows) == [ANA, ("Luis", "Quito")]


def test_an_archive_is_known_by_its_content(tmp_path: Path) -> None:
    assert run(written(tmp_path / "exports.csv", archive({"a.csv": GOOD}))).rows == [ANA]


BIG = b"name,city\n" + b"".join(f"n{number},city {number * 7919 % 10007}\n".encode() for number in range(20_000))


@pytest.mark.parametrize("make", [archive, streamed, lambda parts: archive(parts, zipfile.ZIP_STORED)])
@pytest.mark.parametrize("cut", [100, 30_000])
def test_of_an_archive_cut_off_the_complete_parts_are_read(
    make: Callable[[dict[str, bytes]], bytes], cut: int, tmp_path: Path
) -> None:
    whole = make({"one.csv": GOOD, "two.csv": b"name,city\nLuis,Quito\n", "three.csv": BIG})
    path = written(tmp_path / "exports.zip", whole[:-cut] if cut < 1000 else whole[: len(whole) - cut])

    outcome = run(path)

    read = {row for row in outcome.rows if not row[0].startswith("n")}
    assert read == {ANA, ("Luis", "Quito")}
    if cut > 1000:
        assert [reason for _, reason in outcome.lines_rejected] == [CUT_OFF]
        assert outcome.exit_code == 1


def test_an_archive_of_which_nothing_is_left(tmp_path: Path) -> None:
    path = written(tmp_path / "exports.zip", archive({"one.csv": BIG})[:5000])

    outcome = run(path)

    assert outcome.records == []
    assert "cut off" in outcome.rejects[0]["reason"]
    assert outcome.exit_code == 1


def test_a_damaged_part_is_named_and_the_next_is_read(tmp_path: Path) -> None:
    whole = bytearray(archive({"one.csv": BIG, "two.csv": GOOD}, zipfile.ZIP_STORED))
    whole[5000] ^= 0x20
    path = written(tmp_path / "exports.zip", bytes(whole))

    outcome = run(path)

    assert ANA in outcome.rows
    assert "The archive is damaged here" in outcome.rejects[-1]["reason"]
    assert outcome.exit_code == 1


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"zip_max_ratio": 100}, "as a ZIP bomb does"),
        ({"zip_max_part_bytes": 1_000_000}, "unpacks to more than 1,000,000 bytes"),
    ],
)
def test_a_bomb_is_not_read_to_its_end(settings: dict[str, Any], reason: str, tmp_path: Path) -> None:
    bomb = b"name,city\n" + b"Ana,Lima\n" * 200_000
    path = written(tmp_path / "bomb.zip", archive({"bomb.csv": bomb, "good.csv": b"name,city\nLuis,Quito\n"}))

    with mock.patch("tap_csv.archives.RATIO_COUNTS_FROM", 200_000):
        outcome = run(path, **settings)

    assert ("Luis", "Quito") in outcome.rows
    assert reason in outcome.rejects[0]["reason"]
    assert outcome.exit_code == 1


def test_a_lying_size_does_not_get_around_the_limit(tmp_path: Path) -> None:
    data = bytearray(archive({"bomb.csv": b"name,city\n" + b"Ana,Lima\n" * 200_000}))
    central = data.rindex(b"PK\x01\x02")
    data[central + 24 : central + 28] = (50).to_bytes(4, "little")
    path = written(tmp_path / "bomb.zip", bytes(data))

    outcome = run(path, zip_max_part_bytes=1_000_000)

    assert len(outcome.records) <= 5
    assert outcome.exit_code == 1


def test_an_encrypted_part_and_an_archive_without_csv(tmp_path: Path) -> None:
    data = bytearray(archive({"a.csv": GOOD}))
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        data[data.index(start) + (6 if start[2] == 3 else 8)] |= 1
    encrypted = run(written(tmp_path / "secret.zip", bytes(data)))
    assert "encrypted" in encrypted.rejects[0]["reason"]

    empty = run(written(tmp_path / "empty.zip", archive({"a.pdf": b"", "b.zip": b""})))
    assert "The archive holds no CSV (it holds a.pdf, b.zip)" in empty.rejects[0]["reason"]


def test_a_folder_is_read_with_its_folders_in_the_order_of_paths(tmp_path: Path) -> None:
    for number, name in enumerate(["b.csv", "a/z.csv", "a/y.tsv", "a/.hidden.csv", "a/~$open.csv", "c.xlsx", "d.txt"]):
        written(tmp_path / "in" / name, f"id,city\nx,{number}\n")
    written(tmp_path / "in" / "e.zip", archive({"e.csv": b"id,city\nx,7\n"}))
    written(tmp_path / "in" / "notes.txt", b"Call Ana, today.\nNothing else\n")

    outcome = run(tmp_path / "in")

    read = [record["record"]["city"] for record in outcome.records]
    assert read == ["2", "1", "0", "6", "7"], "a/y.tsv, a/z.csv, b.csv, d.txt, e.zip; the last one wins"


def test_what_is_left_alone_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(tmp_path / "in" / "clients.xlsx", archive({"xl/workbook.xml": b""}))
    written(tmp_path / "in" / "notes.txt", b"Call Ana\n")

    outcome = run([tmp_path / "in", tmp_path / "*.none"])

    assert "clients.xlsx is left alone: it is none of .csv, .tsv, .txt, .zip. Save it as CSV UTF-8" in caplog.text
    assert "This text holds no table and is left alone" in caplog.text
    assert "*.none: no file matches." in caplog.text
    assert (outcome.records, outcome.rejects, outcome.exit_code) == ([], [], 0)


def test_links_are_followed_once(tmp_path: Path) -> None:
    written(tmp_path / "in" / "a.csv", GOOD)
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "same.csv").symlink_to(tmp_path / "in" / "a.csv")
    (tmp_path / "in" / "gone.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "self.csv").symlink_to(tmp_path / "in" / "self.csv")

    outcome = run(tmp_path / "in")

    assert outcome.rows == [ANA]
    reasons = {Path(reject["origin"]["path"]).name: reject["reason"] for reject in outcome.rejects}
    assert reasons["gone.csv"] == "The file is gone, or the link leads nowhere."
    assert "Too many levels of symbolic links" in reasons["self.csv"]


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")

    outcome = run([tmp_path / "pipe.csv", written(tmp_path / "good.csv", GOOD)])

    assert outcome.rows == [ANA]
    assert "no regular file" in outcome.rejects[0]["reason"]


def test_no_permission(tmp_path: Path) -> None:
    closed, good = written(tmp_path / "closed.csv", GOOD), written(tmp_path / "good.csv", GOOD)
    closed.chmod(0)
    opened = Path.open

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    with mock.patch.object(Path, "open", refuse):
        outcome = run([closed, good])

    assert outcome.rows == [ANA]
    assert "no permission to read this file" in outcome.rejects[0]["reason"]
    assert outcome.exit_code == 1
    closed.chmod(0o600)
    assert len(run([closed, good], outcome.state).records) == 1, "it is read as soon as it can be"


def test_what_is_known_of_a_file_outlives_a_time_without_permission(tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", GOOD)
    first = run(path)
    written(path, GOOD + b"Luis,Quito\n")

    with mock.patch("tap_csv.reading.take_sample", side_effect=PermissionError(13, "Permission denied")):
        second = run(path, first.state)
    third = run(path, second.state)

    assert second.exit_code == 1
    assert second.files[-1]["id"] != first.files[-1]["id"], "rows that are in need their file's mapping"
    assert third.rows == [("Luis", "Quito")]
    assert third.files[-1]["id"] == first.files[-1]["id"]


def test_what_is_said_about_a_file_counts_in_its_folder_too(tmp_path: Path) -> None:
    for name in "abc":
        written(tmp_path / "in" / f"{name}.csv", GOOD.replace(b"Ana", name.encode()))
    entry = {"path": str(tmp_path / "in" / "b.csv"), "kind": "guests"}

    outcome = run([str(tmp_path / "in"), entry])

    kinds = [record["id"].partition(":")[0].partition("_")[0] for record in outcome.records]
    assert kinds == ["other", "guests", "other"]


def test_a_text_in_an_archive_is_left_alone_if_it_is_no_table(tmp_path: Path) -> None:
    parts = {
        "a.csv": GOOD,
        "readme.txt": b"This export was made, with care.\nEnjoy\n",
        "b.txt": b"name;city\nLuis;Quito\n",
    }

    outcome = run(written(tmp_path / "a.zip", archive(parts)))

    assert sorted(outcome.rows) == [ANA, ("Luis", "Quito")]
    assert (outcome.rejects, outcome.exit_code) == ([], 0)


def test_a_file_that_does_not_exist_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    good = written(tmp_path / "good.csv", GOOD)

    with pytest.raises(ConfigValidationError, match="there is no such file or folder"):
        run([good, tmp_path / "missing.csv"])


def test_a_name_with_magic_characters_is_a_name_first(tmp_path: Path) -> None:
    assert run(written(tmp_path / "people [1].csv", GOOD)).rows == [ANA]


def test_relative_paths_start_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "exports" / "a.csv", GOOD)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))

    outcome = run("exports/a.csv")

    assert outcome.rows == [ANA]
    assert outcome.records[0]["origin"]["path"] == "exports/a.csv"
    assert "exports/a.csv" in outcome.state["bookmarks"]["imports"]["files"]


def test_a_full_disk_for_temporary_files_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", GOOD + b"Ana,Lima\n")

    with mock.patch("tap_csv.repeats.sqlite3.connect", side_effect=sqlite3.OperationalError("disk is full")):
        outcome = run(path)

    assert "Set TMPDIR to a folder with more" in outcome.rejects[0]["reason"]
    assert outcome.exit_code == 1

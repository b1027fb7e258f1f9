"""The folder of uploaded files and its list."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from stage_first import project, settings, uploads
from stage_first.uploads import Uploads

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    monkeypatch.setattr(project, "DATA", tmp_path)
    return Uploads(uploads.folder_of(None))


def put(uploads: Uploads, name: str, content: str = "name\nAna\n") -> str:
    uploads.folder.mkdir(parents=True, exist_ok=True)
    partial = uploads.folder / f".{threading.get_ident()}.part"
    partial.write_text(content)
    return uploads.add(partial, name, sha256=content, who="eva").name


def test_a_name_that_is_taken_gets_a_number(folder: Uploads) -> None:
    names = [put(folder, name) for name in ("a.csv", "a.csv", "a.csv", "files.json", "lock")]
    assert names == ["a.csv", "a-2.csv", "a-3.csv", "files-2.json", "lock-2"]
    assert [upload.name for upload in folder.all()] == names[::-1]
    assert folder.same("name\nAna\n") == folder.named("a.csv")


def test_tap_csv_finds_them_only_where_there_are_some(folder: Uploads) -> None:
    assert uploads.VARIABLE not in settings.dotenv()
    put(folder, "a.csv")
    assert uploads.VARIABLE not in settings.dotenv(), "nobody has said that it is to be imported"
    folder.want("a.csv")
    assert settings.dotenv()[uploads.VARIABLE] == str(folder.list_file)
    assert uploads.VARIABLE not in settings.dotenv("demo"), "the demo has a folder of its own"
    folder.settle("a.csv", {"kind": "friends"})
    folder.settle("gone.csv", {"kind": "friends"})
    assert [upload.settings for upload in folder.all()] == [{"kind": "friends"}]
    folder.remove("a.csv")
    folder.remove("a.csv")
    assert uploads.VARIABLE not in settings.dotenv()
    assert not (folder.folder / "a.csv").exists()


def test_many_at_once_lose_nothing(folder: Uploads) -> None:
    threads = [threading.Thread(target=put, args=[folder, "a.csv"]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folder.all()) == 8

"""Files that the Sync Center has listed: read after those of `files`, each by its own settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from singer_sdk.exceptions import ConfigValidationError

from tests.extractors.tap_csv.harness import run, written

if TYPE_CHECKING:
    from pathlib import Path


def listed(folder: Path, **files: dict[str, object]) -> dict[str, str]:
    known = {f"{name}.csv": {"bytes": 1, "wanted": True, "settings": settings} for name, settings in files.items()}
    return {"uploads": str(written(folder / "files.json", json.dumps(known)))}


def test_uploaded_files_are_read_after_the_others_and_by_their_own_settings(tmp_path: Path) -> None:
    written(tmp_path / "named.csv", "name,city\nAna,Lima\n")
    written(tmp_path / "imports" / "a.csv", "name;city\nLuis;Quito\n")
    written(tmp_path / "imports" / "unlisted.csv", "name,city\nEva,León\n")
    given = listed(tmp_path / "imports", a={"kind": "friends", "mapping": {"city": "note"}})

    outcome = run(str(tmp_path / "named.csv"), **given)

    assert outcome.rows == [("Ana", "Lima"), ("Luis", "Quito")]
    assert outcome.file["kind"] == "friends"
    assert outcome.file["mapping"]["city"] == "note"


def test_a_file_that_nobody_has_wanted_yet_is_not_read(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", "name\nAna\n")
    written(tmp_path / "b.csv", "name\nLuis\n")
    listed_in = written(tmp_path / "files.json", json.dumps({"a.csv": {"wanted": True}, "b.csv": {}}))
    assert run([], uploads=str(listed_in)).rows == [("Ana",)]


def test_an_uploaded_file_that_is_gone_is_no_failure(tmp_path: Path) -> None:
    written(tmp_path / "imports" / "b.csv", "name,city\nAna,Lima\n")
    outcome = run([], **listed(tmp_path / "imports", a={}, b={}))
    assert (outcome.exit_code, outcome.rows) == (0, [("Ana", "Lima")])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a.csv": 1}'])
def test_a_list_that_cannot_be_read_is_said(tmp_path: Path, text: str) -> None:
    written(tmp_path / "a.csv", "name\nAna\n")
    with pytest.raises(ConfigValidationError, match="the list of uploaded files cannot be read"):
        run(str(tmp_path / "a.csv"), uploads=str(written(tmp_path / "files.json", text)))

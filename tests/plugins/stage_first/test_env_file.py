""".env is changed in place: nothing else of it moves, only its owner may read it, nobody ever sees half of it."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_first.env_file import write_settings
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = """# Copy to .env and fill in what you have.

# Stripe: a restricted key.
TAP_STRIPE_API_KEY=old # the first one
export TAP_CSV_FILES="a b/*.csv"
OTHER='it''s'
TAP_STRIPE_API_KEY=newer

# the end"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(BEFORE)
    path.chmod(0o644)
    return path


def test_comments_and_other_lines_stay(file: Path) -> None:
    write_settings(file, {"TAP_STRIPE_API_KEY": "rk_live_1", "TAP_GHL_LOCATION_ID": "loc"})
    assert file.read_text() == BEFORE.replace("TAP_STRIPE_API_KEY=old # the first one\n", "").replace(
        "TAP_STRIPE_API_KEY=newer", "TAP_STRIPE_API_KEY=rk_live_1"
    ) + ("\nTAP_GHL_LOCATION_ID=loc\n")


def test_only_the_owner_may_read_it(file: Path, tmp_path: Path) -> None:
    write_settings(file, {"A": "1"})
    write_settings(tmp_path / "new.env", {"A": "1"})
    for path in (file, tmp_path / "new.env"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "new.env"]


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.env"
    link.symlink_to(file)
    write_settings(link, {"A": "1"})
    assert link.is_symlink()
    assert dotenv_values(file)["A"] == "1"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" "), max_size=60))
def test_what_is_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.env"
    if "${" in value:
        return
    write_settings(path, {"SECRET": value})
    write_settings(path, {"NEXT": "x"})
    assert dotenv_values(path) == {"SECRET": value, "NEXT": "x"}


@pytest.mark.parametrize("value", ["a\nDATABASE_URL=evil", "a\r", "a\0", "\x1b[2J", "${HOME}", "x" * 9000, "a\u2028b"])
def test_a_value_that_cannot_stand_there_is_refused(file: Path, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_settings(file, {"A": "fine", "B": value})
    assert value not in str(caught.value)
    assert file.read_text() == BEFORE


@pytest.mark.parametrize("name", ["", "a", "A B", "A=B", "A\nB", "#A"])
def test_a_name_that_is_none_is_refused(file: Path, name: str) -> None:
    with pytest.raises(UsageError):
        write_settings(file, {name: "1"})
    assert file.read_text() == BEFORE


def test_a_write_that_fails_leaves_everything_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(UsageError, match="No space left"):
        write_settings(file, {"A": "1"})
    assert file.read_text() == BEFORE
    assert [path.name for path in file.parent.iterdir()] == [".env"]


def test_of_many_writers_at_once_none_is_lost(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write_settings(file, {f"KEY_{number}": str(number)}), range(40)))
    found = dotenv_values(file)
    assert {f"KEY_{number}": str(number) for number in range(40)}.items() <= found.items()

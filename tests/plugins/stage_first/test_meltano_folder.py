"""Every run of Meltano has a folder of its own: none reads, replaces or removes what another hands to its tap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stage_first.meltano_folder import VARIABLE
from support.pipes import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

TAKE = """
import os, sys
from stage_first.meltano_folder import take_folder
folder = take_folder(os.environ)
(folder / "run").mkdir()
(folder / "run" / "state.json").write_text("{}")
print(folder, flush=True)
os.execv("/bin/cat", ["cat"])
"""
"""As the door does: it goes on as another program, which holds the folder by being there."""


class Taker:
    """A process with a folder; it stays until it is told to end."""

    def __init__(self, data: Path, usual: Path) -> None:
        environment = {"STAGE_FIRST_DATA": str(data), VARIABLE: str(usual)}
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", TAKE]
        self._process = subprocess.Popen(command, cwd=PROJECT, env=environment, text=True, stdin=pipe, stdout=pipe)
        assert self._process.stdout
        self.folder = Path(self._process.stdout.readline().strip())

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def usual(tmp_path: Path) -> Path:
    """What `.meltano` holds: a tap's environment, and files of runs."""
    (tmp_path / "usual" / "extractors" / "tap-mine").mkdir(parents=True)
    (tmp_path / "usual" / "run" / "tap-csv").mkdir(parents=True)
    (tmp_path / "usual" / "run" / "tap-csv" / "state.json").write_text("another's")
    return tmp_path / "usual"


@pytest.fixture
def takers(tmp_path: Path, usual: Path) -> Iterator[list[Taker]]:
    started = [Taker(tmp_path / "data", usual) for _ in range(2)]
    yield started
    for taker in started:
        taker.kill()


def test_each_has_its_own_and_nobody_else_can_read_it(takers: list[Taker]) -> None:
    first, second = (taker.folder for taker in takers)
    assert first != second
    assert first.stat().st_mode & 0o777 == 0o700
    assert not (first / "run" / "tap-csv").exists()


def test_what_is_installed_is_there(takers: list[Taker]) -> None:
    assert (takers[0].folder / "extractors" / "tap-mine").is_dir()


def test_what_a_killed_one_leaves_is_removed_by_the_next(takers: list[Taker], tmp_path: Path, usual: Path) -> None:
    killed, living = takers
    killed.kill()
    third = Taker(tmp_path / "data", usual)
    assert not killed.folder.exists()
    assert (living.folder / "run" / "state.json").exists()
    assert (usual / "extractors" / "tap-mine").is_dir()
    third.kill()

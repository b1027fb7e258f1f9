"""Commands outlive the panel, are found again by the next one, are started once, and are stopped as by Ctrl-C."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest
from stage_first import project
from sync_center.database import Database
from sync_center.processes import Command, Processes, log_lines
from sync_center.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLEEP = Command("download-all", "sleeper", ("30",))


@pytest.fixture
def desk(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The programs of the project are scripts here: one sleeps, one says what it finds around it."""
    monkeypatch.setattr(project, "BIN", tmp_path)
    for name, script in {
        "sleeper": "trap 'echo stopped; exit 130' INT; sleep $1 & wait",
        "teller": "env; exit 3",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    database = Database(database_url)
    database.open()
    shell = {"PATH": "/usr/bin:/bin", "MELTANO_UTILITY_NAME": "sync-center", "MELTANO_SYS_DIR_ROOT": "/x"}
    yield Desk(database, Settings(database_url, child_environment=shell, logs=tmp_path / "logs"))
    database.close()


class Desk:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.processes = self.next_panel()

    def next_panel(self) -> Processes:
        """As after a kill -9: nothing is known but what the database holds."""
        return Processes(self.database, self.settings)

    def row(self) -> dict[str, object]:
        with self.database.connection() as connection:
            return connection.execute("select * from ops.panel_commands order by command_id desc limit 1").fetchall()[0]

    def ended(self) -> dict[str, object]:
        deadline = time.monotonic() + 10
        while self.row()["finished_at"] is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self.row()


@contextmanager
def started(desk: Desk) -> Iterator[psutil.Process]:
    assert desk.processes.start(SLEEP, "ana")
    process = psutil.Process(int(str(desk.row()["pid"])))
    try:
        yield process
    finally:
        for child in [*process.children(recursive=True), process] if process.is_running() else []:
            child.kill()


def test_one_of_a_name_is_started_and_the_next_panel_knows_it(desk: Desk) -> None:
    with started(desk):
        assert not desk.processes.start(SLEEP, "eva")
        later = desk.next_panel()
        assert not later.start(SLEEP, "eva")
        assert [row["name"] for row in later.under_way()] == ["download-all"]


def test_the_next_panel_stops_what_the_last_one_started(desk: Desk) -> None:
    with started(desk):
        time.sleep(0.2)
        assert desk.next_panel().stop("download-all", "eva")
        row = desk.ended()
        assert (row["exit_code"], row["stopped_by"], row["started_by"]) == (130, "eva", "ana")
        assert "stopped" in list(log_lines(str(row["log_path"])))
    assert desk.next_panel().under_way() == []
    assert not desk.next_panel().stop("download-all", "eva")


def test_a_command_that_was_killed_is_not_under_way(desk: Desk) -> None:
    with started(desk) as process:
        for child in [*process.children(recursive=True), process]:
            child.kill()
        desk.ended()
    assert desk.processes.start(SLEEP, "ana")
    assert desk.processes.stop("download-all", "ana")
    desk.ended()


def test_another_process_of_the_same_pid_is_not_it(desk: Desk) -> None:
    with started(desk):
        desk.database.rows(
            "commands", "note_start", command_id=desk.row()["command_id"], pid=1, process_started="0", log_path=None
        )
        assert desk.next_panel().under_way() == []


def test_a_command_finds_the_shell_of_the_panel_and_who_asked_for_it(desk: Desk) -> None:
    assert desk.processes.start(Command("unify", "teller", ()), "ana")
    row = desk.ended()
    around = dict(line.split("=", 1) for line in log_lines(str(row["log_path"])) if "=" in line)
    assert row["exit_code"] == 3
    assert around["STAGE_FIRST_STARTED_BY"] == "ana"
    assert not [name for name in around if name.startswith("MELTANO_")]


def test_the_words_are_those_that_a_person_types() -> None:
    assert Command("unify", "meltano", ("run", "unify")).typed(None) == ["meltano", "run", "unify"]
    assert Command("unify", "meltano", ("run", "unify")).typed("demo") == [
        "meltano",
        "--environment=demo",
        "run",
        "unify",
    ]

"""`make demo`, less the environment: twice to the end, and Ctrl-C anywhere."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from stage_first.sources import all_sources
from support.databases import free_port
from support.pipes import BIN, PROJECT, failed_logs

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = [
    pytest.param("Postgres", marks=pytest.mark.soak),
    pytest.param("sandbox exports", marks=pytest.mark.soak),
    "meltano run download-all",
    pytest.param("meltano run unify", marks=pytest.mark.soak),
    pytest.param("PASS=", marks=pytest.mark.soak),
]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment of a demo with a data folder and a port of its own."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = memory / f"stage-first-demo-{os.getpid()}-{tmp_path.name}" if os.access(memory, os.W_OK) else tmp_path
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "COLUMNS": "150"}
    environment |= {"STAGE_FIRST_DATA": str(folder), "LOCAL_POSTGRES_PORT": str(free_port())}
    yield environment
    subprocess.run([BIN / "stage-first", "stop"], env=environment, check=True, capture_output=True)
    subprocess.run(["rm", "-rf", folder], check=True)


def demo(environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [BIN / "stage-first", "demo", "--people", "60"]
    return subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def finish(run: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = run.communicate(timeout=240)
    return run.returncode, output


def to_the_end(environment: dict[str, str]) -> str:
    code, said = finish(demo(environment))
    assert code == 0, said + failed_logs(Path(environment["STAGE_FIRST_DATA"]))
    return said


def started_with(environment: dict[str, str]) -> list[str]:
    """Processes that work in this demo's data folder, whoever started them."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        given = process.info["environ"] or {}
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if alive and given.get("STAGE_FIRST_DATA") == environment["STAGE_FIRST_DATA"]:
            found.append(" ".join(process.info["cmdline"] or []))
    return found


def table(said: str, columns: int) -> dict[str, list[int]]:
    """The numbers of each source in the table of so many columns."""
    rows = [[cell.strip().replace(",", "") for cell in line.split("│")[1:-1]] for line in said.splitlines()]
    return {row[0]: [int(cell) for cell in row[1:] if cell.isdecimal()] for row in rows if len(row) == columns}


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_breaks_nothing_then_to_the_end_and_again_nothing_is_new(step: str, terminal: dict[str, str]) -> None:
    run = demo(terminal)
    assert run.stdout
    for line in run.stdout:
        if step in line:
            break
    os.killpg(run.pid, signal.SIGINT)
    code, said = finish(run)
    assert code == 130, said
    assert "Nothing is left running" in said
    assert started_with(terminal) == []

    said = to_the_end(terminal)
    assert {source for source, (rows, *_) in table(said, 4).items() if rows} == {one.name for one in all_sources()}
    again = to_the_end(terminal)
    assert [source for source, (_, new, changed, *_) in table(again, 9).items() if new or changed] == []
    assert "nothing to unify" in again
    figures = [line.rsplit(",", 1)[0] for line in (said + again).splitlines() if "clients from" in line]
    assert figures[0] == figures[1]

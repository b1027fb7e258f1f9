"""A lease: one writer for each source, told by a row, so that it survives reconnects and poolers.

The owner beats every 5 seconds. Who finds a beat older than 30 seconds takes over with the next fencing number, and a
writer whose number is no longer the lease's cannot commit. An owner on this very machine whose process is gone is
replaced at once.
"""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    import psycopg

BEAT_SECONDS = 5
TAKEOVER_SECONDS = 30


class LeaseHeldError(Exception):
    """Somebody else is writing this source."""


class LeaseLostError(Exception):
    """Another process took the lease over; this one must not commit."""


@dataclass(frozen=True)
class Lease:
    """The right to write one source, as long as `fence` is the row's number."""

    name: str
    owner: uuid.UUID
    fence: int

    def hold(self, connection: psycopg.Connection[Any]) -> None:
        """Check inside the caller's transaction that this is still the writer, and keep it so until the commit.

        Raises:
            LeaseLostError: it is not.
        """
        row = connection.execute(
            "select fence from ops.leases where name = %s and owner = %s and fence = %s for share",
            [self.name, self.owner, self.fence],
        ).fetchone()
        if row is None:
            raise LeaseLostError(
                f"Another run took over {self.name} while this one was silent for more than {TAKEOVER_SECONDS} s; "
                "this run stops, nothing is lost."
            )

    def beat(self, connection: psycopg.Connection[Any]) -> None:
        """Say that the owner is alive."""
        connection.execute(
            "update ops.leases set heartbeat_at = clock_timestamp() where name = %s and owner = %s and fence = %s",
            [self.name, self.owner, self.fence],
        )

    def release(self, connection: psycopg.Connection[Any]) -> None:
        """Give the lease back; the fencing number stays."""
        connection.execute(
            "update ops.leases set owner = null, run_id = null where name = %s and owner = %s and fence = %s",
            [self.name, self.owner, self.fence],
        )


_TAKE = """
insert into ops.leases as leases
    (name, owner, fence, run_id, machine, pid, process_started, acquired_at, heartbeat_at)
values (%(name)s, %(owner)s, 1, %(run_id)s, %(machine)s, %(pid)s, %(started)s, clock_timestamp(), clock_timestamp())
on conflict (name) do update set
    owner = excluded.owner,
    fence = leases.fence + 1,
    run_id = excluded.run_id,
    machine = excluded.machine,
    pid = excluded.pid,
    process_started = excluded.process_started,
    acquired_at = excluded.acquired_at,
    heartbeat_at = excluded.heartbeat_at
where
    leases.owner is null
    or leases.heartbeat_at < clock_timestamp() - make_interval(secs => %(takeover)s)
    or leases.owner = %(dead)s
returning fence
"""


def acquire(connection: psycopg.Connection[Any], name: str, run_id: uuid.UUID) -> Lease:
    """Take the lease, from nobody or from a writer that is dead.

    Raises:
        LeaseHeldError: its owner is alive; the message says who and since when.
    """
    owner = uuid.uuid4()
    parameters = {
        "name": name,
        "owner": owner,
        "run_id": run_id,
        "machine": machine(),
        "pid": os.getpid(),
        "started": process_started(os.getpid()),
        "takeover": TAKEOVER_SECONDS,
        "dead": _dead_owner(connection, name),
    }
    row = connection.execute(_TAKE, parameters).fetchone()
    if row is None:
        raise LeaseHeldError(_held_message(connection, name))
    return Lease(name, owner, int(row[0]))


def _dead_owner(connection: psycopg.Connection[Any], name: str) -> uuid.UUID | None:
    """The present owner, if its process ran on this machine and is gone."""
    row = connection.execute(
        "select owner, machine, pid, process_started from ops.leases where name = %s and owner is not null", [name]
    ).fetchone()
    if row is None or row[1] != machine() or process_started(row[2]) == row[3]:
        return None
    found: uuid.UUID = row[0]
    return found


def _held_message(connection: psycopg.Connection[Any], name: str) -> str:
    row = connection.execute(
        "select pid, machine, acquired_at, clock_timestamp() - heartbeat_at from ops.leases where name = %s", [name]
    ).fetchone()
    if row is None:
        return f"{name} was being written a moment ago: try again."
    pid, host, acquired_at, silence = row
    return (
        f"{name} is being written by process {pid} on {str(host).split('/')[0]} since {acquired_at:%Y-%m-%d %H:%M:%S} "
        f"UTC (last sign of life {silence.total_seconds():.0f} s ago). Wait for it to end or stop it; "
        f"a dead one is replaced after {TAKEOVER_SECONDS} s."
    )


@cache
def machine() -> str:
    """A name that two machines, two boots or two containers do not share."""
    parts = [socket.gethostname()]
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        parts += [boot.read_text().strip(), os.readlink("/proc/self/ns/pid")]
    return "/".join(parts)


def process_started(pid: int) -> str | None:
    """When the process began; tells a reused pid from the old process. None: no such process."""
    return _ticks_at_start(pid) if Path("/proc/self/stat").exists() else _time_of_start(pid)


def _ticks_at_start(pid: int) -> str | None:
    """Clock ticks since boot (proc(5), field 22), which a step of the wall clock does not move."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def _time_of_start(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None

"""The embedded server of a folder: start, stop, and where to find it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from local_postgres.access import Access, Answer
from local_postgres.cluster import check_version, make_cluster, write_settings
from local_postgres.errors import LocalServerError, explained
from local_postgres.identity import Identity, choose_identity, give
from local_postgres.launch import launch
from local_postgres.lock import locked
from local_postgres.log import ServerLog
from local_postgres.postmaster import Postmaster, clear_remains, find_postmaster, is_alive
from local_postgres.private import ROLE, make_password
from local_postgres.waiting import wait_for

DEFAULT_PORT = 25432
PORTS = range(1024, 65536)


class LocalServer:
    """A PostgreSQL of our own: loopback only, by password only, in one private folder, up until it is stopped."""

    def __init__(self, folder: Path, port: int = DEFAULT_PORT, *, identity: Identity | None = None) -> None:
        if port not in PORTS:
            raise LocalServerError(f"{port} is no port for a server. Set LOCAL_POSTGRES_PORT to one of 1024 to 65535.")
        self.folder = folder.resolve()
        self.port = port
        self.data = self.folder / "data"
        self._log = ServerLog(self.folder / "server.log")
        self._access = Access(self.folder, port)
        self._identity = identity

    def start(self) -> None:
        """Start the server unless it runs, made first or healed where need be; return when it accepts connections."""
        with explained(self.folder), locked(self.folder) as lock:
            self._log.rotate()
            postmaster = self._find()
            if postmaster and self._comes_up(postmaster.pid):
                return
            written = self._log.size()
            if not self._comes_up(self._launch(lock)):
                raise self._log.failure(self._log.text(written), self.port)

    def stop(self) -> None:
        """End the server, and what a killed one left; committed data stay."""
        if not self.folder.exists():
            return
        with explained(self.folder), locked(self.folder):
            postmaster = find_postmaster(self.data)
            if postmaster:
                pid = postmaster.pid
                # `pg_ctl stop` sends the same signal, but does not look whether the number is still a server's
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
                wait_for(f"PostgreSQL (pid {pid}) to write its data to the disk and stop", lambda: not is_alive(pid))
            clear_remains(self.data)

    def is_running(self) -> bool:
        """Whether the server of this folder runs on this port and lets us in."""
        with explained(self.folder), suppress(LocalServerError):
            postmaster = find_postmaster(self.data)
            return postmaster is not None and postmaster.port == self.port and self._access.answer() is Answer.WELCOME
        return False

    def url(self, database: str = "stage_first") -> str:
        """The address of a database, with the password in it."""
        with explained(self.folder):
            return self._access.url(database)

    def ensure_database(self, name: str) -> None:
        """Create the database, owned by the role stage_first, unless it is there."""
        with explained(self.folder):
            self._access.ensure_database(name)

    def _find(self) -> Postmaster | None:
        """The server that runs already, once it is not one that is just stopping."""
        stopping = f"the server of {self.folder} to finish stopping"
        wait_for(stopping, lambda: getattr(find_postmaster(self.data), "status", "") != "stopping")
        return find_postmaster(self.data)

    def _launch(self, lock: int) -> int:
        """Make or heal what a server needs, start it, and return its process number."""
        found = any(self.data.glob("*"))
        if found:
            check_version(self.data)
        clear_remains(self.data)
        identity = self._identity or choose_identity(self.folder)
        give(self.folder, identity)
        if not found:
            make_cluster(self.folder, identity, lock)
        write_settings(self.data, self.port)
        return launch(self.data, self._log, self.port, identity)

    def _comes_up(self, pid: int) -> bool:
        """Wait while the server lives: after a crash it may have minutes of work before it lets anyone in."""
        new_password = make_password(self.folder, ROLE)

        def gone() -> bool:
            return not is_alive(pid) and find_postmaster(self.data) is None  # another's may have been faster

        wait_for(
            f"PostgreSQL (pid {pid}, log {self._log.path}) to accept connections",
            lambda: self._is_ready(new_password) or gone(),
        )
        return not gone()

    def _is_ready(self, new_password: bool) -> bool:
        postmaster = find_postmaster(self.data)
        if postmaster is None or postmaster.status != "ready":
            return False
        self._require_our_port(postmaster)
        return self._access.let_in(new_password=new_password)

    def _require_our_port(self, postmaster: Postmaster) -> None:
        if postmaster.port != self.port:
            raise LocalServerError(
                f"The server of {self.folder} runs on port {postmaster.port}, not {self.port}. "
                f"Set LOCAL_POSTGRES_PORT={postmaster.port}, or stop it first."
            )

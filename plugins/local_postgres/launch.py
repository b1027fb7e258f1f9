"""Starting the server's first process, so that it outlives whoever starts it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from local_postgres.binaries import environment, program
from local_postgres.identity import Identity
from local_postgres.log import ServerLog

# The shell leaves at once, so the server is nobody's child but init's: no zombie while the driver lives, no end with
# it. `pg_ctl start` does the same, but it pastes paths into a shell command and does not tell the server's number.
COMMAND = 'umask 077; "$@" </dev/null >>"$0" 2>&1 & echo $!'


def launch(data: Path, log: ServerLog, port: int, identity: Identity) -> int:
    """Start the server in a session of its own and return its process number."""
    shell = ("/bin/sh", "-c", COMMAND, str(log.path))
    launched = subprocess.run(
        [*identity.prefix, *shell, str(program("postgres")), "-D", str(data)],
        cwd=data.parent,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if launched.returncode or launched.stderr:
        raise log.failure(launched.stderr, port)
    return int(launched.stdout)

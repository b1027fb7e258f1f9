"""Which user the server runs as: PostgreSQL refuses root, so root lends it another identity."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_postgres.binaries import program
from local_postgres.errors import LocalServerError

NOBODY = 65534


@dataclass(frozen=True)
class Identity:
    """A way to run the server's programs, and the owner that the server's files need for it."""

    name: str
    prefix: tuple[str, ...]
    uid: int
    gid: int


def current_user() -> Identity:
    """No change: a normal user runs the server as itself."""
    return Identity("the current user", (), os.geteuid(), os.getegid())


def namespaced_root() -> Identity:
    """Root without its powers and under another number, so that the files stay root's."""
    prefix = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    return Identity("unshare", prefix, os.geteuid(), os.getegid())


def other_user(uid: int = NOBODY, gid: int = NOBODY) -> Identity:
    """Another user, to whom the folder is given."""
    prefix = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--")
    return Identity(f"setpriv to uid {uid}", prefix, uid, gid)


def choose_identity(folder: Path) -> Identity:
    """The first identity that can run the programs and reach the folder."""
    if os.geteuid() != 0:
        return current_user()
    refusals = []
    for identity in _candidates(folder):
        refusal = _refusal(identity, folder.parent)
        if refusal is None:
            return identity
        refusals.append(f"{identity.name}: {refusal}")
    raise LocalServerError(
        f"PostgreSQL does not run as root, and no other identity works here ({'; '.join(refusals)}). Run as a normal "
        f"user, or install util-linux, or let every user enter the folders above {folder} (chmod a+x), "
        "or set DATABASE_URL to another PostgreSQL."
    )


def give(folder: Path, identity: Identity) -> None:
    """Make the folder private and the identity's own: all of it if it was another's, else what root put there."""
    folder.chmod(0o700)
    if os.geteuid() != 0:
        return
    everything = folder.stat().st_uid != identity.uid
    for path in (*(folder.rglob("*") if everything else folder.iterdir()), folder):
        os.chown(path, identity.uid, identity.gid, follow_symlinks=False)


def _candidates(folder: Path) -> Iterator[Identity]:
    """A folder that belongs to a user stays that user's; else root's own, the project owner's or nobody's."""
    owner, project_owner = folder.stat(), folder.parent.stat()
    if owner.st_uid != 0:
        yield other_user(owner.st_uid, owner.st_gid)
        return
    yield namespaced_root()
    if project_owner.st_uid != 0:
        yield other_user(project_owner.st_uid, project_owner.st_gid)
    yield other_user()


def _refusal(identity: Identity, place: Path) -> str | None:
    look = ("/bin/sh", "-c", 'cd "$0" && exec "$1" --version', str(place), str(program("postgres")))
    try:
        tried = subprocess.run([*identity.prefix, *look], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"{identity.prefix[0]} is not installed"
    return None if tried.returncode == 0 else tried.stderr.strip() or f"exit status {tried.returncode}"

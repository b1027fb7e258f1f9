"""Private files: the two passwords, and how anything is written for the server's user alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SUPERUSER, ROLE = "postgres", "stage_first"
PASSWORD_FILES = {SUPERUSER: "superuser_password", ROLE: "password"}


def make_password(folder: Path, role: str) -> bool:
    """Give the role a random password, and say so, unless it has one."""
    path = folder / PASSWORD_FILES[role]
    if path.exists():
        return False
    write_private(path, secrets.token_urlsafe(24))
    return True


def write_private(path: Path, text: str) -> None:
    """Put a file in place whole or not at all, on the disk, readable for the owner of its folder only."""
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    # the folder may be another user's, who could have laid a link here: never write through one
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(handle)
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

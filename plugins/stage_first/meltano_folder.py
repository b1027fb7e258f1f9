"""A folder for each Meltano: of two that shared one, each would read the bookmark that the other left for its tap.

Meltano names what it hands to a tap by the tap only (`.meltano/run/tap-csv/state.json`). With two warehouses, a run
then begins where the other warehouse ended and skips rows, or finds no file at all.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from local_postgres.lock import locked

from stage_first import project

if TYPE_CHECKING:
    from collections.abc import MutableMapping

VARIABLE = "MELTANO_SYS_DIR_ROOT"
_NOT_SHARED = "run"


def take_folder(environment: MutableMapping[str, str]) -> Path:
    """Point Meltano to a folder of this process only, which has all that `.meltano` has but the files of runs."""
    usual = Path(environment.get(VARIABLE) or project.ROOT / ".meltano")
    folders = project.DATA / "meltano"
    with locked(folders):
        _remove_abandoned(folders)
        folder = Path(tempfile.mkdtemp(dir=folders))
        _try_to_hold(folder)
    for entry in usual.glob("*"):
        if entry.name != _NOT_SHARED:
            (folder / entry.name).symlink_to(entry.resolve())
    environment[VARIABLE] = str(folder)
    return folder


def _remove_abandoned(folders: Path) -> None:
    """Remove what ended processes left: credentials stand in it, if they were killed."""
    for folder in folders.glob("*/"):
        if (handle := _try_to_hold(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def _try_to_hold(folder: Path) -> int | None:
    """Hold a folder until this process ends, whatever program it goes on with; None if another holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    os.set_inheritable(handle, True)
    return handle

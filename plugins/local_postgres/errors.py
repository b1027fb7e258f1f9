"""What goes wrong with the embedded server, said as a sentence with the next step in it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_SPACE = "No space left on device"


class LocalServerError(Exception):
    """The embedded server cannot do what was asked; the message says what to do next."""


def disk_full(folder: Path) -> LocalServerError:
    """The disk under `folder` is full."""
    return LocalServerError(
        f"The disk that holds {folder} is full ({NO_SPACE}). Free some space there and start again: "
        "nothing that was committed is lost, and nothing half made is kept."
    )


def port_taken(port: int, holder: str) -> LocalServerError:
    """Another program listens where the server would."""
    return LocalServerError(
        f"Port {port} on 127.0.0.1 is taken by {holder}. Stop that program, or set LOCAL_POSTGRES_PORT to a free port."
    )


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the system says about files in `folder` into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise disk_full(folder) from error
        raise LocalServerError(
            f"The folder {folder} cannot be used ({error.strerror}: {error.filename or folder}). Make it readable and "
            "writable for the user who runs this, run as the user it belongs to, or choose another by "
            "LOCAL_POSTGRES_FOLDER."
        ) from error

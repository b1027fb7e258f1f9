"""Takes an uploaded file from the request to the disk as it comes: in memory is never more than what has just come."""

from __future__ import annotations

import contextlib
import errno
import fcntl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool

from sync_center.language.catalogues import N_
from sync_center.pages.imports.form import PARTIAL, FileForm, FileTooLargeError
from sync_center.security.guard import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from fastapi import Request
    from python_multipart.multipart import MultipartParser

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MOST_AROUND = 10_000
"""What the form may add to its file."""
NOT_A_FORM = N_("Nothing that can be read as a file has come. Choose a file and send the form again.")
NO_FILE = N_("No file was chosen. Choose one, then upload it.")
EMPTY = N_("The file is empty: there is nothing to import.")
TOO_LARGE = N_("An upload may have %(most)s MB. Split the file, or put it into a folder that TAP_CSV_FILES names.")
CUT_OFF = N_("The upload ended before the file was complete. Nothing of it is kept; upload it again.")
NO_ROOM = N_("There is no room left on the disk for this file. Nothing of it is kept.")


class UploadError(Exception):
    """A file that is not taken; `text` says why and is translated where it is shown."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True)
class Received:
    """A complete file, not yet in its place."""

    partial: Path
    name: str
    sha256: str


@asynccontextmanager
async def received(
    request: Request, folder: Path, most: int, permit: Callable[[dict[str, str]], None]
) -> AsyncIterator[Received]:
    """Write the form's file to a partial file of the folder; who does not move it from there loses it.

    Raises:
        UploadError: there is no file, or it is not taken.
    """
    boundary = _boundary(request)
    await run_in_threadpool(_prepare, folder)
    form = FileForm(folder, most, permit)
    try:
        await _read(request, form.parser(boundary), most)
        _check(form)
        yield Received(form.partial, form.name, form.digest.hexdigest())
    finally:
        form.close()


async def _read(request: Request, parser: MultipartParser, most: int) -> None:
    try:
        if int(request.headers.get("content-length") or 0) > most + _MOST_AROUND:
            raise FileTooLargeError
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
    except FileTooLargeError as error:
        await _drain(request)
        raise UploadError(413, TOO_LARGE) from error
    except RefusedError:
        await _drain(request)
        raise
    except (FormParserError, ValueError) as error:
        raise UploadError(400, NOT_A_FORM) from error
    except OSError as error:
        if error.errno in _FULL:
            raise UploadError(507, NO_ROOM) from error
        raise


async def _drain(request: Request) -> None:
    """Let the rest come in: a browser that is cut off shows no answer."""
    with contextlib.suppress(RuntimeError):  # nothing is left
        async for _ in request.stream():
            pass


def _check(form: FileForm) -> None:
    if not form.is_complete:
        raise UploadError(400, CUT_OFF if form.size else NOT_A_FORM)
    if not form.name:
        raise UploadError(400, NO_FILE)
    if not form.size:
        raise UploadError(422, EMPTY)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise UploadError(400, NOT_A_FORM)
    return boundary


def _prepare(folder: Path) -> None:
    """Make the folder, and remove what uploads left whose panel was killed: nobody holds their lock."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for partial in folder.glob(f".*{PARTIAL}"):
        with contextlib.suppress(OSError), partial.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink(missing_ok=True)

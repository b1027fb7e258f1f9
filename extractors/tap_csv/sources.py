"""What there is to read: files, folders, globs and the parts of ZIP archives, each real file once, in a fixed order."""

from __future__ import annotations

import glob
import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tap_csv.archives import ARCHIVE_START, find_parts
from tap_csv.errors import NotNowError, SettingError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from tap_csv.archives import Limits
    from tap_csv.options import Options

logger = logging.getLogger("tap-csv")

ENDINGS = (".csv", ".tsv", ".txt", ".zip")
WORKBOOKS = (".xlsx", ".xls", ".ods", ".numbers")
LEFT_ALONE = (".", "~$", "__MACOSX")
"""Beginnings of names that no person made."""


@dataclass(frozen=True)
class Source:
    """One CSV to read."""

    path: str
    """As people see it, and the key of its bookmark; a part of an archive is `exports.zip/part1.csv`."""
    size: int
    modified_ns: int
    options: Options
    named: bool
    """The user named this very file, so that not reading it is a failure."""
    open: Callable[[], BinaryIO]
    stat: Callable[[], tuple[int, int]]
    """Size and time of change of the file as it is now."""
    refusal: UnreadableError | None = None
    """Why it cannot be read, where that is known already."""
    is_part: bool = False


def find_sources(options: list[Options], base: Path, limits: Limits) -> list[Source]:
    """Return all sources in the order in which they are read.

    Raises:
        SettingError: a named file or folder does not exist.
    """
    found: list[Source] = []
    seen: set[tuple[int, int]] = set()
    named = {identity: entry for entry in options if (identity := _identity(base / Path(entry.path).expanduser()))}
    for entry in options:
        for path, is_named in _files_of(entry, base):
            identity = _identity(path)
            if identity in seen:
                logger.info("%s is another name of a file that is read already.", shown_path(path, base))
                continue
            seen |= {identity} if identity else set()
            own = named.get(identity) if identity else None
            found += _sources_of(path, shown_path(path, base), own or entry, limits, named=is_named or own is not None)
    return found


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what is the same for all names of a file; None for what is no file."""
    try:
        info = path.stat()
    except OSError:
        return None
    return (info.st_dev, info.st_ino) if stat.S_ISREG(info.st_mode) else None


def project_folder() -> Path:
    """Return the folder that relative paths start from."""
    return Path(os.environ.get("MELTANO_PROJECT_ROOT") or Path.cwd())


def _files_of(entry: Options, base: Path) -> Iterator[tuple[Path, bool]]:
    path = base / Path(entry.path).expanduser()
    if path.is_dir():
        yield from _files_in(path, entry.path)
    elif os.path.lexists(path):
        yield path, True
    elif glob.has_magic(entry.path):
        matches = sorted(glob.glob(str(path), recursive=True))
        if not matches:
            logger.warning("%s: no file matches.", entry.path)
        for match in matches:
            inside = Path(match)
            files = _files_in(inside, match) if inside.is_dir() else iter([(inside, False)])
            yield from files
    else:
        raise SettingError(f"{entry.path}: there is no such file or folder (looked for {path}). Correct `files`.")


def _files_in(folder: Path, shown: str) -> Iterator[tuple[Path, bool]]:
    """Yield the files of a folder and its sub-folders by path; a link that leads back up is followed once."""
    visited: set[tuple[int, int]] = set()
    found: list[Path] = []
    others: list[Path] = []
    for place, folders, files in os.walk(folder, followlinks=True):
        info = os.stat(place)
        new = (info.st_dev, info.st_ino) not in visited
        visited.add((info.st_dev, info.st_ino))
        folders[:] = sorted(name for name in folders if new and not name.startswith(LEFT_ALONE))
        for name in files if new else ():
            if not name.startswith(LEFT_ALONE):
                (found if name.lower().endswith(ENDINGS) else others).append(Path(place, name))
    for other in sorted(others):
        advice = " Save it as CSV UTF-8 to load it." if other.name.lower().endswith(WORKBOOKS) else ""
        logger.warning("%s is left alone: it is none of %s.%s", other, ", ".join(ENDINGS), advice)
    if not found:
        logger.warning("%s: the folder holds none of %s.", shown, ", ".join(ENDINGS))
    yield from ((path, False) for path in sorted(found))


def _sources_of(path: Path, shown: str, entry: Options, limits: Limits, *, named: bool) -> list[Source]:
    size = modified = 0
    try:
        size, modified = _stat(path)
        if not path.is_file():
            raise UnreadableError("This is no regular file (a pipe or a device).")
        with path.open("rb") as file:
            is_archive = file.read(len(ARCHIVE_START)) == ARCHIVE_START
        parts = find_parts(path, limits) if is_archive or path.suffix.lower() == ".zip" else None
    except UnreadableError as error:
        return [_refused(path, shown, entry, error, named=named, size=size, modified_ns=modified)]
    except OSError as error:
        return [_refused(path, shown, entry, NotNowError(reason_of(error)), named=named)]
    if parts is None:
        return [Source(shown, size, modified, entry, named, lambda: path.open("rb"), lambda: _stat(path))]
    return [
        Source(
            f"{shown}/{part.name}",
            part.size,
            modified,
            entry,
            named,
            part.open,
            lambda: _stat(path),
            UnreadableError(part.refusal) if part.refusal else None,
            is_part=True,
        )
        for part in parts
    ]


def _stat(path: Path) -> tuple[int, int]:
    info = path.stat()
    return info.st_size, info.st_mtime_ns


def _refused(
    path: Path,
    shown: str,
    entry: Options,
    refusal: UnreadableError,
    *,
    named: bool,
    size: int = 0,
    modified_ns: int = 0,
) -> Source:
    return Source(
        shown, size, modified_ns, entry, named, lambda: path.open("rb"), lambda: (size, modified_ns), refusal=refusal
    )


def shown_path(path: Path, base: Path) -> str:
    """Return the path relative to the project if it lies in it."""
    absolute = Path(os.path.abspath(path))
    start = Path(os.path.abspath(base))
    return str(absolute.relative_to(start)) if absolute.is_relative_to(start) else str(absolute)


def reason_of(error: OSError) -> str:
    """Return what the operating system refused, as a sentence."""
    if isinstance(error, PermissionError):
        return "There is no permission to read this file. Give it with `chmod u+r`, or run as its owner."
    if isinstance(error, FileNotFoundError):
        return "The file is gone, or the link leads nowhere."
    return f"The file cannot be read: {error.strerror or error}."

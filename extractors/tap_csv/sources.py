"""What there is to read: files, folders, globs and the parts of ZIP archives, each real file once, in a fixed order."""

from __future__ import annotations

import glob
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tap_csv.archives import ARCHIVE_START, find_parts
from tap_csv.errors import SettingError, UnreadableError

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
    refusal: str | None = None
    """Why it cannot be read, where that is known already."""
    is_part: bool = False


def find_sources(options: list[Options], base: Path, limits: Limits) -> list[Source]:
    """Return all sources in the order in which they are read.

    Raises:
        SettingError: a named file or folder does not exist.
    """
    found: list[Source] = []
    seen: set[tuple[int, int]] = set()
    for entry in options:
        for path, named in _files_of(entry, base):
            found += _once(path, base, entry, limits, seen, named=named)
    return found


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


def _once(
    path: Path, base: Path, entry: Options, limits: Limits, seen: set[tuple[int, int]], *, named: bool
) -> list[Source]:
    shown = shown_path(path, base)
    try:
        info = path.stat()
    except OSError as error:
        return [_refused(shown, entry, reason_of(error), named=named)]
    if (info.st_dev, info.st_ino) in seen:
        logger.info("%s is another name of a file that is read already.", shown)
        return []
    seen.add((info.st_dev, info.st_ino))
    if not path.is_file():
        return [_refused(shown, entry, "This is no regular file (a pipe or a device).", named=named)]
    return _sources_of(path, shown, entry, limits, named=named)


def _sources_of(path: Path, shown: str, entry: Options, limits: Limits, *, named: bool) -> list[Source]:
    def stat() -> tuple[int, int]:
        now = path.stat()
        return now.st_size, now.st_mtime_ns

    size, modified = stat()
    try:
        with path.open("rb") as file:
            is_archive = file.read(len(ARCHIVE_START)) == ARCHIVE_START
        parts = find_parts(path, limits) if is_archive or path.suffix.lower() == ".zip" else None
    except UnreadableError as error:
        return [_refused(shown, entry, str(error), named=named, size=size, modified_ns=modified)]
    except OSError as error:
        return [_refused(shown, entry, reason_of(error), named=named)]
    if parts is None:
        return [Source(shown, size, modified, entry, named, lambda: path.open("rb"), stat)]
    return [
        Source(f"{shown}/{part.name}", part.size, modified, entry, named, part.open, stat, part.refusal, is_part=True)
        for part in parts
    ]


def _refused(shown: str, entry: Options, reason: str, *, named: bool, size: int = 0, modified_ns: int = 0) -> Source:
    def unopened() -> BinaryIO:
        raise UnreadableError(reason)

    return Source(shown, size, modified_ns, entry, named, unopened, lambda: (size, modified_ns), refusal=reason)


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

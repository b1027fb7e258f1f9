"""The bookmark of one file: how much of it is in, and enough to notice when that part is no longer the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from tap_csv.buffer import digest_text

if TYPE_CHECKING:
    from tap_csv.sources import Source

CHUNK_BYTES = 1024 * 1024


class ReadAs(msgspec.Struct, omit_defaults=True, frozen=True):
    """How the file is written, as found the first time: it does not change when the file grows."""

    encoding: str
    delimiter: str
    header_line: int
    trailing: bool = False
    skip_space: bool = False


class Tail(msgspec.Struct, omit_defaults=True):
    """The end of a file that may be still unfinished; its rows were sent and are read again when the file grows."""

    ids: list[str]
    digest: str
    """Of the whole file, tail included."""


class FileBookmark(msgspec.Struct, omit_defaults=True):
    """What `bookmarks.imports.files.<path>` holds; written for people too."""

    file: str
    kind: str
    bytes: int
    """Size of the file when it was read."""
    modified_ns: int
    settings: str
    offset: int = 0
    """Bytes up to the end of the last row that is in."""
    line: int = 0
    digest: str = ""
    done: bool = False
    rows: int = 0
    rejected: int = 0
    repeated: int = 0
    version: int = 1
    read_as: ReadAs | None = None
    tail: Tail | None = None
    refused: str | None = None


def load(value: Any) -> FileBookmark | None:
    """Return the bookmark in a state; one that cannot be read counts as none, and the file is read anew."""
    try:
        return msgspec.convert(value, FileBookmark) if value else None
    except msgspec.ValidationError:
        return None


@dataclass(frozen=True)
class Decision:
    """What to do with a file, given its bookmark."""

    do: str
    """`note` (touched, but the same), `resume` or `anew`."""
    why: str = ""
    """Why the file is read anew, although it was read before."""


def is_untouched(source: Source, bookmark: FileBookmark, settings: str) -> bool:
    """Whether there is nothing to do, which is known without reading the file."""
    same = (bookmark.bytes, bookmark.modified_ns, bookmark.settings) == (source.size, source.modified_ns, settings)
    return same and (bookmark.done or bookmark.refused is not None)


def decide(source: Source, bookmark: FileBookmark | None, settings: str) -> Decision:
    """Compare a file with its bookmark."""
    if bookmark is None or not bookmark.digest:
        return Decision("anew")
    if bookmark.settings != settings:
        return Decision("anew", "the settings of this file changed since it was read, so all rows are sent again")
    if source.size < bookmark.offset:
        return Decision("anew", "the file became shorter since it was read, so this is a new version of it")
    start, whole = _digests(source, bookmark.offset)
    if start != bookmark.digest:
        return Decision("anew", "the part that was read has changed since, so this is a new version of the file")
    as_before = bookmark.tail.digest if bookmark.tail else bookmark.digest
    if bookmark.done and whole == as_before:
        return Decision("note")
    found_nothing = bookmark.done and bookmark.rows == bookmark.rejected
    return Decision("anew" if found_nothing or bookmark.read_as is None else "resume")


def _digests(source: Source, offset: int) -> tuple[str, str]:
    """Return the digests of the file up to `offset` and up to its size."""
    digest = hashlib.sha256()
    with source.open() as stream:
        _feed(digest, stream, offset)
        start = digest_text(digest)
        _feed(digest, stream, source.size - offset)
    return start, digest_text(digest)


def _feed(digest: hashlib._Hash, stream: BinaryIO, size: int) -> None:
    while size > 0 and (data := stream.read(min(CHUNK_BYTES, size))):
        digest.update(data)
        size -= len(data)

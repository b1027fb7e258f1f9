"""The CSV parts of ZIP archives, read as streams: nothing is unpacked to disk, and no archive can fill the memory."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING

from tap_csv.errors import UnreadableError
from tap_csv.salvage import complete_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, BinaryIO

    from typing_extensions import Buffer

ARCHIVE_START = b"PK\x03\x04"
PART_ENDINGS = (".csv", ".tsv", ".txt")
ENCRYPTED = 0x1
WORKBOOKS = (
    ("xl/", "an Excel workbook (XLSX)"),
    ("word/", "a Word document"),
    ("content.xml", "an OpenDocument file (ODS)"),
    ("Index/", "a Numbers document"),
)
RATIO_COUNTS_FROM = 64 * 1024 * 1024
"""A small part may be as repetitive as it likes."""
CUT_OFF = "The archive is cut off in this part. Download it again."


@dataclass(frozen=True)
class Limits:
    """How much an archive may unpack to."""

    part_bytes: int
    ratio: int


@dataclass(frozen=True)
class Part:
    """One CSV of an archive."""

    name: str
    size: int
    open: Callable[[], BinaryIO]
    refusal: str | None = None


def find_parts(path: Path, limits: Limits) -> list[Part]:
    """Return the CSV parts of an archive.

    Raises:
        UnreadableError: it is none, or holds no CSV.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        return _salvaged(path, limits)
    names = [member.filename for member in members]
    for start, what in WORKBOOKS:
        if any(name.startswith(start) for name in names):
            raise UnreadableError(f"This is {what}, not a CSV. Open it and save it as `CSV UTF-8`.")
    wanted = [member for member in members if _is_wanted(member.filename)]
    if not wanted:
        raise UnreadableError(f"The archive holds no CSV (it holds {', '.join(names[:5]) or 'nothing'}).")
    labels = _labels([member.filename for member in wanted])
    return [_part(path, member, label, limits) for member, label in zip(wanted, labels, strict=True)]


def _is_wanted(name: str) -> bool:
    hidden = any(piece.startswith((".", "__MACOSX")) and piece != ".." for piece in name.split("/"))
    return name.lower().endswith(PART_ENDINGS) and not hidden


def _labels(names: list[str]) -> list[str]:
    """Name parts of the same name apart."""
    labels: list[str] = []
    for name in names:
        times = names[: len(labels)].count(name) + 1
        labels.append(name if times == 1 else f"{name}#{times}")
    return labels


def _part(path: Path, member: zipfile.ZipInfo, label: str, limits: Limits) -> Part:
    def opened() -> BinaryIO:
        archive = zipfile.ZipFile(path)
        packed = min(member.compress_size, path.stat().st_size)
        return guarded(archive.open(member), packed, limits, archive)

    refusal = "This part is encrypted. Unpack it with its password first." if member.flag_bits & ENCRYPTED else None
    return Part(label, member.file_size, opened, refusal)


def _salvaged(path: Path, limits: Limits) -> list[Part]:
    parts = []
    for found in complete_parts(path):
        if _is_wanted(found.name):
            parts.append(
                Part(
                    found.name,
                    found.size,
                    lambda found=found: guarded(found.open(), found.packed, limits),  # type: ignore[misc]
                    refusal=None if found.complete else CUT_OFF,
                )
            )
    if not parts:
        raise UnreadableError("The ZIP archive is damaged or cut off, and no complete CSV is in it. Download it again.")
    return parts


def guarded(stream: Any, packed: int, limits: Limits, *owned: Any) -> BinaryIO:
    """Return a stream that stops, with a sentence, at the limits and at damage."""
    return BufferedReader(_Guard(stream, packed, limits, owned), buffer_size=128 * 1024)  # type: ignore[return-value]


class _Guard(RawIOBase):
    def __init__(self, stream: Any, packed: int, limits: Limits, owned: tuple[Any, ...]) -> None:
        self._stream = stream
        self._packed = max(packed, 1)
        self._limits = limits
        self._owned = (stream, *owned)
        self._read_bytes = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        for resource in self._owned:
            resource.close()
        super().close()

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        try:
            data = self._stream.read(len(view))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise UnreadableError(f"The archive is damaged here ({error}). Download it again.") from error
        view[: len(data)] = data
        self._count(len(data))
        return len(data)

    def _count(self, size: int) -> None:
        self._read_bytes += size
        if self._read_bytes > self._limits.part_bytes:
            raise UnreadableError(
                f"This part unpacks to more than {self._limits.part_bytes:,} bytes. "
                "If it is no ZIP bomb, raise `zip_max_part_bytes`."
            )
        ratio = self._read_bytes // self._packed
        if self._read_bytes > RATIO_COUNTS_FROM and ratio > self._limits.ratio:
            raise UnreadableError(
                f"This part unpacks to {ratio} times its size, as a ZIP bomb does. "
                "If it is none, raise `zip_max_ratio`."
            )

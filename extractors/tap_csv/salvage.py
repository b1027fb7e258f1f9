"""What is left of a ZIP archive whose end is missing: the parts that came through whole."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_HEADER = struct.Struct("<4sHHHHHIIIHH")
_HEADER_START = b"PK\x03\x04"
_DESCRIPTOR_START = b"PK\x07\x08"
_SIZES_FOLLOW = 0x8
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
STORED, DEFLATED = 0, 8
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class SalvagedPart:
    """One part, at its place in the archive."""

    path: Path
    name: str
    start: int
    packed: int
    size: int
    method: int
    complete: bool

    def open(self) -> PartBytes:
        """Read the part."""
        file = self.path.open("rb")
        file.seek(self.start)
        return PartBytes(file, self.packed, self.method)


def complete_parts(path: Path) -> Iterator[SalvagedPart]:
    """Yield the parts from the start of the archive, up to the one that is cut off."""
    with path.open("rb") as file:
        while (raw := file.read(_HEADER.size)).startswith(_HEADER_START) and len(raw) == _HEADER.size:
            _, _, flags, method, _, _, checksum, packed, _, name_size, extra_size = _HEADER.unpack(raw)
            name = file.read(name_size).decode("utf-8" if flags & _UTF8_NAME else "cp437", "replace")
            file.seek(extra_size, 1)
            start = file.tell()
            known = None if flags & _SIZES_FOLLOW else (packed, checksum)
            packed, size, complete = _measure(file, method, known, readable=not flags & _ENCRYPTED)
            yield SalvagedPart(path, name, start, packed, size, method, complete)
            if not complete:
                return


def _measure(file: BinaryIO, method: int, known: tuple[int, int] | None, *, readable: bool) -> tuple[int, int, bool]:
    """Unpack a part into nothing, to learn where it ends and whether it is whole."""
    if not readable or method not in (STORED, DEFLATED) or (method == STORED and known is None):
        return 0, 0, False
    start = file.tell()
    unpacked = PartBytes(file, known[0] if known else None, method)
    size, checksum = 0, 0
    try:
        while data := unpacked.take():
            size += len(data)
            checksum = zlib.crc32(data, checksum)
    except zlib.error:
        return 0, size, False
    file.seek(start + unpacked.used)
    if known is None:
        known = _descriptor(file)
    return unpacked.used, size, unpacked.finished and known is not None and known[1] == checksum


def _descriptor(file: BinaryIO) -> tuple[int, int] | None:
    """Read checksum and size from behind a part; the sizes there have four bytes, or eight in large archives."""
    place, raw = file.tell(), file.read(32)
    start = len(_DESCRIPTOR_START) if raw.startswith(_DESCRIPTOR_START) else 0
    for layout in (struct.Struct("<III"), struct.Struct("<IQQ")):
        end = start + layout.size
        if len(raw) >= end and raw[end : end + 2] in (b"PK", b""):
            checksum, packed, _ = layout.unpack(raw[start:end])
            file.seek(place + end)
            return packed, checksum
    return None


class PartBytes:
    """The content of a part of known method; of known length, or (deflated) of the length that it shows."""

    def __init__(self, file: BinaryIO, length: int | None, method: int) -> None:
        self._file = file
        self._left = length
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if method == DEFLATED else None
        self._ready = BytesIO()
        self.used = 0
        self.finished = False

    def close(self) -> None:
        """Close the archive."""
        self._file.close()

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        if not (data := self._ready.read(size)):
            self._ready = BytesIO(self.take())
            data = self._ready.read(size)
        return data

    def take(self) -> bytes:
        """Return the next bytes, a bounded number, empty at the end."""
        data = b""
        while not data and not self.finished:
            waiting = self._inflate.unconsumed_tail if self._inflate else b""
            packed = waiting or self._next()
            if not packed:
                self.finished = self._inflate is None and self._left == 0
                break
            data = packed if self._inflate is None else self._inflate.decompress(packed, CHUNK_BYTES)
            self._settle(packed)
        return data

    def _next(self) -> bytes:
        wanted = CHUNK_BYTES if self._left is None else min(CHUNK_BYTES, self._left)
        packed = self._file.read(wanted)
        if self._left is not None:
            self._left -= len(packed)
        return packed

    def _settle(self, packed: bytes) -> None:
        if self._inflate is None:
            self.used += len(packed)
        else:
            self.used += len(packed) - len(self._inflate.unconsumed_tail) - len(self._inflate.unused_data)
            self.finished = self._inflate.eof

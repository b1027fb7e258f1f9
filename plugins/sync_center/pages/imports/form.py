"""A form with one file, taken as its bytes come: fields are kept, the file is written and its checksum made."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.multipart import MultipartParser, parse_options_header

from sync_center.pages.imports.names import safe_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PARTIAL = ".part"
_MOST_FIELD_BYTES = 1000


class FileTooLargeError(Exception):
    """More has come than an upload may be."""


class FileForm:
    """What has come so far; `permit` is called with the fields before the first byte of the file is written."""

    def __init__(self, folder: Path, most: int, permit: Callable[[dict[str, str]], None]) -> None:
        self.partial = folder / f".{secrets.token_hex(8)}{PARTIAL}"
        self.name = ""
        self.size = 0
        self.digest = hashlib.sha256()
        self.fields: dict[str, str] = {}
        self.is_complete = False
        self._most = most
        self._permit = permit
        self._file: BinaryIO | None = None
        self._header = bytearray(), bytearray()
        self._place = b""
        self._field: str | None = None
        self._is_file = False

    def parser(self, boundary: bytes) -> MultipartParser:
        """What the bytes of the request are given to."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_part_data": self._take,
                "on_header_begin": self._begin_header,
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_end": self._end,
            },
        )

    def close(self) -> None:
        """Let the partial file go; who has not moved it by now loses it."""
        if self._file is not None:
            self._file.close()
        self.partial.unlink(missing_ok=True)

    def _begin_part(self) -> None:
        self._place, self._field, self._is_file = b"", None, False

    def _begin_header(self) -> None:
        self._header = bytearray(), bytearray()

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._place = bytes(value)

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._place)
        filename = options.get(b"filename")
        if filename is None:
            self._field = options.get(b"name", b"").decode("utf-8", "replace")
        elif filename and self._file is None:
            self._permit(self.fields)
            self.name, self._is_file = safe_name(filename.decode("utf-8", "replace")), True
            self._file = _private(self.partial)

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._field is not None:
            value = self.fields.get(self._field, "") + data[start:end].decode("utf-8", "replace")
            self.fields[self._field] = value[:_MOST_FIELD_BYTES]
        elif self._is_file and self._file is not None:
            self.size += end - start
            if self.size > self._most:
                raise FileTooLargeError
            piece = memoryview(data)[start:end]
            self.digest.update(piece)
            self._file.write(piece)

    def _end(self) -> None:
        self.is_complete = True
        if self._file is not None:
            self._file.flush()


def _private(path: Path) -> BinaryIO:
    """A new file that only this user reads; its lock says that somebody is writing it."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file

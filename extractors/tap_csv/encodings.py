"""Which encoding a file has, and how its lines become text: byte order mark, then UTF-8, then Windows-1252."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from tap_csv.lines import WIDE, split_lines

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WITHOUT_MARK = {"utf-16": "utf-16-le"}
"""What a person means by an encoding of two byte orders, if the file has no mark."""
READ_AS_UTF8 = {"utf-8", "utf-8-sig", "cp1252"}
MAC_LETTERS = frozenset(b"\x87\x8e\x9c\x9f\x8b\x8d\x83\x84\x90\x99")
WINDOWS_LETTERS = frozenset(b"\xe1\xe9\xed\xf3\xfa\xf1\xfc\xe3\xe7\xf5\xea\xf4\xc1\xc9\xcd\xd3\xda\xd1")
"""Spanish and Portuguese letters where one of MacRoman and Windows-1252 has them and the other has none that fits."""
UNREADABLE = "\udcff"
"""Stands in the text of a line that is not valid in its encoding; the row is then refused."""


def _undefined_as_latin1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("tap_csv_latin1", _undefined_as_latin1)


@dataclass
class TextDecoder:
    """Decodes lines; counts those that are not what the file's encoding says."""

    encoding: str
    """Name of the encoding, as shown to people."""
    mark: bytes = b""
    fixed: bool = False
    """A line that is not valid in it cannot be read; otherwise UTF-8 and Windows-1252 stand in for each other."""
    odd_lines: int = 0
    first_odd_line: int = 0

    def decode(self, lines: list[bytes], first_line: int) -> list[str]:
        """Return the text of each line."""
        if self.fixed:
            return [self._decode_fixed(line) for line in lines]
        try:
            return list(map(bytes.decode, lines))
        except UnicodeDecodeError:
            return [
                line.decode() if line.isascii() else self._decode_either(line, number)
                for number, line in enumerate(lines, first_line)
            ]

    def _decode_fixed(self, line: bytes) -> str:
        try:
            return line.decode(self.encoding)
        except UnicodeDecodeError:
            return UNREADABLE + line.decode(self.encoding, "replace")

    def _decode_either(self, line: bytes, number: int) -> str:
        """Decode a line of Windows-1252 in a UTF-8 file, or of UTF-8 in a Windows-1252 file, as what it is."""
        try:
            text, is_utf8 = line.decode(), True
        except UnicodeDecodeError:
            other = self.encoding if self.encoding not in READ_AS_UTF8 else "cp1252"
            text, is_utf8 = line.decode(other, "tap_csv_latin1"), False
        if is_utf8 != self.encoding.startswith("utf-8"):
            self.odd_lines += 1
            self.first_odd_line = self.first_odd_line or number
        return text


def find_decoder(sample: bytes, encoding: str | None = None, before: str | None = None) -> TextDecoder:
    """Decide how a file is read from its first bytes, from what the user said, or as it was found `before`."""
    mark, marked = next(((mark, name) for mark, name in BYTE_ORDER_MARKS if sample.startswith(mark)), (b"", None))
    if encoding is not None:
        wanted = WITHOUT_MARK.get(encoding, encoding)
        if marked and (encoding in WITHOUT_MARK or marked.removesuffix("-sig") == wanted):
            return TextDecoder(marked, mark, fixed=marked in WIDE)
        return TextDecoder(wanted, fixed=not wanted.startswith("utf-8"))
    if marked:
        return TextDecoder(marked, mark, fixed=marked in WIDE)
    if before is not None:
        return TextDecoder(before, fixed=before in WIDE)
    wide = _wide_without_mark(sample[:4096])
    return TextDecoder(wide, fixed=True) if wide else TextDecoder(_single_bytes(sample))


def _wide_without_mark(start: bytes) -> str | None:
    """Recognise UTF-16 without its mark: every other byte of Latin text is NUL."""
    pairs = len(start) // 2
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if pairs and odd > pairs * 0.4 and even < pairs * 0.05:
        return "utf-16-le"
    if pairs and even > pairs * 0.4 and odd < pairs * 0.05:
        return "utf-16-be"
    return None


def _single_bytes(sample: bytes) -> str:
    lines = split_lines(sample, "utf-8")
    if len(lines) > 1 and not lines[-1].endswith(b"\n"):
        lines.pop()
    lines = [line for line in lines if not line.isascii()]
    utf8 = sum(_is_utf8(line) for line in lines)
    if utf8 * 2 >= len(lines):
        return "utf-8"
    other = b"".join(line for line in lines if not _is_utf8(line))
    mac, windows = (sum(map(other.count, map(_byte, letters))) for letters in (MAC_LETTERS, WINDOWS_LETTERS))
    return "mac-roman" if mac > windows else "cp1252"


def _byte(value: int) -> bytes:
    return bytes([value])


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True

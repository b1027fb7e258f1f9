"""Files that are no CSV, whatever their name says: what they are, and what to do about it."""

from __future__ import annotations

AS_CSV = "Open it and save it as `CSV UTF-8`."
SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", "Export the table itself as CSV."),
    (b"\xff\xd8\xff", "a JPEG picture", "Export the table itself as CSV."),
    (b"GIF8", "a GIF picture", "Export the table itself as CSV."),
    (b"%PDF-", "a PDF document", "Export the table itself as CSV."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (XLS)", AS_CSV),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first (`gunzip FILE`)."),
    (b"BZh", "a bzip2 archive", "Unpack it first (`bunzip2 FILE`)."),
    (b"\xfd7zXZ\x00", "an xz archive", "Unpack it first (`unxz FILE`)."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it first, or pack it as ZIP."),
    (b"Rar!\x1a\x07", "a RAR archive", "Unpack it first, or pack it as ZIP."),
    (b"\xff\xfe\0\0", "a text in UTF-32", AS_CSV),
    (b"\0\0\xfe\xff", "a text in UTF-32", AS_CSV),
    (b"PAR1", "a Parquet file", "Write it as CSV."),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV."),
    (b"\x7fELF", "a program", "Check the path."),
    (b"{\\rtf", "an RTF document", "Save the table as CSV."),
)
TEXT_STARTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("<!doctype html", "<html"),
        "a web page",
        "The download was probably a sign-in page: sign in and export the file again.",
    ),
    (("<?xml",), "an XML file", "Export the table as CSV."),
    (('{"', "{\n", "{\r", '[{"', "[\n", "[\r", "[{\n"), "a JSON file", "Export the table as CSV."),
)
FEWEST_CONTROL_BYTES = 16
SHARE_OF_CONTROL_BYTES = 0.05
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1a"))


def foreign(sample: bytes, *, wide: bool) -> str | None:
    """Say what a file is and what to do, if it is no CSV."""
    for signature, what, advice in SIGNATURES:
        if sample.startswith(signature):
            return f"This is {what}, not a CSV. {advice}"
    start = sample[:200].removeprefix(b"\xef\xbb\xbf").decode("latin-1").lstrip().lower()
    for starts, what, advice in TEXT_STARTS:
        if start.startswith(starts):
            return f"This is {what}, not a CSV. {advice}"
    if not wide and _is_binary(sample[:65536]):
        return "This is a binary file, not a CSV. Export the table as CSV (UTF-8)."
    return None


def _is_binary(start: bytes) -> bool:
    control = len(start) - len(start.translate(None, _CONTROL))
    return control >= FEWEST_CONTROL_BYTES and control > len(start) * SHARE_OF_CONTROL_BYTES

"""Names that a file of a stranger may have on our disk and in our addresses."""

from __future__ import annotations

import re
import unicodedata

MOST_BYTES = 160
NAMELESS = "upload.csv"
_STRANGE = re.compile(r"[^\w .()+@-]+")
_ENDING = re.compile(r"\.\w{1,8}$")


def safe_name(name: str) -> str:
    """The last part of the name, letters of all languages kept, nothing that a shell, a folder or an address minds."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    kept = re.sub(r"\s+", " ", _STRANGE.sub("_", last)).strip(" .-")
    found = _ENDING.search(kept)
    ending = found.group() if found else ""
    stem = kept.removesuffix(ending)
    while len((stem + ending).encode()) > MOST_BYTES:
        stem = stem[:-1]
    return stem.strip(" .-") + ending if stem.strip(" .-_") else NAMELESS

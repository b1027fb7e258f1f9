"""Headers: compared without case, accents and punctuation; kept in records as the file writes them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_A_WORD = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def normalise(header: str) -> str:
    """Return the form that headers are compared in: `Id. de transacción ` becomes `id de transaccion`."""
    letters = unicodedata.normalize("NFKD", header)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NOT_A_WORD.sub(" ", plain.casefold()).strip()


def unique_names(headers: list[str]) -> list[str]:
    """Return the keys of a record: a repeated header gets `_2`, `_3`; an empty one is `column_<n>`."""
    names: list[str] = []
    taken: set[str] = set()
    for number, header in enumerate(headers, 1):
        name = header if header.strip() else f"column_{number}"
        times, unique = 1, name
        while unique in taken:
            times += 1
            unique = f"{name}_{times}"
        taken.add(unique)
        names.append(unique)
    return names

"""The named queries of `queries.sql` (or another file like it), each with a line saying what it answers."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

if TYPE_CHECKING:
    import psycopg

_FILE = Path(__file__).with_name("queries.sql")


@cache
def queries(file: Path = _FILE) -> dict[str, str]:
    """All queries by name."""
    parts = re.split(r"^-- name: (\w+)\n", file.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fetch(
    connection: psycopg.Connection[Any], name: str, parameters: Any = None, file: Path = _FILE
) -> list[dict[str, Any]]:
    """The rows of a named query."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(queries(file)[name], parameters)
        return cursor.fetchall()

"""What a run refused: shown as text, and all of it as a file, a few rows at a time."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_center.database import Row
    from sync_center.panel import Panel

PER_PAGE = 25
_AT_ONCE = 100
COLUMNS = ("reject_id", "stream", "reason", "origin", "rejected_at", "raw_length", "sha256", "raw", "raw_base64")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def read_rejects(panel: Panel, source: str, run_id: str, after: int, stream: str) -> tuple[list[Row], int | None]:
    """A page of them, and where the next begins."""
    asked = {"source": source, "run_id": run_id, "after": after, "stream": stream or None, "most": PER_PAGE + 1}
    rows = panel.database.rows("runs", "rejects", **asked)
    shown = [{**row, "text": as_text(row["start"])} for row in rows[:PER_PAGE]]
    return shown, shown[-1]["reject_id"] if len(rows) > PER_PAGE else None


def as_text(raw: bytes) -> str:
    """The bytes as a person can read them."""
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\0")


def jsonl(panel: Panel, source: str, run_id: str) -> Iterator[bytes]:
    """A line of JSON for each; bytes that are no text are base64."""
    for row in _all(panel, source, run_id):
        found = {name: row[name] for name in COLUMNS if name in row and name != "raw"}
        yield json.dumps({**found, **_content(row["raw"])}, ensure_ascii=False, default=str).encode() + b"\n"


def as_csv(panel: Panel, source: str, run_id: str) -> Iterator[bytes]:
    """A row for each, for a spreadsheet: it must not take a cell for a formula, so the exact bytes stand beside."""
    yield _line(COLUMNS)
    for row in _all(panel, source, run_id):
        raw = bytes(row["raw"])
        origin = json.dumps(row["origin"], ensure_ascii=False) if row["origin"] else ""
        values = {**row, "origin": origin, "raw": as_text(raw), "raw_base64": base64.b64encode(raw).decode()}
        yield _line([_harmless(values[name]) for name in COLUMNS])


def _all(panel: Panel, source: str, run_id: str) -> Iterator[Row]:
    """All of them; no connection is held while the reader takes its time."""
    after = 0
    while True:
        asked = {"source": source, "run_id": run_id, "after": after, "most": _AT_ONCE}
        rows = panel.database.rows("runs", "whole_rejects", **asked)
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1]["reject_id"]


def _content(raw: bytes) -> dict[str, str]:
    try:
        return {"raw": bytes(raw).decode("utf-8")}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(raw).decode()}


def _line(cells: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value

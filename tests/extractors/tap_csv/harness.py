"""Runs tap-csv in this process and sorts what it writes."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_csv.tap import TapCSV

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Moment:
    """A checkpoint, and all that was written before it."""

    state: dict[str, Any]
    records: int
    rejects: int


@dataclass
class Outcome:
    """What a run wrote."""

    exit_code: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    finished: bool = False

    @property
    def state(self) -> dict[str, Any]:
        """The last checkpoint."""
        return self.moments[-1].state if self.moments else {}

    @property
    def file(self) -> dict[str, Any]:
        """What is said about the last file at its end."""
        found: dict[str, Any] = self.files[-1]["record"]
        return found

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Values of the records, in the order of the file's lines."""
        alive = [record for record in self.records if "_sdc_deleted_at" not in record]
        alive.sort(key=lambda record: record["origin"]["line"])
        return [tuple(record["record"].values()) for record in alive]

    @property
    def lines_rejected(self) -> list[tuple[int | None, str]]:
        """Line and reason of each reject."""
        return [(reject["origin"].get("line"), reject["reason"]) for reject in self.rejects]

    def bookmark(self, path: Path | str) -> dict[str, Any]:
        """The bookmark of a file."""
        found: dict[str, Any] = self.state["bookmarks"]["imports"]["files"][str(path)]
        return found

    def table(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What the warehouse holds after this run, as far as content goes: the newest record of each key."""
        return apply({}, self.records)


def apply(table: dict[tuple[str, str], Any], records: list[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    """Do to a dict what the loader does to a table."""
    for record in records:
        key = (record["account"], record["id"])
        content = {name: record.get(name) for name in ("record", "phones")}
        table[key] = None if record.get("_sdc_deleted_at") else content
    return table


def alive(table: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """Leave out what was marked as deleted."""
    return {key: content for key, content in table.items() if content is not None}


def run(files: Any, state: dict[str, Any] | None = None, catalog: Any = None, **settings: Any) -> Outcome:
    """Run the tap once; every page gets its checkpoint."""
    given = (
        [str(entry) if not isinstance(entry, dict) else entry for entry in files] if isinstance(files, list) else files
    )
    config = {"files": given if isinstance(given, list) else str(given), **settings}
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    outcome = Outcome()
    with contextlib.redirect_stdout(stdout), mock.patch("tap_core.writer.STATE_SECONDS", 0):
        try:
            TapCSV(config=config, state=json.loads(json.dumps(state or {})), catalog=catalog).sync_all()
        except SystemExit as end:
            outcome.exit_code = int(end.code or 0)
    stdout.flush()
    _sort(stdout.buffer.getvalue().splitlines(), outcome)  # type: ignore[attr-defined]
    return outcome


def _sort(lines: list[bytes], outcome: Outcome) -> None:
    streams = {"imports": outcome.records, "files": outcome.files, "_rejected_records": outcome.rejects}
    announced: set[str] = set()
    for line in lines:
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            announced.add(message["stream"])
        elif message["type"] == "RECORD":
            assert message["stream"] in announced
            record = message["record"]
            if "raw" in record:
                record["raw"] = base64.b64decode(record["raw"])
            streams[message["stream"]].append(record)
        else:
            value = message["value"]
            outcome.finished = value.pop("progress")["finished"]
            outcome.moments.append(Moment(value, len(outcome.records), len(outcome.rejects)))


def written(path: Path, content: bytes | str) -> Path:
    """Write a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path

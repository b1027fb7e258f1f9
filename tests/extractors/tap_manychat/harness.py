"""Runs tap-manychat in this process, loads what it wrote with the real loader, and stages what other sources would."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from sandbox.appearances import appearances
from tap_manychat.tap import TapManyChat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.server import SandboxServer
    from support.desk import Desk

TOKEN = "1234567:sandbox"
FAST = {"requests_per_second": 5000, "lookup_requests_per_second": 5000}
FIND, GET_INFO = "/fb/subscriber/findBySystemField", "/fb/subscriber/getInfo"


@dataclass
class Outcome:
    """What a run wrote, in order."""

    exit_code: int = 0
    lines: list[bytes] = field(default_factory=list)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The lines, decoded."""
        return [json.loads(line) for line in self.lines]

    @property
    def states(self) -> list[dict[str, Any]]:
        """Checkpoints, with the progress that was told."""
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        """The last checkpoint, as the next run gets it."""
        return {name: value for name, value in self.states[-1].items() if name != "progress"}

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return bool(self.states[-1]["progress"]["finished"])

    def note(self, stream: str) -> str:
        """What was said last about a stream."""
        return str(self.states[-1]["progress"][stream]["note"])

    def records(self, stream: str) -> list[dict[str, Any]]:
        """Records of a stream, in order."""
        return [m["record"] for m in self.messages if m["type"] == "RECORD" and m["stream"] == stream]

    def until(self, checkpoint: int) -> tuple[list[bytes], dict[str, Any]]:
        """What had been written, and the bookmark, when the run was killed right after its n-th checkpoint."""
        ends = [number for number, line in enumerate(self.lines) if line.startswith(b'{"type":"STATE"')]
        end = ends[checkpoint] + 1
        return self.lines[:end], {"bookmarks": json.loads(self.lines[end - 1])["value"]["bookmarks"]}


def run(url: str, state: dict[str, Any] | None = None, streams: tuple[str, ...] = (), **settings: Any) -> Outcome:
    """Run the tap once; every page gets its checkpoint and nobody waits long."""
    config = {"api_token": TOKEN, "api_url": url, **FAST, **settings}
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    outcome = Outcome()
    with (
        contextlib.redirect_stdout(stdout),
        mock.patch("tap_core.writer.STATE_SECONDS", 0),
        mock.patch("tap_core.client.FIRST_PAUSE_SECONDS", 0.002),
    ):
        tap = TapManyChat(config=config, state=json.loads(json.dumps(state or {})))
        for name, stream in tap.streams.items():
            stream.selected = not streams or name in streams
        try:
            tap.sync_all()
        except SystemExit as end:
            outcome.exit_code = int(end.code or 0)
        finally:
            for worker in [thread for thread in threading.enumerate() if thread.name.startswith("manychat")]:
                worker.join(10)  # a question that was under way when the run ended uses the database too
            if tap.database:
                tap.database.close()
    stdout.flush()
    outcome.lines = stdout.buffer.getvalue().split(b"\n")[:-1]  # type: ignore[attr-defined]
    return outcome


def ids_file(folder: Path, identities: Iterable[str]) -> str:
    """A file of ids."""
    path = folder / "ids.txt"
    path.write_text("".join(f"{identity}\n" for identity in identities))
    return str(path)


def truth(sandbox: SandboxServer) -> dict[str, dict[str, Any]]:
    """Every subscriber of the page."""
    return sandbox.world_state("subscribers", vendor="manychat")


def stage(desk: Desk, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Put rows where another source's loader would."""
    schema, stream = table.split(".")
    desk.connection.execute("select ops.create_raw_stream(%s, %s)", [schema, stream])
    insert = (
        f"insert into {table} (account, id, record, phones, origin, _first_loaded_at, _loaded_at, _run_id, _batch_id)"
        " values ('main', %s, %s, %s, %s, now(), now(), gen_random_uuid(), 1)"
    )
    for number, row in enumerate(rows):
        parts = [
            json.dumps(row.get(part)) if row.get(part) is not None else None for part in ("record", "phones", "origin")
        ]
        desk.connection.execute(insert, [row.get("id", f"row{number}"), *parts])


def stage_contacts(desk: Desk, sandbox: SandboxServer) -> None:
    """Stage what GHL would hold of the same people: e-mail and phone."""
    world = sandbox.world
    rows = [
        {"id": seen.id, "record": {"email": seen.email}, "phones": [seen.phone] if seen.phone else []}
        for person in world
        for seen in appearances(world, person, "ghl")
    ]
    stage(desk, "staging_ghl.contacts", rows)


def load(desk: Desk, lines: list[bytes]) -> None:
    """Load what a run wrote, or a beginning of it."""
    outcome = desk.load(*lines)
    assert outcome.code in (0, None, 1), outcome.error


def staged(desk: Desk, *, deleted: bool = False) -> dict[str, dict[str, Any]]:
    """Subscribers in the warehouse that are there, or that are gone."""
    condition = "is not null" if deleted else "is null"
    found = desk.query(f"select id, record::text from staging_manychat.subscribers where _deleted_at {condition}")
    return {identity: json.loads(text) for identity, text in found}


def lookups(desk: Desk) -> dict[str, dict[str, Any]]:
    """What was tried, by the seed's id."""
    return dict(desk.query("select id, record from staging_manychat.lookups"))


def requests_of(sandbox: SandboxServer, since: int = 0) -> list[str]:
    """Paths that were asked for, after the first `since` requests."""
    return [logged.path.removeprefix("/manychat") for logged in sandbox.log[since:]]

"""Runs tap-manychat in this process, loads what it wrote with the real loader, and stages what other sources would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.appearances import appearances
from support import tap_runs
from tap_manychat.tap import TapManyChat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.server import SandboxServer
    from support.desk import Desk

TOKEN = "1234567:sandbox"
FAST = {"requests_per_second": 5000, "lookup_requests_per_second": 5000}
FIND, GET_INFO = "/fb/subscriber/findBySystemField", "/fb/subscriber/getInfo"


class Outcome(tap_runs.Outcome):
    """What a run wrote, in order."""

    def note(self, stream: str) -> str:
        """What was said last about a stream."""
        return str(self.progress[stream]["note"])

    def until(self, checkpoint: int) -> tuple[list[bytes], dict[str, Any]]:
        """What had been written, and the bookmark, when the run was killed right after its n-th checkpoint."""
        ends = [number for number, line in enumerate(self.lines) if line.startswith(b'{"type":"STATE"')]
        end = ends[checkpoint] + 1
        return self.lines[:end], {"bookmarks": json.loads(self.lines[end - 1])["value"]["bookmarks"]}


def run(url: str, state: dict[str, Any] | None = None, streams: tuple[str, ...] = (), **settings: Any) -> Outcome:
    """Run the tap once; every page gets its checkpoint and nobody waits long."""
    done = tap_runs.run_tap(TapManyChat, {"api_token": TOKEN, "api_url": url, **FAST, **settings}, state, streams)
    return Outcome(done.exit_code, done.lines)


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

"""Runs tap-ghl in this process and keeps what the loader would hold."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_ghl.streams import STREAMS
from tap_ghl.tap import TapGHL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.server import SandboxServer

MAIN, SECOND = "loc_sandbox", "loc_sandbox_2"
ONE = {"location_id": MAIN, "private_token": "pit-sandbox"}
TWO = {"locations": [ONE, {"location_id": SECOND, "private_token": "pit-sandbox-2"}]}
NAMES = tuple(stream.name for stream in STREAMS)
SEARCHED = ("contacts", "opportunities")


@dataclass
class Outcome:
    """What a run wrote, in order."""

    exit_code: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def states(self) -> list[dict[str, Any]]:
        """Checkpoints, without progress."""
        found = [message["value"] for message in self.messages if message["type"] == "STATE"]
        return [{name: value for name, value in state.items() if name != "progress"} for state in found]

    @property
    def state(self) -> dict[str, Any]:
        """The last checkpoint."""
        return self.states[-1]

    @property
    def progress(self) -> dict[str, Any]:
        """What was said last about the progress."""
        found: dict[str, Any] = [m["value"]["progress"] for m in self.messages if m["type"] == "STATE"][-1]
        return found

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return bool(self.progress["finished"])

    def records(self, stream: str) -> list[dict[str, Any]]:
        """Records of a stream, in order."""
        return [m["record"] for m in self.messages if m["type"] == "RECORD" and m["stream"] == stream]

    def bookmark(self, stream: str, account: str = MAIN) -> dict[str, Any]:
        """A stream's last bookmark."""
        found: dict[str, Any] = self.state["bookmarks"][stream]["accounts"][account]
        return found


def run(
    sandbox: SandboxServer | str,
    state: Mapping[str, Any] | None = None,
    streams: tuple[str, ...] = (),
    **settings: Any,
) -> Outcome:
    """Run the tap once; every page gets its checkpoint and nobody waits."""
    url = sandbox if isinstance(sandbox, str) else f"{sandbox.url}/ghl"
    who = {} if {"locations", "client_id"} & settings.keys() else ONE
    config = {"api_url": url, "requests_per_second": 5000, **who, **settings}
    stdout, outcome = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), Outcome()
    with (
        contextlib.redirect_stdout(stdout),
        mock.patch("tap_core.writer.STATE_SECONDS", 0),
        mock.patch("tap_core.client.FIRST_PAUSE_SECONDS", 0.002),
        mock.patch("tap_ghl.client.INTERVAL_HEADER", "X-Not-Sent"),
    ):
        tap = TapGHL(config=config, state=json.loads(json.dumps(state or {})))
        for name, stream in tap.streams.items():
            stream.selected = not streams or name in streams
        try:
            tap.sync_all()
        except SystemExit as end:
            outcome.exit_code = int(end.code or 0)
        if tap.database:
            tap.database.close()
    stdout.flush()
    lines = stdout.buffer.getvalue().split(b"\n")[:-1]  # type: ignore[attr-defined]
    outcome.messages = [json.loads(line) for line in lines]
    return outcome


def after(outcome: Outcome, checkpoint: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the loader holds, and the bookmark, if the run was killed right after its n-th checkpoint."""
    seen = 0
    for number, message in enumerate(outcome.messages):
        seen += message["type"] == "STATE"
        if seen > checkpoint:
            value = {name: part for name, part in message["value"].items() if name != "progress"}
            return outcome.messages[:number], value
    raise IndexError(checkpoint)


class Warehouse:
    """Does to dicts what the loader does to tables; keys are account and id."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self.versions: dict[str, dict[tuple[str, str], int | None]] = {}
        self.gone: dict[str, set[tuple[str, str]]] = {}

    def load(self, messages: list[dict[str, Any]]) -> Warehouse:
        """Take messages in order."""
        for message in messages:
            if message["type"] == "RECORD" and message["stream"] != "_rejected_records":
                self._record(message)
            elif message["type"] == "ACTIVATE_VERSION":
                self._activate(message)
        return self

    def _record(self, message: dict[str, Any]) -> None:
        stream, row = message["stream"], message["record"]
        key = (row["account"], row["id"])
        self.tables.setdefault(stream, {})[key] = row
        self.versions.setdefault(stream, {})[key] = message.get("version")
        self.gone.setdefault(stream, set()).discard(key)

    def _activate(self, message: dict[str, Any]) -> None:
        for key, version in self.versions.get(message["stream"], {}).items():
            if key[0] == message["account"] and version != message["version"]:
                self.gone[message["stream"]].add(key)

    def alive(self, stream: str, account: str = MAIN) -> dict[str, dict[str, Any]]:
        """Objects that are not deleted."""
        rows, gone = self.tables.get(stream, {}), self.gone.get(stream, set())
        return {key[1]: row["record"] for key, row in rows.items() if key[0] == account and key not in gone}

    def deleted(self, stream: str, account: str = MAIN) -> set[str]:
        """Ids that are."""
        return {key[1] for key in self.gone.get(stream, set()) if key[0] == account}


def truth(sandbox: SandboxServer, stream: str, account: str = MAIN) -> dict[str, dict[str, Any]]:
    """What the location has."""
    name = "location" if stream == "locations" else stream
    return sandbox.world_state(name, account, "ghl")


def differences(
    warehouse: Warehouse, sandbox: SandboxServer, account: str = MAIN, streams: tuple[str, ...] = NAMES
) -> list[str]:
    """Where what was loaded is not what the location has; what was deleted since the last listing may be left."""
    found = []
    for stream in streams:
        real, loaded = truth(sandbox, stream, account), warehouse.alive(stream, account)
        unnoticed = sandbox.deleted(stream, account, "ghl") if stream in SEARCHED else {}
        keys = sorted(real.keys() | loaded.keys() - unnoticed.keys())
        found += [f"{stream} {key}" for key in keys if real.get(key) != loaded.get(key)]
    return found


def requests_of(sandbox: SandboxServer, since: int = 0) -> list[str]:
    """Paths that were asked for, after the first `since` requests."""
    return [logged.path.removeprefix("/ghl") for logged in sandbox.log[since:]]

"""Runs an API tap in this process, as fast as it can, and keeps what it wrote."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from unittest import mock

from tap_core.api_tap import ApiTap


@dataclass
class Outcome:
    """What a run wrote, in order."""

    exit_code: int = 0
    lines: list[bytes] = field(default_factory=list)

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The lines, decoded."""
        return [json.loads(line) for line in self.lines]

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


def run_tap(
    tap_class: type[ApiTap], config: Mapping[str, Any], state: Mapping[str, Any] | None, streams: tuple[str, ...]
) -> Outcome:
    """Run the tap once; every page gets its checkpoint and nobody waits long."""
    stdout, outcome = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), Outcome()
    others = set(threading.enumerate())
    with (
        contextlib.redirect_stdout(stdout),
        mock.patch("tap_core.writer.STATE_SECONDS", 0),
        mock.patch("tap_core.client.FIRST_PAUSE_SECONDS", 0.002),
    ):
        tap = tap_class(config=dict(config), state=json.loads(json.dumps(state or {})))
        for name, stream in tap.streams.items():
            stream.selected = not streams or name in streams
        try:
            tap.sync_all()
        except SystemExit as end:
            outcome.exit_code = int(end.code or 0)
        if tap.database is not None:
            for worker in set(threading.enumerate()) - others:
                if worker.name == "reader":  # a question that was under way when the run ended uses the database too
                    worker.join(0.1)
            tap.database.close()
    stdout.flush()
    outcome.lines = stdout.buffer.getvalue().split(b"\n")[:-1]  # type: ignore[attr-defined]
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

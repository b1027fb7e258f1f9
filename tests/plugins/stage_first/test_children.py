"""What a run of Meltano said, kept and understood: a failure names its reason, even if nobody called it an error."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from stage_first.children import MeltanoRun

USAGE: dict[str, Any] = {
    "string_id": "tap-csv",
    "name": "tap-csv",
    "level": "info",
    "event": "No such file: state.json",
}
LOADER: dict[str, Any] = {
    "string_id": "target-postgres",
    "name": "target-postgres",
    "level": "error",
    "event": "Nothing came.",
}
ENDED: dict[str, Any] = {
    "level": "error",
    "event": "Block run completed",
    "exit_codes": {"extractors": 2, "loaders": 1},
}


def run_that_said(*lines: dict[str, Any] | str) -> MeltanoRun:
    run = MeltanoRun("csv", [], Path("unused"))
    for line in lines:
        run._note(line if isinstance(line, str) else json.dumps(line), io.StringIO())
    return run


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([USAGE, LOADER, ENDED], "tap-csv ended with exit code 2; it said last: No such file: state.json"),
        ([LOADER, ENDED], "tap-csv ended with exit code 2 and said nothing."),
        ([USAGE | {"level": "error"}, LOADER, ENDED], ""),
        ([USAGE, LOADER, ENDED | {"exit_codes": {"extractors": 0, "loaders": 1}}], ""),
        ([USAGE, LOADER, "no JSON at all"], ""),
    ],
)
def test_a_tap_that_fails_without_an_error_is_quoted(lines: list[dict[str, Any] | str], sentence: str) -> None:
    run = run_that_said(*lines)
    assert run.unexplained_end("tap-csv") == sentence
    assert run.errors[-1] == "Nothing came."

"""The vendors' look-alikes that the demo reads, and the settings by which the taps find them."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

from dotenv import set_key
from sandbox.settings import settings_of_taps

from stage_first import background, project
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FASTER = {"TAP_MANYCHAT_REQUESTS_PER_SECOND": "200", "TAP_MANYCHAT_LOOKUP_REQUESTS_PER_SECOND": "500"}
"""The look-alikes' limits are off, since waiting shows nothing."""
NAME = "demo-sandbox"
_SECONDS_TO_START = 60
_CONTROL = re.compile(r"(http://\S+)/control")


def look_alikes(people: int, seed: int) -> str:
    """Start a sandbox server that goes on until `make stop`, and return its address.

    The same people and seed are the same world.
    """
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--limits", "off"]
    background.start(NAME, [*command, "--people", str(people), "--seed", str(seed)], {"PYTHONUNBUFFERED": "1"})
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until:
        if found := _CONTROL.search(background.log_of(NAME).read_text()):
            return found.group(1)
        background.check_running(NAME, "The sandbox")
        time.sleep(0.05)
    raise UsageError("The sandbox does not start; `python -m sandbox serve` says why.")


def write_settings(sandbox: str, files: Sequence[Path]) -> None:
    """Write what the environment `demo` of Meltano reads instead of `.env`."""
    values = {**settings_of_taps(sandbox), **FASTER, "TAP_CSV_FILES": ",".join(map(str, files))}
    project.DEMO_SETTINGS.write_text("")
    for name, value in values.items():
        set_key(project.DEMO_SETTINGS, name, value)

"""The vendors' look-alikes that the demo reads, and the settings by which the taps find them."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dotenv import set_key
from sandbox.settings import settings_of_taps

from stage_first import project
from stage_first.children import end_with_parent
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FASTER = {"TAP_MANYCHAT_REQUESTS_PER_SECOND": "200", "TAP_MANYCHAT_LOOKUP_REQUESTS_PER_SECOND": "500"}
"""The look-alikes' limits are off, since waiting shows nothing."""
_CONTROL = re.compile(r"(http://\S+)/control")


@contextmanager
def look_alikes(people: int, seed: int) -> Iterator[str]:
    """Address of a sandbox server with a process of its own; the same people and seed are the same world."""
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--limits", "off"]
    with subprocess.Popen(
        [*command, "--people", str(people), "--seed", str(seed)],
        cwd=project.ROOT,
        text=True,
        stdout=subprocess.PIPE,
        preexec_fn=end_with_parent,
    ) as server:
        try:
            yield _address(server)
        finally:
            server.terminate()


def write_settings(sandbox: str, files: Sequence[Path]) -> None:
    """Write what the environment `demo` of Meltano reads instead of `.env`."""
    values = {**settings_of_taps(sandbox), **FASTER, "TAP_CSV_FILES": ",".join(map(str, files))}
    project.DEMO_SETTINGS.write_text("")
    for name, value in values.items():
        set_key(project.DEMO_SETTINGS, name, value)


def _address(server: subprocess.Popen[str]) -> str:
    for line in server.stdout or ():
        if found := _CONTROL.search(line):
            return found.group(1)
    raise UsageError("The sandbox does not start; `python -m sandbox serve` says why.")

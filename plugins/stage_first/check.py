"""Asks every configured source, before any download, whether its credential is right and what it may read."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stage_first import project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stage_first.sources import Source

PATIENCE_SECONDS = 5
"""How long a tap insists on an answer; a download waits longer."""
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Finding:
    """What was found out about a source; `is_fine` is None where there was nothing to ask."""

    source: str
    is_fine: bool | None
    sentence: str

    def __str__(self) -> str:
        word = {True: "ok.", False: "WRONG.", None: "not configured:"}[self.is_fine]
        return f"{self.source}: {word} {self.sentence}"


def check(sources: Sequence[Source], environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each source, in order; all are asked at once."""
    with ThreadPoolExecutor(max(len(sources), 1)) as pool:
        yield from pool.map(lambda source: _check_one(source, environment), sources)


def _check_one(source: Source, environment: Mapping[str, str]) -> Finding:
    if not source.is_configured(environment):
        return Finding(source.name, None, source.hint(environment))
    command = [str(project.BIN / "meltano"), "--log-format=json", "invoke", source.tap, "--check"]
    hasty = {**environment, f"{source.tap.replace('-', '_').upper()}_MAX_WAIT_SECONDS": str(PATIENCE_SECONDS)}
    try:
        done = subprocess.run(
            command, cwd=project.ROOT, env=hasty, text=True, capture_output=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        sentence = f"No answer within {TIMEOUT_SECONDS} s: is {source.label} reachable from this machine?"
        return Finding(source.name, False, sentence)
    said = done.stdout.strip() or done.stderr.strip()[-500:]
    return Finding(source.name, done.returncode == 0, "\n  ".join(line.strip() for line in said.splitlines()))

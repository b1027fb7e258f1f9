"""The command `local-postgres`: the embedded server from a terminal, a Makefile or cron."""

from __future__ import annotations

import functools
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from local_postgres.errors import LocalServerError
from local_postgres.server import DEFAULT_PORT, LocalServer

DEFAULT_FOLDER, DEFAULT_DATABASE = Path(".data/postgres"), "stage_first"
NOT_RUNNING = 3


@click.group()
def main() -> None:
    """The embedded PostgreSQL of this project."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")


def of_server(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its server, and say errors as one plain sentence."""

    @click.option(
        "--folder",
        type=click.Path(path_type=Path, readable=False),
        default=DEFAULT_FOLDER,
        envvar="LOCAL_POSTGRES_FOLDER",
        show_default=True,
        show_envvar=True,
        help="The private folder of the server.",
    )
    @click.option(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        envvar="LOCAL_POSTGRES_PORT",
        show_default=True,
        show_envvar=True,
        help="Its port on 127.0.0.1.",
    )
    @functools.wraps(command)
    def with_server(folder: Path, port: int, **options: str) -> None:
        try:
            command(LocalServer(folder, port), **options)
        except LocalServerError as error:
            raise click.ClickException(str(error)) from error

    return with_server


@main.command()
@of_server
def start(server: LocalServer) -> None:
    """Start the server, or do nothing if it runs; it stays up until it is stopped."""
    began = time.monotonic()
    server.start()
    server.ensure_database(DEFAULT_DATABASE)
    click.echo(f"PostgreSQL is ready on 127.0.0.1:{server.port} ({time.monotonic() - began:.1f} s).")


@main.command()
@of_server
def stop(server: LocalServer) -> None:
    """Stop the server; the data stay."""
    server.stop()
    click.echo("PostgreSQL is stopped.")


@main.command()
@of_server
def status(server: LocalServer) -> None:
    """Say whether the server runs; the exit status is 0 if so, else 3."""
    if not server.is_running():
        click.echo(f"PostgreSQL does not run on 127.0.0.1:{server.port}. Start it with `local-postgres start`.")
        sys.exit(NOT_RUNNING)
    click.echo(f"PostgreSQL runs on 127.0.0.1:{server.port}, data in {server.data}.")


@main.command()
@click.option("--database", default=DEFAULT_DATABASE, show_default=True, help="Which database.")
@of_server
def url(server: LocalServer, database: str) -> None:
    """Print the address of a database, with the password in it."""
    click.echo(server.url(database))

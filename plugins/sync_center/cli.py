"""`sync-center`: serves the panel; makes users and tokens."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from local_postgres.errors import LocalServerError
from stage_first.doors import enter
from stage_first.settings import UsageError, written_settings
from warehouse.run_log import started_by

from sync_center.database import Database
from sync_center.security import audit, tokens, users
from sync_center.security.passwords import random_password
from sync_center.security.roles import ROLES
from sync_center.settings import Settings
from sync_center.unit import systemd_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_center.database import Connection

_SECONDS_TO_END = 3


class _Group(click.Group):
    """Errors that the user can put right are a sentence, not a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (UsageError, LocalServerError, RuntimeError) as error:
            click.echo(str(error), err=True)
            sys.exit(1)


@click.group(cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--environment", envvar="MELTANO_ENVIRONMENT", help="Meltano's environment; `demo` has its own database.")
@click.pass_context
def main(context: click.Context, environment: str | None) -> None:
    """The Sync Center: one page where an owner sees what is in, what is pending, what needs a decision."""
    context.obj = environment
    if context.invoked_subcommand is None:
        context.invoke(serve)


@main.command()
@click.option("--host", help="Where to listen (default: STAGE_FIRST_PANEL_HOST, else this machine only).")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: STAGE_FIRST_PANEL_PORT, else 8765.")
@click.option("--root-path", help="The prefix under which a proxy shows it, for instance /sync.")
@click.pass_obj
def serve(environment: str | None, host: str | None, port: int | None, root_path: str | None) -> None:
    """Serve the panel until Ctrl-C; what it has started goes on."""
    import uvicorn

    from sync_center.application import make_application

    given = {"HOST": host, "PORT": str(port or ""), "ROOT_PATH": root_path}
    settings = settle(environment, {f"STAGE_FIRST_PANEL_{name}": value for name, value in given.items() if value})
    click.echo(f"Sync Center: http://{settings.host}:{settings.port}{settings.root_path}/")
    uvicorn.run(
        make_application(settings),
        host=settings.host,
        port=settings.port,
        proxy_headers=True,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )


@main.command()
def systemd() -> None:
    """Print the panel as a unit of systemd."""
    click.echo(systemd_unit())


def settle(environment: str | None, given: dict[str, str]) -> Settings:
    """The settings of this shell and `.env`; what the panel starts gets the shell's variables as they were.

    Meltano has put what `.env` says among them; that is left out, so that a change of `.env` counts at once.
    """
    written = written_settings(environment)
    shell = {name: value for name, value in os.environ.items() if written.get(name) != value}
    url = enter(environment)
    chosen = {"MELTANO_ENVIRONMENT": environment} if environment else {}
    return Settings.of({**os.environ, **given, **chosen}, url, shell)


@contextmanager
def _connected(environment: str | None) -> Iterator[Connection]:
    database = Database(enter(environment))
    database.open()
    try:
        with database.connection() as connection:
            yield connection
    finally:
        database.close()


@main.group("users")
def users_group() -> None:
    """Who may log in."""


@users_group.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What they may do.")
@click.option("--ask", is_flag=True, help="Ask for a password instead of making one.")
@click.option("--renew", is_flag=True, help="Where there is a user of that name, give it this password and role.")
@click.pass_obj
def add(environment: str | None, name: str, role: str, ask: bool, renew: bool) -> None:
    """Make a user; the password is made at random and printed once."""
    password = _password(ask)
    with _connected(environment) as connection:
        if renew and any(user["name"] == name for user in users.listed(connection)):
            users.set_password(connection, name, password)
            users.set_role(connection, name, role)
        else:
            users.add(connection, name, role, password)
        audit.note(connection, started_by(), "add user", name, role=role)
    _tell(name, password, ask)


@users_group.command("list")
@click.pass_obj
def list_users(environment: str | None) -> None:
    """Show all users."""
    with _connected(environment) as connection:
        for row in users.listed(connection):
            seen = f"last seen {row['seen_at']:%Y-%m-%d %H:%M} UTC" if row["seen_at"] else "not logged in"
            click.echo(f"{row['name']:24} {row['role']:10} {'disabled' if row['disabled_at'] else seen}")


@users_group.command("disable")
@click.argument("name")
@click.option("--again", "is_disabled", flag_value=False, default=True, type=bool, help="Let the user in again.")
@click.pass_obj
def disable(environment: str | None, name: str, is_disabled: bool) -> None:
    """Let a user in no more; open logins end at once."""
    with _connected(environment) as connection:
        users.set_disabled(connection, name, is_disabled=is_disabled)
        audit.note(connection, started_by(), "disable user" if is_disabled else "enable user", name)
    click.echo(f"{name} may {'not ' if is_disabled else ''}log in.")


@users_group.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@click.pass_obj
def role(environment: str | None, name: str, role: str) -> None:
    """Give a user another role."""
    with _connected(environment) as connection:
        users.set_role(connection, name, role)
        audit.note(connection, started_by(), "change role", name, role=role)
    click.echo(f"{name} is {role} now.")


@users_group.command("password")
@click.argument("name")
@click.option("--ask", is_flag=True, help="Ask for a password instead of making one.")
@click.pass_obj
def password(environment: str | None, name: str, ask: bool) -> None:
    """Give a user another password; open logins end."""
    word = _password(ask)
    with _connected(environment) as connection:
        users.set_password(connection, name, word)
        audit.note(connection, started_by(), "change password", name)
    _tell(name, word, ask)


@main.group("tokens")
def tokens_group() -> None:
    """What opens the few routes that a script needs."""


@tokens_group.command("add")
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice(list(tokens.SCOPES)), multiple=True, required=True, help="Repeat it."
)
@click.pass_obj
def add_token(environment: str | None, name: str, scopes: tuple[str, ...]) -> None:
    """Make a token and print it, once; `--scope inbox` makes the secret for ManyChat."""
    with _connected(environment) as connection:
        token = tokens.add(connection, name, scopes, started_by())
        audit.note(connection, started_by(), "add token", name, scopes=list(scopes))
    click.echo(f"Send it as `Authorization: Bearer {token}`. Nobody can read it again.")


@tokens_group.command("list")
@click.pass_obj
def list_tokens(environment: str | None) -> None:
    """Show all tokens that stand, never themselves."""
    with _connected(environment) as connection:
        for row in tokens.listed(connection):
            click.echo(f"{row['token_id']:6} {row['name']:24} {','.join(row['scopes']):24} made by {row['created_by']}")


@tokens_group.command("revoke")
@click.argument("token_id", type=int)
@click.pass_obj
def revoke_token(environment: str | None, token_id: int) -> None:
    """Let a token open nothing any more."""
    with _connected(environment) as connection:
        tokens.revoke(connection, token_id)
        audit.note(connection, started_by(), "revoke token", str(token_id))
    click.echo(f"Token {token_id} opens nothing any more.")


def _password(ask: bool) -> str:
    if not ask:
        return random_password()
    word: Any = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return users.checked(word)


def _tell(name: str, word: str, was_asked: bool) -> None:
    click.echo(f"User: {name}" + ("" if was_asked else f"\nPassword: {word}"))


if __name__ == "__main__":
    main()

"""`stage-first rules`: the rules of identity as they stand, and how to change them."""

from __future__ import annotations

import click

from stage_first.console import console
from stage_first.doors import enter
from stage_first.settings import UsageError

BECAUSE = click.option("--because", help="Why; it is kept with the rule.")


@click.group(invoke_without_command=True)
@click.pass_context
def rules(context: click.Context) -> None:
    """Which rules decide who is who, what was changed in them, by whom and why."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@rules.command()
@click.argument("seed", required=False)
@click.pass_obj
def show(environment: str | None, seed: str | None) -> None:
    """Show the rules of SEED, or all."""
    from warehouse.connection import connect

    from stage_first.rules_report import rules_tables

    with connect(enter(environment), application="rules") as connection:
        for table in rules_tables(connection, seed):
            console().print(table)


@rules.command("set")
@click.argument("seed")
@click.argument("cells", nargs=-1, metavar="COLUMN=VALUE...")
@BECAUSE
@click.pass_obj
def set_(environment: str | None, seed: str, cells: tuple[str, ...], because: str | None) -> None:
    """Change or add a row of SEED, for instance: rules set kinds kind=email max_names=20 --because "..."."""
    from warehouse.connection import connect

    from stage_first.rules_changes import set_rule

    with connect(enter(environment), application="rules") as connection:
        click.echo(set_rule(connection, seed, _pairs(cells), because))


@rules.command()
@click.argument("seed")
@click.argument("cells", nargs=-1, metavar="COLUMN=VALUE...")
@BECAUSE
@click.pass_obj
def remove(environment: str | None, seed: str, cells: tuple[str, ...], because: str | None) -> None:
    """Remove a row of SEED."""
    from warehouse.connection import connect

    from stage_first.rules_changes import remove_rule

    with connect(enter(environment), application="rules") as connection:
        click.echo(remove_rule(connection, seed, _pairs(cells), because))


@rules.command()
@click.argument("number", type=int)
@click.pass_obj
def withdraw(environment: str | None, number: int) -> None:
    """Take the change NUMBER back."""
    from warehouse.connection import connect

    from stage_first.rules_changes import withdraw_rule

    with connect(enter(environment), application="rules") as connection:
        click.echo(withdraw_rule(connection, number))


@rules.command()
@click.pass_obj
def write(environment: str | None) -> None:
    """Write all changes into the seed files of this project."""
    from warehouse.connection import connect

    from stage_first.rules_files import write_rules

    with connect(enter(environment), application="rules") as connection:
        done = write_rules(connection)
    click.echo("\n".join(done) or "No change stands; the files are the rules.")


def _pairs(cells: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(cell.partition("=")[::2] for cell in cells if "=" in cell)
    bad = [cell for cell in cells if "=" not in cell]
    if bad or not cells:
        raise UsageError(f"{bad[0]!r} is not of the form column=value." if bad else "Say what: column=value ...")
    return pairs

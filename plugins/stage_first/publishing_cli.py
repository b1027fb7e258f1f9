"""`stage-first preview`, `publish` and `roll-back`: the one door, as a person uses it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from stage_first.console import console
from stage_first.doors import enter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType


@click.command()
@click.option("--last", is_flag=True, help="Show what the last run computed; compute nothing.")
@click.option("--json", "as_json", is_flag=True, help="For scripts, all of it.")
@click.pass_obj
def preview(environment: str | None, last: bool, as_json: bool) -> None:
    """Compute what `unify` would publish, and show it; publish nothing."""
    from stage_first import preview_report
    from stage_first.preview import read_preview
    from stage_first.publishing import compute

    url = enter(environment)
    if not last:
        outcome = compute(url, quiet=as_json)
        if not outcome.succeeded and not outcome.only_gates_failed:
            sys.exit(1)
    found = read_preview(url)
    if as_json:
        click.echo(preview_report.as_json(found))
    else:
        _print(preview_report.report(found))


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def publish(environment: str | None, yes: bool) -> None:
    """Publish what the last run computed and a gate, a roll-back or a preview left unpublished."""
    from stage_first.preview import read_preview
    from stage_first.preview_report import summary
    from stage_first.publishing import publish_run

    url = enter(environment)
    found = read_preview(url)
    _print(summary(found))
    if not yes:
        click.confirm("Publish this?", abort=True)
    sys.exit(0 if publish_run(url, found.run["run_id"]).succeeded else 1)


@click.command("roll-back")
@click.argument("publish_id", required=False, type=int)
@click.option("--by", "who", help="Who asks for it (default: you).")
@click.pass_obj
def roll_back(environment: str | None, publish_id: int | None, who: str | None) -> None:
    """Undo the last publish that changed anything, or all after PUBLISH_ID; then publishing is held."""
    from warehouse.connection import connect
    from warehouse.run_log import started_by

    from stage_first.roll_back import roll_back as undo
    from stage_first.unify_run import UnifyRun

    url = enter(environment)
    with UnifyRun(url, "roll-back") as run:
        with connect(url, application="roll-back") as connection:
            done = undo(connection, run.log.run_id, who or started_by(), publish_id)
        run.succeeded = True
    click.echo(str(done))


def _print(parts: Iterable[RenderableType]) -> None:
    screen = console()
    for part in parts:
        screen.print(part, highlight=False)

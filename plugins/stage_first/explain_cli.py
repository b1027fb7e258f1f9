"""`stage-first explain`: why a client is who it is."""

from __future__ import annotations

import click

from stage_first.doors import enter


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[client] ID|EMAIL|PHONE|RECORD")
@click.option("--all", "with_all", is_flag=True, help="Every record of a client that has very many.")
@click.pass_obj
def explain(environment: str | None, words: tuple[str, ...], with_all: bool) -> None:
    """Show the records of a client, what links them, what won and why, what was decided, and what nearly joined."""
    from warehouse.connection import connect

    from stage_first.explain import explain as explanations_of
    from stage_first.explain_report import lines

    text = " ".join(words).removeprefix("client ")
    with connect(enter(environment), application="explain") as connection:
        for place, explanation in enumerate(explanations_of(connection, text)):
            click.echo("\n" if place else "", nl=False)
            for line in lines(connection, explanation, with_all=with_all):
                click.echo(line)

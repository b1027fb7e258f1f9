"""`stage-first decide`, `decisions` and `withdraw`: what people decide about who is who."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from stage_first.console import console
from stage_first.doors import enter
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_BECAUSE = click.option("--because", help="Why; it is kept with the decision.")
_BY = click.option("--by", "who", help="Who decides (default: you).")


def _signed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Every decision says why, and who."""
    return click.pass_obj(_BECAUSE(_BY(command)))


def _do(environment: str | None, verb: Callable[..., object], *arguments: Any, **options: Any) -> None:
    from warehouse.connection import connect

    with connect(enter(environment), application="decide") as connection:
        click.echo(str(verb(connection, *arguments, **options)))


@click.group()
def decide() -> None:
    """Decide who is who. A record is source:stream:account:id, as `stage-first explain` prints it."""


@decide.command()
@click.argument("one")
@click.argument("other")
@_signed
def same(environment: str | None, one: str, other: str, **signed: str | None) -> None:
    """ONE and OTHER (records, or clients by id, e-mail or phone) are the same person."""
    from stage_first.decisions_people import same_person

    _do(environment, same_person, one, other, **signed)


@decide.command()
@click.argument("one", required=False)
@click.argument("other", required=False)
@click.option("--conflict", help="Instead: the conflict whose clients are all different people.")
@_signed
def different(
    environment: str | None, one: str | None, other: str | None, conflict: str | None, **signed: str | None
) -> None:
    """ONE and OTHER (records, or clients by id, e-mail or phone) are different people."""
    from stage_first.decisions_people import different_in_conflict, different_people

    if conflict and not one:
        _do(environment, different_in_conflict, conflict, **signed)
    elif one and other and not conflict:
        _do(environment, different_people, one, other, **signed)
    else:
        raise UsageError("Say who is different: two records or clients, or --conflict with the id of a conflict.")


@decide.command("not-theirs")
@click.argument("record")
@click.argument("kind")
@click.argument("value")
@_signed
def not_theirs(environment: str | None, record: str, kind: str, value: str, **signed: str | None) -> None:
    """The VALUE of that KIND (email, phone_e164...) is not that of the person of RECORD."""
    from stage_first import decisions_records

    _do(environment, decisions_records.not_theirs, record, kind, value, **signed)


@decide.command("split-off")
@click.argument("record")
@_signed
def split_off(environment: str | None, record: str, **signed: str | None) -> None:
    """RECORD is somebody else's: every value that links it to its client is not theirs."""
    from stage_first import decisions_records

    _do(environment, decisions_records.split_off, record, **signed)


@decide.command()
@click.argument("kind")
@click.argument("value")
@_signed
def shared(environment: str | None, kind: str, value: str, **signed: str | None) -> None:
    """Several people share the VALUE of that KIND; it joins nobody, in no business."""
    from stage_first import decisions_policies

    _do(environment, decisions_policies.shared, kind, value, **signed)


@decide.command()
@click.argument("kind")
@click.argument("value")
@_signed
def block(environment: str | None, kind: str, value: str, **signed: str | None) -> None:
    """The VALUE of that KIND says nothing about a person; no client has it, in no business."""
    from stage_first import decisions_policies

    _do(environment, decisions_policies.block, kind, value, **signed)


@decide.command()
@click.argument("record")
@click.argument("field")
@_signed
def pin(environment: str | None, record: str, field: str, **signed: str | None) -> None:
    """What RECORD says wins for FIELD (name, email, phone, country...) of its client."""
    from stage_first import decisions_policies

    _do(environment, decisions_policies.pin, record, field, **signed)


@decide.command()
@click.argument("field")
@click.option("--source", help="Values of this source win, for instance stripe.")
@click.option("--pattern", help="Values like this win, for instance '%@company.com'.")
@_signed
def prefer(environment: str | None, field: str, source: str | None, pattern: str | None, **signed: str | None) -> None:
    """For FIELD of every client, let values of a source or like a pattern win."""
    from stage_first import decisions_policies

    _do(environment, decisions_policies.prefer, field, source, pattern, **signed)


@decide.command()
@click.argument("kind")
@click.argument("value")
@click.option("--until", required=True, help="A date like 2027-01-31 (UTC).")
@click.option("--business", help="Which business, if clients of several compete for it.")
@_signed
def later(
    environment: str | None, kind: str, value: str, until: str, business: str | None, **signed: str | None
) -> None:
    """Leave the conflict about the VALUE of that KIND for later."""
    from stage_first import decisions_policies

    _do(environment, decisions_policies.later, kind, value, _moment(until), business=business, **signed)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no date: write it like 2027-01-31.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command()
@click.option("--all", "with_withdrawn", is_flag=True, help="Those that were withdrawn or are over, too.")
@click.pass_obj
def decisions(environment: str | None, with_withdrawn: bool) -> None:
    """List what was decided about who is who: what stands, what waits, what is orphaned or contradicted."""
    from warehouse.connection import connect

    from stage_first.decisions_report import decisions_table

    with connect(enter(environment), application="decisions") as connection:
        console().print(decisions_table(connection, with_withdrawn=with_withdrawn))


@click.command()
@click.argument("numbers", nargs=-1, required=True, type=int, metavar="NUMBER...")
@_signed
def withdraw(environment: str | None, numbers: tuple[int, ...], **signed: str | None) -> None:
    """Take decisions back; the next unify gives back what was before them, ids included."""
    from stage_first import decisions as core

    _do(environment, core.withdraw, numbers, **signed)

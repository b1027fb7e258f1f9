"""What a person reads about a renormalisation: how far it is, what changed, and which setting must follow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from phonenumbers import SUPPORTED_REGIONS
from warehouse.connection import connect

from stage_first.renormalise import REGION_IS_NONE, Renormalisation
from stage_first.renormalise_readers import region_of, region_setting
from stage_first.settings import UsageError
from stage_first.sources import all_sources, source_named
from stage_first.status import staged_rows

if TYPE_CHECKING:
    from stage_first.renormalise import Counts
    from stage_first.sources import Source

SHOW_SECONDS = 5.0


class Report:
    """Prints as it goes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._shown_at = self._began = time.monotonic()

    def show(self, counts: Counts) -> None:
        """Tell how far it is, now and then."""
        if time.monotonic() - self._shown_at >= SHOW_SECONDS:
            self._shown_at = time.monotonic()
            click.echo(f"{self._source.name}.{counts.stream}: {counts.read:,} of {counts.total:,} rows")

    def end(self, counts: list[Counts], region: str | None) -> None:
        """Tell the counts."""
        seconds = time.monotonic() - self._began
        for stream in (each for each in counts if each.read):
            left = f", {stream.left:,} left as they are (nothing is known of their files)" if stream.left else ""
            click.echo(
                f"{self._source.name}.{stream.stream}: {stream.read:,} rows read with {region or REGION_IS_NONE}, "
                f"{stream.changed:,} have other phone numbers now{left}."
            )
        click.echo(f"{self._source.name}: {sum(each.read for each in counts):,} rows in {seconds:.0f} s, no download.")


def region_named(code: str | None) -> str | None:
    """The region as a tap's setting has it.

    Raises:
        UsageError: no telephone numbers are known of it.
    """
    if code is None:
        return None
    region = code.strip().upper()
    if region not in SUPPORTED_REGIONS:
        raise UsageError(f"{code!r} is no country: give its two letters, for instance MX.")
    return region


def renormalise_all(database_url: str, region: str | None, name: str | None, account: str | None) -> list[str]:
    """Read the phones of a source, or of all that have rows, and return those that could not be read.

    Without `region` each is read as its tap is set.
    """
    changed, failures = 0, []
    for source in _sources(database_url, name):
        try:
            changed += _renormalise_source(database_url, source, region, account)
        except UsageError as error:
            click.echo(f"{source.name}: {error}", err=True)
            failures.append(source.name)
    click.echo("The next `meltano run unify` takes it into account." if changed else "Nothing is new for `unify`.")
    return failures


def _sources(database_url: str, name: str | None) -> list[Source]:
    if name:
        return [source_named(name)]
    with connect(database_url, application="renormalise") as connection:
        rows = staged_rows(connection)
    return [source for source in all_sources() if rows.get(source.name)]


def _renormalise_source(database_url: str, source: Source, region: str | None, account: str | None) -> int:
    setting = region_of(source)
    wanted, report = region or setting, Report(source)
    counts = Renormalisation(database_url, source, wanted, account).run(report.show)
    report.end(counts, wanted)
    if wanted != setting:
        click.echo(
            f"The setting of {source.tap} is still {setting or REGION_IS_NONE}: put {region_setting(source)}={wanted} "
            "into .env, or the next download gives the rows that it reads their old numbers back."
        )
    return sum(stream.changed for stream in counts)

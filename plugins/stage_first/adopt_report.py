"""What a person reads about an adoption: how far it is, what became of the rows, what the next download does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from stage_first.adopt import has_bookmark

if TYPE_CHECKING:
    from tap_core.api_stream import ApiStream

    from stage_first.adopt import Counts
    from stage_first.sources import Source

SHOW_SECONDS = 5.0


class Report:
    """Prints as it goes."""

    def __init__(self, database_url: str, source: Source, stream: ApiStream) -> None:
        self._url = database_url
        self._source = source
        self._stream = stream
        self._shown_at = self._began = time.monotonic()

    def show(self, done: int, total: int) -> None:
        """Tell how far it is, now and then."""
        if time.monotonic() - self._shown_at >= SHOW_SECONDS:
            self._shown_at = time.monotonic()
            click.echo(f"{done:,} of {total:,} rows")

    def end(self, counts: Counts) -> None:
        """Tell the counts and what comes next.

        Raises:
            RuntimeError: rows were sent that are neither in staging nor rejected.
        """
        where, seconds = f"{self._source.schema}.{self._stream.name}", time.monotonic() - self._began
        click.echo(
            f"{counts.rows:,} rows = {counts.staged:,} in {where} (account {self._stream.account}) "
            f"+ {counts.rejected:,} rejected + {counts.twins:,} with the id of another row; {seconds:.0f} s."
        )
        if counts.missing or counts.twins < 0:
            raise RuntimeError(f"{counts.missing:,} ids are not in {where}: run the same command again, and tell us.")
        if counts.rejected:
            click.echo("The rejected rows are in ops.rejected_records, with their bytes and the reason.")
        click.echo(self._next())

    def _next(self) -> str:
        run = f"`meltano run {self._source.tap} target-postgres`"
        if has_bookmark(self._url, self._source.name, self._stream.name):
            return f"The next {run} reads what changed since its bookmark."
        return (
            f"Adopting sets no bookmark: the first {run} reads everything once; rows that are the same are not "
            "written again, and later runs read only changes."
        )

"""Full re-lists: which one of an account is under way, and what its end marks as deleted, or why it marks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from target_postgres.table import living_rows

if TYPE_CHECKING:
    from datetime import datetime

    from target_postgres.batch import StreamPart, Sweep
    from target_postgres.runs import Run

SMALL_ACCOUNT = 100
"""Up to so many living rows, any part of them may vanish at once; all of them only up to `HANDFUL`."""
HANDFUL = 10
NO_LOOPS = "set local enable_nestloop = off"
"""The keys were just written and not counted yet: Postgres would think them few, and go through all for each row."""
LOOPS_AGAIN = "set local enable_nestloop to default"
_BEGIN = """
insert into ops.relists as known (stream, account, version, began_at) values (
    %(stream)s, %(account)s, %(version)s,
    coalesce(
        (select min(started_at) from ops.sync_runs where run_id = %(run_id)s and source = %(source)s),
        clock_timestamp()
    )
)
on conflict (stream, account) do update set
    version = excluded.version, began_at = excluded.began_at, ended_at = null
where known.version < excluded.version
"""
"""A re-list begins with the run that sends its first record, so that all rejects of that run count."""
_KNOWN = """
select
    max(version),
    min(began_at) filter (where version = %(version)s),
    coalesce(bool_or(version = %(version)s and ended_at is not null), false)
from ops.relists where stream = %(stream)s and (account = %(account)s or %(account)s::text is null)
"""
_END = """
insert into ops.relists as known (stream, account, version, began_at, ended_at)
values (%(stream)s, %(account)s, %(version)s, clock_timestamp(), clock_timestamp())
on conflict (stream, account) do update set version = excluded.version, ended_at = excluded.ended_at
"""
_FORGET = """
delete from ops.relists where stream = %(stream)s and version <= %(version)s
"""
_FORGET_KEYS = """
delete from ops.listed_keys
where stream = %(stream)s and version <= %(version)s and (account = %(account)s or %(account)s::text is null)
"""


def begin(connection: psycopg.Connection[Any], run: Run, part: StreamPart) -> None:
    """Note the re-lists that the part's rows belong to; a newer one of an account replaces the one before it."""
    if part.table is None:
        return
    for account, version in sorted(part.relists):
        names = {"stream": part.table.label, "account": account, "version": version}
        found = {**names, "run_id": run.run_id, "source": run.source}
        if connection.execute(_BEGIN, found).rowcount:
            connection.execute(_FORGET_KEYS, {**names, "version": version - 1})


def end(connection: psycopg.Connection[Any], run: Run, sweep: Sweep, batch_id: int | None) -> tuple[int, str | None]:
    """Mark what a complete re-list did not show; how many rows that were, and if none, perhaps the reason.

    The re-list of an account stays known as ended: a tap that was killed before its bookmark was kept sends the end
    again, without all of the rows. The whole stream's ends a run that nothing follows, and is forgotten.
    """
    names = {"stream": sweep.table.label, "account": sweep.account, "version": sweep.version}
    newest, began_at, ended = connection.execute(_KNOWN, names).fetchone() or (None, None, False)
    if ended:
        return 0, None
    if newest is not None and newest > sweep.version:
        return 0, f"{_whose(sweep)} was overtaken by a newer one ({newest}); the older one marks nothing as deleted."
    marked, reason = _mark(connection, run, sweep, batch_id, began_at)
    connection.execute(_FORGET_KEYS, names)
    connection.execute(_FORGET if sweep.account is None else _END, names)
    return marked, reason


def _mark(
    connection: psycopg.Connection[Any], run: Run, sweep: Sweep, batch_id: int | None, began_at: datetime | None
) -> tuple[int, str | None]:
    if run.has_rejects(connection, sweep.stream, since=began_at):
        return 0, (
            f"{_whose(sweep)} is complete, but records were rejected since it began and may be what seems to be "
            "missing; nothing is marked as deleted. See ops.rejected_records for the reasons."
        )
    with connection.transaction() as attempt:
        connection.execute(NO_LOOPS)
        rows = living_rows(sweep.account, sweep.since)
        statement = sweep.table.sweep_statement(run.run_id, batch_id, sweep.version, rows)
        marked = connection.execute(statement).rowcount
        row = connection.execute(sweep.table.living_statement(rows)).fetchone()
        connection.execute(LOOPS_AGAIN)
        living = marked + (row[0] if row else 0)
        if _is_credible(marked, living, sweep.max_percent):
            return marked, None
        raise psycopg.Rollback(attempt)
    return 0, (
        f"{_whose(sweep)} showed only {living - marked:,} of {living:,} rows; more than {sweep.max_percent} % would be "
        "marked as deleted, so nothing is. Look whether the source still has them; if they really are gone, raise the "
        "loader's setting max_swept_percent before the next re-list."
    )


def _is_credible(marked: int, living: int, max_percent: int) -> bool:
    """Whether so many rows may have vanished at once; an empty answer is more often a vendor's mistake."""
    if marked * 100 <= living * max_percent:
        return True
    return living <= (HANDFUL if marked == living else SMALL_ACCOUNT)


def _whose(sweep: Sweep) -> str:
    account = "" if sweep.account is None else f" of account {sweep.account}"
    return f"The re-list {sweep.version} of {sweep.stream}{account}"

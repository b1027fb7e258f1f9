"""What a person says a column means; it wins over what tap-csv detected and needs no new import."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from warehouse.connection import connect
from warehouse.run_log import started_by

from stage_first.queries import fetch
from stage_first.settings import UsageError

_SET = """
insert into ops.csv_mappings (kind, header, field, comment, changed_by)
values (%s, %s, %s, %s, %s)
on conflict (kind, header) do update set
    field = excluded.field,
    comment = excluded.comment,
    changed_by = excluded.changed_by,
    changed_at = clock_timestamp()
"""


def set_mapping(
    database_url: str, kind: str, header: str, field: str | None, comment: str | None, who: str | None = None
) -> str:
    """Store the meaning of a column and return what follows.

    Raises:
        UsageError: no imported file of that kind has that header.
    """
    with connect(database_url, application="csv map") as connection:
        known = {(row["kind"], row["header"]) for row in fetch(connection, "mappings", {"kind": None})}
        _check_known(known, kind, header)
        connection.execute(_SET, [kind, header, field, comment, who or started_by()])
    meaning = f"means {field}" if field else "is ignored"
    return (
        f"In exports of {kind} the column {header!r} now {meaning}. It takes effect with the next `meltano run unify`."
    )


def _check_known(known: set[tuple[Any, Any]], kind: str, header: str) -> None:
    kinds = {name for name, _ in known}
    if kind not in kinds:
        raise UsageError(
            f"No export of kind {kind!r} was imported. Imported: {', '.join(sorted(kinds)) or 'none yet'}."
        )
    headers = {name for other, name in known if other == kind}
    if header not in headers:
        raise UsageError(f"Exports of {kind} have no column {header!r}. They have: {', '.join(sorted(headers))}.")


def mapping_table(database_url: str, kind: str | None) -> Table:
    """Kind, header, field and who said so."""
    table = Table("kind", "column", "means", "said by")
    with connect(database_url, application="csv show") as connection:
        for row in fetch(connection, "mappings", {"kind": kind}):
            table.add_row(row["kind"], row["header"], row["field"] or "", row["said_by"])
    return table

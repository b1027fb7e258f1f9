"""What a publish would change, computed and not published: the run's new rows against those that stand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql
from warehouse.connection import connect

from stage_first.publishing import GATE
from stage_first.queries import fetch
from stage_first.settings import UsageError

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]
    Row = dict[str, Any]

SAMPLES = 20
LARGEST = 10
_FILE = Path(__file__).with_suffix(".sql")
_READ = ("clients", "client_records", "merge_conflicts", "shared_identifiers", "transactions")
_COMPUTE = "Compute it with `meltano run unify-preview`."
# Of each table the rows that differ; in a run that is not full only rows in scope can.
_MOVED = """
create temporary table preview_moved on commit drop as
select
    coalesce(before.record_key, after.record_key) as record_key,
    before.client_id as before_id,
    before.is_founding as was_founding,
    before.why_kind as before_kind,
    before.why_value as before_value,
    before.why_rule as before_rule,
    after.client_id as after_id,
    after.why_kind as after_kind,
    after.why_value as after_value,
    after.why_rule as after_rule
from (
    select * from unified.client_records
    where {is_full} or record_key in (select record_key from unified_internal.int_identity__touched)
) as before
full join unified_internal.next_client_records as after on before.record_key = after.record_key
where before.client_id is distinct from after.client_id
"""
_CLIENTS = """
create temporary table preview_clients on commit drop as
select
    coalesce(before.client_id, after.client_id) as client_id,
    coalesce(after.business, before.business) as business,
    before.client_id is not null as is_before,
    after.client_id is not null as is_after,
    before.name as name_before,
    after.name as name_after,
    before.record_count as records_before,
    after.record_count as records_after
from (
    select * from unified.clients
    where {is_full} or client_id in (select client_id from unified_internal.int_identity__touched_clients)
) as before
full join unified_internal.next_clients as after on before.client_id = after.client_id
where before.client_id is null or after.client_id is null or row({before}) is distinct from row({after})
"""
_CONFLICTS = """
create temporary table preview_conflicts on commit drop as
select
    coalesce(after.business, before.business) as business,
    coalesce(after.kind, before.kind) as kind,
    coalesce(after.value, before.value) as value,
    coalesce(after.client_count, before.client_count) as clients,
    after.status is not distinct from 'open' and before.status is distinct from 'open' as opens,
    before.status is not distinct from 'open' and after.status is distinct from 'open' as closes
from (
    select * from unified.merge_conflicts
    where {is_full} or conflict_id in (select conflict_id from unified_internal.int_identity__touched_conflicts)
) as before
full join unified_internal.next_merge_conflicts as after on before.conflict_id = after.conflict_id
"""
_SHARED = """
create temporary table preview_shared on commit drop as
select
    coalesce(after.business, before.business) as business,
    coalesce(after.kind, before.kind) as kind,
    coalesce(after.value, before.value) as value,
    coalesce(after.reason, before.reason) as reason,
    coalesce(after.name_count, before.name_count) as name_count,
    before.value is null as begins
from (
    select * from unified.shared_identifiers
    where {is_full} or (business, kind, value) in (
        select business, kind, value from unified_internal.int_identity__changed_values
    )
) as before
full join unified_internal.next_shared_identifiers as after
    on before.business = after.business and before.kind = after.kind and before.value = after.value
where before.value is null or after.value is null
"""
_ANALYZE = "analyze preview_moved; analyze preview_clients"


@dataclass(frozen=True)
class Preview:
    """What the run computed last would change. `gates`: what those that failed say; None where it is not known."""

    run: Row
    figures: Row
    reassigned: list[Row]
    conflicts: list[Row]
    shared: list[Row]
    largest: list[Row]
    samples: list[Row]
    gates: list[str] | None = None

    @property
    def churn_percent(self) -> float:
        """How many of the published clients lose their id."""
        lost = self.figures["merged"] + self.figures["gone"]
        return 100 * float(lost) / float(self.figures["clients_before"] or 1)

    def as_dict(self) -> Row:
        """For a script."""
        return {**asdict(self), "churn_percent": self.churn_percent}


def read_preview(database_url: str) -> Preview:
    """Compare what was computed last with what is published; nothing is changed.

    Raises:
        UsageError: nothing is computed that could be published.
    """
    with connect(database_url, application="preview") as connection, connection.transaction():
        run = computed_run(connection)
        _prepare(connection, is_full=run["is_full"])
        (figures,) = _fetch(connection, "figures")
        return Preview(
            run=run,
            figures=figures,
            reassigned=_fetch(connection, "reassigned"),
            conflicts=_fetch(connection, "conflicts", most=SAMPLES),
            shared=_fetch(connection, "shared", most=SAMPLES),
            largest=_fetch(connection, "largest", most=LARGEST),
            samples=_fetch(connection, "samples", most=SAMPLES),
            gates=_gates_of(connection, run),
        )


def computed_run(connection: Connection) -> Row:
    """The run that was computed last and is not published.

    Raises:
        UsageError: there is none, it did not end, it is published, or another publish or a roll-back came after it.
    """
    ((is_there,),) = connection.execute("select to_regclass('unified_internal.int_run') is not null").fetchall()
    runs = _fetch(connection, "run") if is_there else []
    if not runs:
        raise UsageError(f"Nothing was computed yet. {_COMPUTE}")
    run = runs[0]
    if run["is_published"]:
        raise UsageError(f"What was computed last is published (publish {run['last_publish_id']}). {_COMPUTE}")
    if run["is_stale"]:
        raise UsageError(f"What was computed last is older than the last publish or roll-back. {_COMPUTE}")
    if _fetch(connection, "unfinished", names=list(_READ), run_id=run["run_id"]):
        raise UsageError(f"The last run did not come to its end. {_COMPUTE}")
    return run


def _prepare(connection: Connection, *, is_full: bool) -> None:
    names = [row["name"] for row in _fetch(connection, "columns", table="clients")]
    columns = {side: sql.SQL(", ").join(sql.Identifier(side, name) for name in names) for side in ("before", "after")}
    connection.execute("set local work_mem to '64MB'; set local jit to off")
    for statement in (_MOVED, _CLIENTS, _CONFLICTS, _SHARED):
        connection.execute(sql.SQL(statement).format(is_full=sql.Literal(is_full), **columns))
    connection.execute(_ANALYZE)


def _gates_of(connection: Connection, run: Row) -> list[str] | None:
    """What the gates of that run said; None if it did not go through our door, which writes it down."""
    rows = _fetch(connection, "door", started_at=run["started_at"])
    return [line for line in (rows[0]["error"] or "").splitlines() if line.startswith(GATE)] if rows else None


def _fetch(connection: Connection, name: str, **parameters: Any) -> list[Row]:
    return fetch(connection, name, parameters, _FILE)

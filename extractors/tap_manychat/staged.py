"""The queue of seeds that follows from what is staged: nothing of it is kept by the tap, so nothing can be lost.

What was tried, and with what result, is the stream `lookups`: it was committed with the rows that it speaks of. The
tap only reads.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

import msgspec
import psycopg
from psycopg import sql
from tap_core.errors import VendorDownError

from tap_manychat.coverage import Coverage
from tap_manychat.seeds import Seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from psycopg.sql import Composable
    from tap_core.database import Database

    from tap_manychat.places import Place

ROWS_AT_ONCE = 500
LOOKUPS, SUBSCRIBERS = "staging_manychat.lookups", "staging_manychat.subscribers"

_DUE = r"""
with given as ({given}),
cleaned as (
    select kind, origin, case kind when 'email' then lower(btrim(value)) else value end as value
    from given
    where case kind
        when 'subscriber_id' then value ~ '^[0-9]+$'
        when 'email' then btrim(value) ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'
        when 'phone' then value ~ '^\+[0-9]{{7,15}}$'
        else true
    end
),
seeds as (
    select kind, value collate "C" as value, min(origin) as origin
    from (select * from cleaned {other_forms}) as all_forms
    group by 1, 2
),
known as (
    select
        seeds.*,
        case
            when lookups.id is null then 'never'
            when lookups.record ->> 'found' = 'true' then 'found'
            when lookups.record ->> 'found' = 'false' then 'missing'
            else 'failed'
        end as was,
        lookups.updated_at as tried_at,
        stored.id is not null as is_stored,
        stored._deleted_at is not null as is_deleted
    from seeds
    left join {lookups} as lookups
        on lookups.account = %(account)s and lookups.id = seeds.kind || ':' || seeds.value
    left join {subscribers} as stored on stored.account = %(account)s
        and stored.id = case
            when seeds.kind = 'subscriber_id' then seeds.value
            else lookups.record ->> 'subscriber_id'
        end
),
judged as materialized (select *, {is_due} as is_due from known)
select
    false as is_seed, null as asked_at, null as kind, null as value, null as origin, was, null as is_stored,
    count(*), count(*) filter (where is_due), min(tried_at) filter (where not is_due)
from judged group by was
union all
select
    true, tried_at, kind, value, origin, was, kind = 'subscriber_id' and is_stored and not is_deleted,
    null, null, null
from judged where is_due
order by is_seed, asked_at nulls first, kind, value
"""
"""First what is known of all seeds, in numbers; then those that are due."""
_NO_ROWS = """
(
    select null::text as account, null::text as id, null::jsonb as record, null::timestamptz as updated_at,
        null::timestamptz as _deleted_at
    where false
)
"""
_LISTED = """
select * from unnest(%(kinds)s::text[], %(origins)s::text[], %(values)s::text[]) as listed (kind, origin, value)
"""
_OLD_FORMS = r"""
    union all
    select kind, origin, regexp_replace(value, '^\+52', '+521') from cleaned where value ~ '^\+52\d{10}$'
    union all
    select kind, origin, regexp_replace(value, '^\+549', '+54') from cleaned where value ~ '^\+549\d{10}$'
    union all
    select kind, origin, regexp_replace(value, '^(\+55\d\d)9', '\1') from cleaned where value ~ '^\+55\d\d9\d{8}$'
"""
"""Mexico with its 1, Argentina without its 9, Brazil without the ninth digit: WhatsApp often knows people so."""

IDS_ARE_DUE: LiteralString = """
    case was
        when 'found' then tried_at <= %(reread_before)s
        when 'missing' then tried_at <= case kind when 'field' then %(reread_before)s else %(retry_before)s end
        else true
    end
"""
CONTACTS_ARE_DUE: LiteralString = """
    case was
        when 'found' then is_deleted and tried_at <= %(retry_before)s
        when 'missing' then tried_at <= %(retry_before)s
        else true
    end
"""
"""A subscriber whom an e-mail led to is read again by the id; once that one is gone, the e-mail may lead to another."""
_OTHER_PAGE = """
select id from staging_manychat.page_info where account = %(account)s and id <> %(page)s and _deleted_at is null
union all
select record ->> 'page_id' from staging_manychat.subscribers
where account = %(account)s and record ->> 'page_id' <> %(page)s
limit 1
"""
_NOT_STORED = "select wanted from unnest(%s::text[]) as wanted except select id from {} where account = %s"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Seed).decode


class Ages(NamedTuple):
    """Before which moments an answer is too old, in milliseconds."""

    reread_before: int
    retry_before: int


@dataclass(frozen=True)
class Given:
    """From where a queue takes its seeds, and which of them are due."""

    places: Mapping[str, Sequence[Place]]
    is_due: LiteralString
    settings: Sequence[Seed] = field(default_factory=tuple)
    """Seeds of the settings: of a file, or values of custom fields."""
    old_forms: bool = False

    def query(self, exists: Callable[[str], bool]) -> Composable:
        """All of them as one select; what was never loaded has no table and is left out."""
        placed = sql.SQL("select {}, {}, value from ({}) as place")
        parts: list[Composable] = [
            placed.format(sql.Literal(kind), sql.Literal(place.origin), place.query)
            for kind, places in self.places.items()
            for place in places
            if all(map(exists, place.tables))
        ]
        return sql.SQL(" union all ").join([sql.SQL(_LISTED), *parts])

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The seeds of the settings as arrays."""
        seeds = self.settings
        return {
            "kinds": [seed.kind for seed in seeds],
            "origins": [seed.origin for seed in seeds],
            "values": [seed.value for seed in seeds],
        }


class StagedSeeds:
    """One of the two queues: ids and fields, or e-mails and phones, as it is when the run begins."""

    def __init__(self, database: Database, account: str, ages: Ages, given: Given) -> None:
        self._database = database
        self._account = account
        self._asked = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - `close` ends it
        self.coverage = self._written(ages, given)

    def due(self) -> Iterator[Seed]:
        """Yield what is to be asked."""
        self._file.seek(0)
        yield from map(_decode, self._file)

    def answered(self, seed: Seed, outcome: str) -> None:
        """Count an answer."""
        self.coverage.move(seed.was, outcome)
        self._asked += 1

    def bookmark(self) -> dict[str, Any]:
        """How far this run is; from where the next one goes on stands in `lookups`."""
        return {"asked": self._asked, "due_at_start": self.coverage.due}

    def not_stored(self, identities: Iterable[str]) -> set[str]:
        """Give those of the ids that no row in the warehouse has; a connection that broke is made anew."""
        wanted = list(identities)
        if not wanted or not self._exists(SUBSCRIBERS):
            return set(wanted)
        query = sql.SQL(_NOT_STORED).format(self._table(SUBSCRIBERS))
        return {identity for (identity,) in self._rows(query, [wanted, self._account])}

    def close(self) -> None:
        """Forget the queue and give the connection back."""
        self._file.close()
        self._database.close()

    def _written(self, ages: Ages, given: Given) -> Coverage:
        """Write down what is due now; return what is known of all seeds."""
        query = sql.SQL(_DUE).format(
            given=given.query(self._exists),
            other_forms=sql.SQL(_OLD_FORMS if given.old_forms else ""),
            lookups=self._table(LOOKUPS),
            subscribers=self._table(SUBSCRIBERS),
            is_due=sql.SQL(given.is_due),
        )
        moments = {name: datetime.fromtimestamp(at / 1000, UTC) for name, at in ages._asdict().items()}
        parameters = {"account": self._account, **moments, **given.parameters}
        counts: dict[str, int] = {}
        due, stalest = 0, None
        with self._database.connection() as connection, connection.transaction(), connection.cursor() as cursor:
            cursor.execute("set local work_mem = '64MB'")
            for is_seed, _, *seed, count, count_due, tried_at in cursor.stream(query, parameters, size=ROWS_AT_ONCE):
                if is_seed:
                    self._file.write(_encode(seed) + b"\n")
                    continue
                counts[seed[-2]], due = count, due + count_due
                stalest = min(filter(None, (stalest, tried_at)), default=None)
        return Coverage(counts, due, stalest and int(stalest.timestamp() * 1000))

    def _rows(self, query: Any, parameters: Sequence[Any]) -> list[Any]:
        """Rows of a short query; a connection that broke is made anew, once."""
        try:
            return self._fetched(query, parameters)
        except psycopg.OperationalError:
            return self._fetched(query, parameters)

    def _fetched(self, query: Any, parameters: Sequence[Any]) -> list[Any]:
        with self._database.connection() as connection:
            return connection.execute(query, parameters).fetchall()

    def _exists(self, table: str) -> bool:
        ((found,),) = self._rows("select to_regclass(%s) is not null", [table])
        return bool(found)

    def _table(self, table: str) -> Composable:
        """A table of ours, or one without rows where nothing was loaded yet."""
        return sql.Identifier(*table.split(".")) if self._exists(table) else sql.SQL(_NO_ROWS)


def other_page(database: Database, account: str, page_id: str) -> str | None:
    """Give the page that the warehouse holds under this account, where it is another one."""
    try:
        with database.connection() as connection:
            found = connection.execute(_OTHER_PAGE, {"account": account, "page": page_id}).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    except psycopg.OperationalError as error:
        raise VendorDownError(f"The warehouse that database_url names cannot be read: {error}") from error
    return found[0] if found else None

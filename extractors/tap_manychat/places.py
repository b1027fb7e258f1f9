"""Where ids, e-mails and phones stand in what the other sources have staged: data, from which queries are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg.sql import Composable


class Place(NamedTuple):
    """A select of `value`s and the tables that it needs; parameters are called as the settings are."""

    tables: tuple[str, ...]
    query: Composable

    @property
    def origin(self) -> str:
        """What a person reads in `lookups`."""
        return self.tables[0]


def _paths(table: str, *paths: str) -> list[Place]:
    found = "select found #>> '{{}}' as value from {table}, jsonb_path_query(record, {path}) as found"
    return [
        Place((table,), sql.SQL(found).format(table=sql.Identifier(*table.split(".")), path=sql.Literal(f"lax {path}")))
        for path in paths
    ]


def _phones(*tables: str) -> list[Place]:
    found = "select value from {table}, jsonb_array_elements_text(phones) as value where jsonb_typeof(phones) = 'array'"
    return [Place((table,), sql.SQL(found).format(table=sql.Identifier(*table.split(".")))) for table in tables]


_CSV = ("staging_csv.imports", "staging_csv.files", "ops.csv_mappings")
_CSV_CELLS = """
    select imports.record ->> mapped.header as value
    from staging_csv.imports
    inner join (
        select files.account, files.id, detected.key as header, detected.value as field
        from staging_csv.files
        cross join jsonb_each_text(
            case when jsonb_typeof(files.record -> 'mapping') = 'object' then files.record -> 'mapping' else '{{}}' end
        ) as detected
        where not exists (
            select 1 from ops.csv_mappings as chosen
            where chosen.kind = files.record ->> 'kind' and chosen.header = detected.key
        )
        union all
        select files.account, files.id, chosen.header, chosen.field
        from staging_csv.files inner join ops.csv_mappings as chosen on files.record ->> 'kind' = chosen.kind
    ) as mapped on imports.account = mapped.account and imports.origin ->> 'file' = mapped.id
    where mapped.field = any ({fields})
"""
"""What a person says of a column wins over what tap-csv detected."""


def _csv_cells(*fields: str) -> Place:
    return Place(_CSV, sql.SQL(_CSV_CELLS).format(fields=sql.Literal(list(fields))))


_STRIPE = ("staging_stripe.customers", "staging_stripe.charges", "staging_stripe.checkout_sessions")

EMAILS = (
    *_paths("staging_ghl.contacts", "$.email", "$.additionalEmails[*]", "$.additionalEmails[*].email"),
    *_paths("staging_stripe.customers", "$.email"),
    *_paths("staging_stripe.charges", "$.billing_details.email", "$.receipt_email"),
    *_paths("staging_stripe.checkout_sessions", "$.customer_details.email"),
    *_paths("staging_paypal.transactions", "$.payer_info.email_address"),
    _csv_cells("email", "payer_email"),
)
PHONES = tuple(_phones("staging_ghl.contacts", *_STRIPE, "staging_paypal.transactions", "staging_csv.imports"))
IDS = (
    Place(
        ("staging_csv.imports",),
        sql.SQL("select substring(id from '^manychat_subscribers:([0-9]+)(?::|$)') as value from staging_csv.imports"),
    ),
    _csv_cells("manychat_subscriber_id"),
    Place(
        ("staging_manychat.subscribers",),
        sql.SQL("select id as value from staging_manychat.subscribers where account = %(account)s"),
    ),
    Place(
        ("staging_manychat.lookups",),
        sql.SQL(
            "select record ->> 'subscriber_id' as value from staging_manychat.lookups"
            " where account = %(account)s and record ->> 'kind' <> 'subscriber_id'"
        ),
    ),
    *_paths("staging_manychat.subscriber_pushes", "$.id", "$.data.id"),
)
_GHL_VALUES = """
    select field ->> 'value' as value
    from staging_ghl.contacts
    cross join jsonb_path_query(contacts.record, 'lax $.customFields[*]') as field
"""
_OF_ID = "where field ->> 'id' = {name}"
_OF_KEY = """
    inner join staging_ghl.custom_fields on field ->> 'id' = custom_fields.id
    where split_part(custom_fields.record ->> 'fieldKey', '.', 2) = {name}
"""
_FIELD_PLACES = {
    "ghl": (
        (("staging_ghl.contacts",), _GHL_VALUES + _OF_ID),
        (("staging_ghl.contacts", "staging_ghl.custom_fields"), _GHL_VALUES + _OF_KEY),
    ),
    "stripe": (
        (
            ("staging_stripe.customers",),
            "select record -> 'metadata' ->> {name} as value from staging_stripe.customers",
        ),
    ),
}
"""A custom field of GHL may be named by its id or by its key."""


def id_fields(names: Iterable[str]) -> list[Place]:
    """The places of the setting `id_fields`: `ghl:<custom field, id or key>` or `stripe:<metadata key>`.

    Raises:
        ValueError: a name is none of these.
    """
    places = []
    for full_name in names:
        source, _, name = full_name.partition(":")
        if source not in _FIELD_PLACES or not name:
            raise ValueError(full_name)
        literal = sql.Literal(name.replace("%", "%%"))
        places += [Place(tables, sql.SQL(query).format(name=literal)) for tables, query in _FIELD_PLACES[source]]
    return places

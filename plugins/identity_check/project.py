"""A copy of the dbt project that reads cases in place of downloads; everything behind is the real one.

Three things differ: the seed of the kinds, the model of staged rows with the one that says which of them are new, and
the block list. Columns that the real staged rows have and a case does not know are null.
"""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import yaml  # type: ignore[import-untyped]
from stage_first import project

from identity_check.narrow import keep_only_identity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from identity_check.worlds import Rules

STAGED_ROWS = "int_identity__staged_rows"
SOURCE, STREAM = "cases", "records"
_KNOWN = {
    "record_key": "'cases:records:' || account || ':' || id",
    "business": "business",
    "source": "'cases'",
    "stream": "'records'",
    "kind": "'records'",
    "account": "account",
    "id": "id",
    "full_name": "full_name",
    "emails": "'{}'::text[]",
    "phones": "'{}'::text[]",
    "identifiers": "identifiers",
    "is_person": "true",
    "is_record": (
        "exists (select from jsonb_array_elements(identifiers) as pairs (pair) "
        "where pairs.pair ->> 0 in (select kind from {{ ref('int_rules__kinds') }}))"
    ),
    "country": "null::text",
    "consent_email": "null::boolean",
    "consent_sms": "null::boolean",
    "consent_whatsapp": "null::boolean",
    "created_at": "null::timestamptz",
    "updated_at": "null::timestamptz",
    "source_priority": "null::integer",
    "_first_loaded_at": "_first_loaded_at",
    "_batch_id": "_batch_id",
    "_deleted_at": "_deleted_at",
}
_EPHEMERAL = "{{ config(materialized='ephemeral') }}\n"
_THOSE_THAT_CHANGED = """
-- depends_on: {{ ref('int_identity__changed') }}
{% if not is_full_run() %}
where 'cases:records:' || account || ':' || id in (select record_key from {{ ref('int_identity__changed') }})
{% endif %}
"""
_CHANGED_ROWS = """
select 'cases' as source, 'records' as stream, account, id from staging_cases.records
where _batch_id in (select batch_id from {{ ref('int_batches_taken') }} where is_new)
"""
_NO_MONEY = {
    "int_money__paid_records": "null::text as record_key",
    "int_money__client_spending": (
        "null::uuid as client_id, null::text as currency, null::numeric as amount, null::bigint as payment_count, "
        "null::timestamptz as first_paid_at, null::timestamptz as last_paid_at"
    ),
    "int_money__client_subscriptions": "null::uuid as client_id, null::text as status",
}
_BLOCKED = "select kind, value, null::text as comment from staging_cases.blocked"
_KINDS = ("kind", "priority", "exclusive", "max_names", "per_account", "comment")


def write_project(folder: Path, rules: Rules, businesses: Iterable[str] = (), *, is_whole: bool = False) -> Path:
    """Copy the project into a folder and return the copy; runs after the first need to know the businesses before."""
    copy = folder / "transform"
    shutil.copytree(project.TRANSFORM, copy, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    _write_seeds(copy / "seeds", rules, businesses)
    _replace(copy, STAGED_ROWS, _staged_rows(copy))
    _replace(copy, "int_identity__changed_rows", _EPHEMERAL + _CHANGED_ROWS)
    _replace(copy, "int_rules__blocked", _BLOCKED)
    if not is_whole:
        for model, columns in _NO_MONEY.items():
            _replace(copy, model, f"select {columns} where false")
        keep_only_identity(copy)
    return copy


def _write_seeds(seeds: Path, rules: Rules, businesses: Iterable[str]) -> None:
    kinds = [
        [kind, place, kind in rules.exclusive, rules.max_names.get(kind), False, "A case."]
        for place, kind in enumerate(rules.order, start=1)
    ]
    _write(seeds / "identity_rules.csv", _KINDS, kinds)
    accounts = [[SOURCE, business, business, "A case."] for business in businesses]
    _write(seeds / "accounts.csv", ("source", "account", "business", "comment"), accounts)
    if rules.max_records is not None:
        limit = [["max_records", rules.max_records, "A case."]]
        _write(seeds / "identity_options.csv", ("option", "value", "comment"), limit)


def _write(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def _replace(copy: Path, model: str, query: str) -> None:
    for path in copy.glob(f"models/**/{model}.sql"):
        path.write_text(query, "utf-8")


def _staged_rows(copy: Path) -> str:
    columns = {**dict.fromkeys(_columns(copy, STAGED_ROWS), "null::text"), **_KNOWN}
    listed = ",\n    ".join(f"{told} as {column}" for column, told in columns.items())
    return f"{_EPHEMERAL}select\n    {listed}\nfrom staging_cases.records\n{_THOSE_THAT_CHANGED}"


def _columns(copy: Path, model: str) -> list[str]:
    """The columns of a model as its description lists them."""
    for path in copy.glob("models/**/*.yml"):
        for described in yaml.safe_load(path.read_text("utf-8")).get("models") or []:
            if described["name"] == model:
                return [column["name"] for column in described["columns"]]
    raise LookupError(f"No .yml file of the dbt project describes the model {model}.")

"""People as rows: staged as the loader would, resolved by the real dbt project, read back from `unified`."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import uuid
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import psycopg
import pytest
from psycopg.rows import dict_row
from support.databases import drop_database, with_database
from warehouse.address import libpq_environment
from warehouse.connection import OWNER_ROLE, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

TRANSFORM = Path(__file__).parents[2] / "transform"
FIELDS = {
    "Name": "full_name",
    "First Name": "first_name",
    "Last Name": "last_name",
    "Email": "email",
    "Email 2": "email",
    "Phone": "phone",
    "Customer": "stripe_customer_id",
    "Contact Id": "ghl_contact_id",
    "Subscriber ID": "manychat_subscriber_id",
    "SSN": "soc_sec_id",
    "Created": "created_at",
    "Updated": "updated_at",
    "Amount": "amount",
    "Country": "country",
    "Payer": "payer_email",
}
FORMATS = {"Created": {"date": "iso", "time_zone": "UTC"}, "Amount": {"amount": "point"}}
STORIES = (
    "chain", "two_emails", "waits", "shop", "family", "loyalty", "agency_a", "agency_b", "paypal", "blocked", "gone",
    "family_grows", "remap", "late", "merge", "unmerge",
)  # fmt: skip
API_STORIES = ("emails", "merged", "dnd", "guests", "gone", "money", "payers", "chats", "five", "found", "apis")
API_ACCOUNTS = {"files_five": "five", "files_found": "found", "location_1": "found", "location_2": "found"}
WORLDS = [f"world_{number}" for number in range(250)]
_STAGE = """
insert into staging_{source}.{stream} as old (
    account, id, created_at, updated_at, record, phones, origin, _first_loaded_at, _loaded_at, _run_id, _batch_id,
    _deleted_at
)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (account, id) do update set
    updated_at = excluded.updated_at, origin = excluded.origin, phones = excluded.phones,
    record = case when excluded._deleted_at is null then excluded.record else old.record || excluded.record end,
    _loaded_at = excluded._loaded_at, _run_id = excluded._run_id,
    _batch_id = excluded._batch_id, _deleted_at = excluded._deleted_at
"""


@dataclass
class Warehouse:
    """A database with staged rows, and the dbt project that resolves them."""

    url: str
    project: Path
    scratch: Path
    clock: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))

    def __post_init__(self) -> None:
        self.connection: psycopg.Connection[Any] = connect(self.url, application="tests")

    def commit(self, stream: str, rows: int, batch_id: int | None = None, source: str = "csv") -> int:
        """Write the row of `ops.batches` and return its number; a number may be given to come late."""
        numbered = "overriding system value " if batch_id else ""
        columns, values = ("batch_id, ", [batch_id]) if batch_id else ("", [])
        row = self.connection.execute(
            f"insert into ops.batches ({columns}run_id, source, stream, rows_read, rows_new, rows_changed) "
            f"{numbered}values ({'%s, ' if batch_id else ''}%s, %s, %s, %s, %s, 0) returning batch_id",
            [*values, uuid.uuid4(), source, stream, rows, rows],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def load(
        self,
        kind: str,
        rows: dict[str, dict[str, str]],
        account: str = "main",
        *,
        deleted: bool = False,
        batch_id: int | None = None,
        mapping: dict[str, str] | None = None,
        formats: dict[str, Any] | None = None,
    ) -> int:
        """Stage rows (own id to cells) and their file as tap and loader do, one commit for each stream."""
        file_id = uuid.uuid4().hex[:12]
        headers = list(dict.fromkeys(header for cells in rows.values() for header in cells))
        described = {
            "path": f"{kind}.csv",
            "kind": kind,
            "headers": headers,
            "mapping": mapping or {header: FIELDS[header] for header in headers if header in FIELDS},
            "formats": formats or FORMATS,
        }
        self._stage("files", account, file_id, described, None, None, self.commit("files", 1), deleted=False)
        batch = self.commit("imports", len(rows), batch_id)
        for line, (own_id, cells) in enumerate(rows.items(), start=2):
            phones = cells.get("Phone", "").split()
            origin = {"file": file_id, "path": f"{kind}.csv", "line": line}
            self._stage("imports", account, f"{kind}:{own_id}", cells, phones, origin, batch, deleted=deleted)
        return batch

    def load_api(
        self,
        stream: str,
        rows: dict[str, dict[str, Any]],
        account: str = "main",
        *,
        phones: dict[str, list[str]] | None = None,
        at: str | None = None,
        deleted: bool = False,
    ) -> None:
        """Stage objects (id to object) of a `source.stream` as an API tap and the loader do."""
        source, name = stream.split(".")
        batch = self.commit(name, len(rows), source=source)
        for own_id, record in rows.items():
            told = (phones or {}).get(own_id, [])
            self._stage(name, account, own_id, record, told, None, batch, deleted=deleted, source=source, at=at)

    def _stage(
        self,
        stream: str,
        account: str,
        key: str,
        record: dict[str, Any],
        phones: list[str] | None,
        origin: dict[str, Any] | None,
        batch: int,
        *,
        deleted: bool,
        source: str = "csv",
        at: str | None = None,
    ) -> None:
        self.clock += timedelta(seconds=1)
        documents = [None if value is None else json.dumps(value) for value in (record, phones, origin)]
        loaded = [self.clock, self.clock, uuid.uuid4(), batch, self.clock if deleted else None]
        self.connection.execute(
            _STAGE.format(source=source, stream=stream), [account, key, at, at, *documents, *loaded]
        )

    def environment(self) -> dict[str, str]:
        """What dbt's profile reads."""
        role = self.connection.execute("select current_user").fetchone()
        return {
            **libpq_environment(self.url),
            "STAGE_FIRST_ROLE": OWNER_ROLE if role == (OWNER_ROLE,) else "",
            "DBT_TARGET_PATH": str(self.scratch / "target"),
            "DBT_LOG_PATH": str(self.scratch / "logs"),
        }

    def dbt(self, *arguments: str) -> dict[str, str]:
        """Run dbt in this process and return each node's status."""
        from dbt.cli.main import dbtRunner

        folders = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        with mock.patch.dict(os.environ, self.environment()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dbt's own
            result = dbtRunner().invoke([*arguments, *folders, "--quiet"])
        if result.exception is not None:
            raise result.exception
        return {node.node.name: str(node.status) for node in getattr(result.result, "results", [])}

    def build(self, *arguments: str) -> dict[str, str]:
        """`dbt build` with its gates and without the tests of single models, expecting it to succeed."""
        statuses = self.dbt("build", "--exclude", "test_type:unit", "test_type:generic", *arguments)
        bad = {name: status for name, status in statuses.items() if status not in {"success", "pass", "no-op"}}
        assert bad == {}
        return statuses

    def command(self, *arguments: str) -> list[str]:
        """The same as a child process would be started."""
        folders = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        return [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments, *folders]

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What a query returns."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, values).fetchall()

    def value(self, query: str, *values: Any) -> Any:
        """The one value that a query returns."""
        return next(iter(self.rows(query, *values)[0].values()))

    def client_of(self, record: str, account: str = "main") -> str:
        """The client of the record `kind:own id`."""
        query = "select client_id::text from unified.client_records where record_key = %s"
        return str(self.value(query, f"csv:imports:{account}:{record}"))

    def people(self, business: str) -> set[frozenset[str]]:
        """The published partition of a business, each client as the own ids of its records."""
        query = "select client_id, split_part(id, ':', 2) as id from unified.client_records where business = %s"
        clients: dict[Any, set[str]] = {}
        for row in self.rows(query, business):
            clients.setdefault(row["client_id"], set()).add(row["id"])
        return {frozenset(ids) for ids in clients.values()}

    def published(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that readers see."""
        tables = ("clients", "client_records", "merge_conflicts", "shared_identifiers")
        return {table: self.rows(f"select * from unified.{table} as t order by t::text") for table in tables}


@pytest.fixture(scope="session")
def world_names() -> list[str]:
    """Businesses for worlds made at random."""
    return WORLDS


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project with an added kind of identifier and each test account `x` in the business `x`."""
    copy = tmp_path_factory.mktemp("dbt") / "transform"
    shutil.copytree(TRANSFORM, copy, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    with (copy / "seeds" / "identity_rules.csv").open("a", newline="") as seed:
        csv.writer(seed).writerow(["soc_sec_id", 6, "false", None, "false", "Added by a line here and a mapping."])
    with (copy / "seeds" / "accounts.csv").open("a", newline="") as seed:
        csv.writer(seed).writerows(["csv", business, business, "a story"] for business in (*STORIES, *WORLDS))
        accounts = {business: business for business in API_STORIES} | API_ACCOUNTS
        for source in ("csv", "ghl", "manychat", "stripe", "paypal"):
            named = accounts if source != "csv" else {k: v for k, v in accounts.items() if k not in STORIES}
            csv.writer(seed).writerows([source, *pair, "a story"] for pair in named.items())
    return copy


@pytest.fixture(scope="module")
def warehouse(
    server: str, template: str, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """One database for the stories of a module, so that one build resolves them all."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}"')
        if admin.execute("select 1 from pg_roles where rolname = %s", [OWNER_ROLE]).fetchone():
            admin.execute(f'grant create on database "{name}" to {OWNER_ROLE}')  # a copy has no grants
        warehouse = Warehouse(with_database(server, name), project, tmp_path_factory.mktemp("run"))
        with warehouse.connection:
            yield warehouse
        drop_database(admin, name)

"""People about whom somebody has to decide, as rows of exports and APIs; each story has values of its own."""

from __future__ import annotations

import csv
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from support.databases import drop_database, with_database
from warehouse.connection import OWNER_ROLE

from tests.transform.conftest import TRANSFORM, Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHOP = {f"shop{number}": {"Name": f"Customer {number}", "Phone": "+525550000001"} for number in range(6)}
FIRST = {
    # The case of the plan: one phone, two e-mails.
    "ana": {"Name": "Ana López", "Email": "ana@x.mx", "Phone": "+525510000001", "Updated": "2026-01-05 10:00:00"},
    "ana_chat": {"Name": "Ana L.", "Email": "ana.l@y.mx", "Phone": "+525510000001"},
    # One person whom nothing joins.
    "carmen": {"Name": "Carmen Ruiz", "Email": "carmen@x.mx"},
    "carmen_work": {"Name": "C. Ruiz", "Email": "carmen@work.mx"},
    "carmen_old": {"Name": "Carmen R.", "Email": "carmen@old.mx"},
    # A chain: e-mail, e-mail, phone.
    "rosa": {"Name": "Rosa Gil", "Email": "rosa@x.mx", "Updated": "2026-01-01 10:00:00"},
    "rosa_two": {
        "Name": "Rosa G.", "Email": "rosa@x.mx", "Email 2": "rosa@z.mx", "Phone": "+525510000004",
        "Updated": "2026-02-01 10:00:00",
    },
    "rosa_phone": {"Name": "", "Email": "rosa@z.mx", "Phone": "+525510000002"},
    "rosa_chat": {"Name": "Rosita", "Phone": "+525510000002"},
    # Her sister, or she herself with another address?
    "rosa_new": {"Name": "Rosita Gil", "Email": "rosita@w.mx", "Phone": "+525510000004"},
    "rosa_new_two": {"Name": "Rosita", "Email": "rosita@w.mx", "Phone": "+525510000004"},
    # A phone that too many names hold.
    **SHOP,
    # Two families of one phone, and a chat that could be either's.
    "eva": {"Name": "Eva Paz", "Email": "eva@x.mx", "Phone": "+525510000003"},
    "leo": {"Name": "Leo Paz", "Email": "leo@x.mx", "Phone": "+525510000003"},
    "paz_chat": {"Name": "Paz", "Phone": "+525510000003", "Subscriber ID": "77"},
    # Nobody's address.
    "typo": {"Name": "Pablo Díaz", "Email": "test@test.com", "Email 2": "pablo@x.mx"},
    "typo_two": {"Name": "Sara Sol", "Email": "test@test.com", "Email 2": "sara@x.mx"},
}  # fmt: skip
AGENCY = {
    "ana": {"Name": "Ana López", "Email": "ana@x.mx", "Phone": "+525510000001"},
    "ana_chat": {"Name": "Ana L.", "Email": "ana.l@y.mx", "Phone": "+525510000001"},
}
CONTACTS = {
    "rosa": {"id": "rosa", "contactName": "Rosa Gil Mora", "email": "rosa@x.mx", "dateUpdated": "2025-12-01T10:00:00Z"},
}


def key(own_id: str, account: str = "main") -> str:
    """The record of a row."""
    return f"csv:imports:{account}:people:{own_id}"


@contextmanager
def warehouse_of_people(server: str, template: str, folder: Path) -> Iterator[Warehouse]:
    """A database in which they are staged, and the project that resolves them; nothing is built yet."""
    project = folder / "transform"
    shutil.copytree(TRANSFORM, project, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    with (project / "seeds" / "accounts.csv").open("a", newline="") as seed:
        csv.writer(seed).writerow(["csv", "agency", "agency", "another business"])
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}"')
        if admin.execute("select 1 from pg_roles where rolname = %s", [OWNER_ROLE]).fetchone():
            admin.execute(f'grant create on database "{name}" to {OWNER_ROLE}')  # a copy has no grants
        warehouse = Warehouse(with_database(server, name), project, folder)
        with warehouse.connection:
            warehouse.load("people", FIRST)
            warehouse.load("people", AGENCY, "agency")
            warehouse.load_api("ghl.contacts", CONTACTS)
            yield warehouse
        drop_database(admin, name)

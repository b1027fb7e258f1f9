"""`stage-first adopt`: a raw table that somebody has goes through the loader into staging, row by row."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from support.pipes import BIN, PROJECT, leftovers, query

if TYPE_CHECKING:
    from pathlib import Path

LOCATION = "loc12345678901234567"
STAGED = (
    "select id, created_at::text, updated_at::text, record::text, phones::text from staging_ghl.contacts order by 1"
)


def contact(number: int) -> dict[str, Any]:
    return {
        "id": f"contact{number:07}",
        "locationId": LOCATION,
        "email": f"ana.{number}@example.com",
        "phone": f"+52155{number:08}",
        "dateAdded": "2024-03-05T10:00:00.000Z",
        "dateUpdated": "2024-03-06T10:00:00.000Z",
        "customFields": [{"id": "amount", "value": "0"}],
    }


def fill(database_url: str, payloads: list[str | None], kind: str = "jsonb") -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"create schema own; create table own.ghl_contacts_raw (n serial, payload {kind})")
        with connection.cursor().copy("copy own.ghl_contacts_raw (payload) from stdin") as copy:
            for payload in payloads:
                copy.write_row([payload])


def adopt(folder: Path, database_url: str, *options: str, code: int = 0) -> str:
    command = [BIN / "stage-first", "adopt", "own.ghl_contacts_raw", "--source", "ghl", "--stream", "contacts"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "STAGE_FIRST_DATA": str(folder / "data")}
    environment |= {"DATABASE_URL": database_url, "TAP_GHL_DEFAULT_REGION": "MX"}
    done = subprocess.run(
        [*command, *options], cwd=PROJECT, env=environment, text=True, capture_output=True, timeout=600
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_every_row_is_staged_rejected_or_a_twin_and_again_nothing_changes(tmp_path: Path, database_url: str) -> None:
    good = [json.dumps(contact(number)).replace('"0"', "1.10") for number in range(1990)]
    odd = ['{"email": "no id"}', "[1]", None, good[5], good[5], good[5], good[6], '{"id": 12345678901234567890}']
    fill(database_url, [*good, *odd])
    said = adopt(tmp_path, database_url, "--account", LOCATION)
    assert f"1,998 rows = 1,991 in staging_ghl.contacts (account {LOCATION}) + 3 rejected + 4 with" in said
    assert "reads everything once" in said
    staged = query(database_url, STAGED)
    assert staged[0][0] == "12345678901234567890"
    _, created_at, updated_at, record, phones = staged[1]
    assert (created_at, updated_at) == ("2024-03-05 10:00:00+00", "2024-03-06 10:00:00+00")
    assert '"value": 1.10' in record
    assert json.loads(phones) == ["+525500000000"]
    reasons = query(database_url, "select reason from ops.rejected_records order by 1")
    assert len(reasons) == 3
    assert ("the payload is null",) in reasons

    before = query(database_url, "select id, _loaded_at, _batch_id from staging_ghl.contacts order by 1")
    assert "1,991 in staging_ghl.contacts" in adopt(tmp_path, database_url, "--account", LOCATION)
    assert query(database_url, "select id, _loaded_at, _batch_id from staging_ghl.contacts order by 1") == before
    assert leftovers(database_url) == []
    remembered = query(database_url, "select table_name, stream, account, rows_copied from ops.adopted_tables")
    assert remembered == [("own.ghl_contacts_raw", "contacts", LOCATION, 1998)]


def test_another_shape_is_told_by_paths(tmp_path: Path, database_url: str) -> None:
    fill(database_url, ['{"key": {"own": "a-1"}, "made": 1700000000, "touched": "2025-01-01T00:00:00Z"}'], "text")
    paths = ["--id-path", "key.own", "--created-at", "made", "--updated-at", "touched", "--account", "old"]
    adopt(tmp_path, database_url, "--from-url", database_url, *paths)
    ((own_id, created_at, updated_at, _, _),) = query(database_url, STAGED)
    assert (own_id, created_at[:10], updated_at[:10]) == ("a-1", "2023-11-14", "2025-01-01")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--account", "x", "--payload-column", "body"], 'column "body" does not exist'),
        (["--account", "x", "--stream", "people"], "has no stream 'people'"),
        ([], "Give --account"),
    ],
)
def test_what_cannot_be_is_a_sentence(options: list[str], sentence: str, tmp_path: Path, database_url: str) -> None:
    fill(database_url, [])
    said = adopt(tmp_path, database_url, *options, code=1)
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.soak
def test_the_owners_contacts(tmp_path: Path, database_url: str) -> None:
    fill(database_url, [json.dumps(contact(number)) for number in range(217_324)])
    said = adopt(tmp_path, database_url, "--account", LOCATION)
    assert "217,324 rows = 217,324 in staging_ghl.contacts" in said
    assert "0 rejected + 0 with" in said

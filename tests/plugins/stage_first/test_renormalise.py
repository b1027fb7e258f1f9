"""Phone numbers of staged rows become what a download with another default region gives, and nothing else moves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from stage_first.cli import main
from stage_first.csv_mapping import set_mapping
from stage_first.renormalise_report import region_named, renormalise_all
from stage_first.settings import UsageError
from support.databases import fresh_database
from support.pipes import BIN, PROJECT, Pipe, contents, leftovers, query
from warehouse.connection import connect
from warehouse.lease import acquire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PEOPLE = """\
Id,Name,Phone,Country,Second number
1,Ana Pérez,55 1234 5678,,
2,Luis Soto,+52 55 8765 4321,,55 9999 0000
3,Joe Smith,(212) 555-0147,US,
4,Marta Ruiz,044 55 2345 6789,,
5,Nobody,,,
6,Typo,12,,
"""
STAGE = """
insert into staging_{}.{} (account, id, record, phones, _first_loaded_at, _loaded_at, _run_id, _batch_id)
select 'main', id, record::jsonb, phones::jsonb, now(), now(), %s, 1
from unnest(%s::text[], %s::text[], %s::text[]) as given (id, record, phones)
"""
CHATS = {"id": "7", "phone": None, "whatsapp_phone": "5215512345678"}
API_ROWS: dict[str, tuple[dict[str, Any], list[str] | None]] = {
    "ghl.contacts": ({"id": "a", "phone": "55 1234 5678"}, ["+525512345678"]),
    "ghl.contacts-of-a-country": ({"id": "a", "phone": "(212) 555-0147", "country": "US"}, ["+12125550147"]),
    "ghl.users": ({"id": "b", "phone": "12"}, None),
    "manychat.subscribers": (CHATS, ["+525512345678"]),
    "stripe.customers": ({"id": "cus_1", "phone": "55 1234 5678"}, ["+525512345678"]),
    "paypal.transactions": (
        {"payer_info": {"phone_number": {"national_number": "5512345678", "country_code": "52"}}},
        ["+525512345678"],
    ),
}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TAP_")]:
        monkeypatch.delenv(name)


def load_csv(folder: Path, database_url: str, region: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "people.csv").write_text(PEOPLE)
    pipe = Pipe(folder, database_url, {"files": str(folder / "people.csv"), "default_region": region})
    assert pipe.run() == (0, 0)


def without_path(database_url: str) -> list[tuple[Any, ...]]:
    return [(*row[:6], *row[7:]) for row in contents(database_url)]


def versions(database_url: str, schema: str = "staging_csv.imports") -> dict[str, tuple[Any, ...]]:
    """Each row's physical version and the loader's columns."""
    rows = query(database_url, f"select id, xmin::text, _loaded_at, _run_id, _batch_id from {schema}")
    return {row[0]: row[1:] for row in rows}


def stage(database_url: str, stream: str, rows: Mapping[str, tuple[Mapping[str, Any], list[str] | None]]) -> None:
    source, name = stream.split(".")
    texts = [json.dumps(record) for record, _ in rows.values()]
    phones = [None if numbers is None else json.dumps(numbers) for _, numbers in rows.values()]
    with connect(database_url, application="tests") as connection:
        connection.execute(STAGE.format(source, name), [uuid.uuid4(), list(rows), texts, phones])  # type: ignore[arg-type]


def command(database_url: str, *options: str) -> list[str]:
    return ["env", f"DATABASE_URL={database_url}", str(BIN / "stage-first"), "renormalise", *options]


def test_csv_rows_become_what_an_import_with_the_other_region_gives(
    tmp_path: Path, database_url: str, server: str, template: str
) -> None:
    load_csv(tmp_path / "us", database_url, "US")
    before, batches = versions(database_url), query(database_url, "select count(*) from ops.batches")[0][0]
    assert renormalise_all(database_url, "MX", None, None) == []

    with fresh_database(server, template) as other:
        load_csv(tmp_path / "mx", other, "MX")
        assert without_path(database_url) == without_path(other)
    after = versions(database_url)
    moved = {key for key in before if before[key] != after[key]}
    assert len(moved) == 2, "Ana's and Marta's; the others have a country, a plus, or no number"
    assert all(before[key][1] == after[key][1] for key in moved), "nothing was told anew"
    ((run_id, batch_id),) = {(row[2], row[3]) for key, row in after.items() if key in moved}
    ((rows_read, changed, source, stream),) = query(
        database_url, f"select rows_read, rows_changed, source, stream from ops.batches where batch_id = {batch_id}"
    )
    assert (rows_read, changed, source, stream) == (6, 2, "csv", "imports")
    runs = query(
        database_url,
        f"select status, rows_read, rows_changed, rows_unchanged, progress_done, progress_total, note"
        f" from ops.sync_runs where run_id = '{run_id}'",
    )
    note = "Phone numbers of staged rows read anew (MX); nothing was downloaded."
    assert runs == [("succeeded", 6, 2, 4, 6, 6, note)]
    assert leftovers(database_url) == []

    assert renormalise_all(database_url, "MX", "csv", None) == []
    assert versions(database_url) == after
    assert query(database_url, "select count(*) from ops.batches")[0][0] == batches + 1


def test_a_changed_mapping_needs_no_import_for_phones_either(tmp_path: Path, database_url: str) -> None:
    load_csv(tmp_path, database_url, "MX")
    kind = query(database_url, "select record ->> 'kind' from staging_csv.files")[0][0]
    set_mapping(database_url, kind, "Second number", "phone", "they call it so")
    set_mapping(database_url, kind, "Phone", None, None)
    assert renormalise_all(database_url, "MX", "csv", None) == []
    found = query(database_url, "select record ->> 'Name', phones from staging_csv.imports where phones is not null")
    assert found == [("Luis Soto", ["+525599990000"])]


@pytest.mark.parametrize("case", API_ROWS)
def test_rows_of_an_api_are_read_by_its_tap(case: str, database_url: str) -> None:
    stream, (record, expected) = case.partition("-")[0], API_ROWS[case]
    stage(database_url, stream, {"a": (record, ["+15550001111"])})
    assert renormalise_all(database_url, "MX", None, None) == []
    assert query(database_url, f"select phones from staging_{stream}") == [(expected,)]


def test_one_account_and_a_deleted_row(database_url: str) -> None:
    stage(database_url, "stripe.customers", {"a": ({"id": "a", "phone": "55 1234 5678"}, None)})
    query(database_url, "update staging_stripe.customers set _deleted_at = '2026-01-01'")
    query(
        database_url,
        "insert into staging_stripe.customers select 'other', id, created_at, updated_at, record, phones, origin,"
        " _first_loaded_at, _loaded_at, _run_id, _batch_id, null from staging_stripe.customers",
    )
    assert renormalise_all(database_url, "MX", "stripe", "main") == []
    found = query(database_url, "select account, phones, _deleted_at is null from staging_stripe.customers order by 1")
    assert found == [("main", ["+525512345678"], False), ("other", None, True)]


def test_the_setting_is_named_that_must_follow(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(database_url, "ghl.contacts", {"a": ({"id": "a", "phone": "55 1234 5678"}, None)})
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TAP_GHL_DEFAULT_REGION", "US")
    said = CliRunner().invoke(main, ["renormalise", "--default-region", "mx"], catch_exceptions=False).output
    assert "1 rows read with MX, 1 have other phone numbers now" in said
    assert "The setting of tap-ghl is still US: put TAP_GHL_DEFAULT_REGION=MX into .env" in said
    monkeypatch.setenv("TAP_GHL_DEFAULT_REGION", "MX")
    said = CliRunner().invoke(main, ["renormalise"], catch_exceptions=False).output
    assert "read with MX, 0 have other phone numbers now" in said
    assert "setting" not in said


def test_what_cannot_be_is_a_sentence(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="'Mexico' is no country: give its two letters, for instance MX"):
        region_named("Mexico")
    with connect(database_url, application="tests") as connection:
        acquire(connection, "staging_csv", uuid.uuid4())
    assert renormalise_all(database_url, "MX", "csv", None) == ["csv"]
    assert "staging_csv is being written by process" in capsys.readouterr().err


def test_killed_in_the_middle_the_same_command_ends_it(database_url: str) -> None:
    count = 40_000
    rows = {f"c{n:06}": ({"id": f"c{n:06}", "phone": f"55 {n:08}"}, None) for n in range(count)}
    stage(database_url, "ghl.contacts", rows)
    arguments = command(database_url, "--default-region", "MX", "--source", "ghl")
    process = subprocess.Popen(arguments, cwd=PROJECT, stdout=subprocess.DEVNULL)
    while not query(database_url, "select 1 from ops.batches") and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    first = query(database_url, "select coalesce(sum(rows_changed), 0)::int from ops.batches")[0][0]
    assert 0 < first < count
    assert query(database_url, "select count(*) from staging_ghl.contacts where phones is not null") == [(first,)]

    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = "select count(*) from staging_ghl.contacts where phones is distinct from jsonb_build_array("
    assert query(database_url, wrong + "'+5255' || right(record ->> 'phone', 8))") == [(0,)]
    assert query(database_url, "select sum(rows_changed)::int from ops.batches") == [(count,)]
    states = "select status, rows_changed::int from ops.sync_runs where stream = 'contacts' order by started_at"
    assert query(database_url, states) == [("dead", first), ("succeeded", count - first)]
    assert leftovers(database_url) == []

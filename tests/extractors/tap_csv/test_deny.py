"""What is denied never leaves the tap: not in records, phones, ids, rejects, temporary data, logs or the inspection."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.extractors.tap_csv.harness import run, written

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "123-45-6789"
DENY = {"deny": ["SSN ", "Teléfono"]}
HEADER = "Subscriber ID,Email,ssn,telefono"


def test_a_denied_column_is_in_no_record(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", f"{HEADER}\n1,a@x.com,{SECRET},+525512345678\n")

    outcome = run(path, default_region="MX", **DENY)

    assert outcome.records[0]["record"] == {"Subscriber ID": "1", "Email": "a@x.com"}
    assert outcome.records[0].get("phones") is None
    assert SECRET not in json.dumps(outcome.records)
    assert outcome.file["headers"] == HEADER.split(",")


BAD_ROWS = (
    (f"2,b@x.com,{SECRET}", b""),
    (f'2,"b"@x.com,{SECRET},5', b""),
    (f"2,\0,{SECRET},5", b""),
    (f"1.23457E+15,b@x.com,{SECRET},5", b"1.23457E+15,b@x.com\n"),
)


@pytest.mark.parametrize(("row", "kept"), BAD_ROWS)
def test_of_a_bad_row_only_what_may_leave_is_kept(row: str, kept: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", f"{HEADER}\n1,a@x.com,x,\n{row}\n")

    reject = run(path, **DENY).rejects[0]

    assert reject["raw"] == kept
    line = kept or f"{row}\n".encode()
    assert reject["raw_length"] == len(line)
    assert reject["raw_sha256"] == hashlib.sha256(line).hexdigest()
    assert SECRET not in json.dumps({**reject, "raw": ""})


def test_without_a_deny_list_the_bytes_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", f"{HEADER}\n1,a@x.com,x,\n2,b\n1.23457E+15,b@x.com,x,5\n")

    outcome = run(path)

    assert [reject["raw"] for reject in outcome.rejects] == [b"2,b\n", b"1.23457E+15,b@x.com,x,5\n"]
    assert [reject["origin"]["offset"] for reject in outcome.rejects] == [46, 50]


def test_rows_that_differ_in_what_is_denied_only_are_repeats(tmp_path: Path) -> None:
    rows = f"1,a@x.com,{SECRET},\n1,a@x.com,999,\n1,b@x.com,{SECRET},\n"

    outcome = run(written(tmp_path / "a.csv", f"{HEADER}\n{rows}"), **DENY)

    assert [record["id"] for record in outcome.records] == ["manychat_subscribers:1", "manychat_subscribers:1:2"]
    assert outcome.file["repeated"] == 1
    assert SECRET not in json.dumps(outcome.records)


def test_a_denied_own_id_is_in_no_key(tmp_path: Path) -> None:
    outcome = run(written(tmp_path / "a.csv", f"id,name\n{SECRET},Ana\n"), deny=["id"])

    assert SECRET not in json.dumps([outcome.records, outcome.files])
    assert "own id is in `deny`" in outcome.file["problems"][0]

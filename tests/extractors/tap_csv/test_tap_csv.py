"""The SDK's standard suite, the settings, and what a run says and returns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sandbox.exports import EXPORTS
from sandbox.folder import write_folder
from sandbox.people import World
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tap_csv.options import options_of
from tap_csv.tap import TapCSV

from tests.extractors.tap_csv.harness import run

PROJECT = Path(__file__).parent.parent.parent.parent
FIXTURES = PROJECT / "tests" / "fixtures" / "csv"

TestStandardSuite = pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records")(
    get_tap_test_class(
        TapCSV,
        config={"files": str(FIXTURES / "stripe_customers.csv")},
        suite_config=SuiteConfig(ignore_no_records_for_streams=["files"]),
    )
)


def test_a_record_is_the_row_as_it_stands_in_the_file() -> None:
    outcome = run(FIXTURES / "stripe_customers.csv")

    assert outcome.records[0] == {
        "account": "main",
        "id": "stripe_customers:cus_QXg1o8vcGmoR32",
        "record": {
            "id": "cus_QXg1o8vcGmoR32",
            "Description": "",
            "Email": "Ana.Perez@Example.com",
            "Name": "Pérez, Ana",
            "Created (UTC)": "2026-07-10 18:37:41",
            "Delinquent": "false",
            "Plan": "",
            "Status": "",
            "Total Spend": "1,234.56",
            "Payment Count": "3",
            "Refunded Volume": "0.00",
            "Dispute Losses": "0.00",
            "ghl_contact_id (metadata)": "abc123DEFghiJKL456",
        },
        "origin": {
            "file": outcome.files[0]["id"],
            "path": str(FIXTURES / "stripe_customers.csv"),
            "line": 2,
        },
    }


def test_a_file_says_first_that_it_is_not_complete() -> None:
    outcome = run(FIXTURES / "ghl_contacts.csv")

    assert [file["record"]["complete"] for file in outcome.files] == [False, True]
    assert outcome.files[0]["record"]["mapping"] == outcome.file["mapping"]
    assert len({file["id"] for file in outcome.files}) == 1


def test_the_bookmark_can_be_read_by_a_person() -> None:
    path = FIXTURES / "paypal_es.csv"
    bookmark = run(path).bookmark(path)

    assert bookmark == {
        "file": bookmark["file"],
        "kind": "paypal_activity",
        "bytes": path.stat().st_size,
        "modified_ns": path.stat().st_mtime_ns,
        "settings": bookmark["settings"],
        "offset": path.stat().st_size,
        "line": 3,
        "digest": bookmark["digest"],
        "done": True,
        "rows": 2,
        "read_as": {"encoding": "utf-8-sig", "delimiter": ",", "header_line": 1},
    }


def test_a_catalog_may_leave_files_out() -> None:
    catalog = TapCSV(config={"files": str(FIXTURES)}).catalog_dict
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["stream"] == "imports"

    outcome = run(FIXTURES / "ghl_contacts.csv", catalog=catalog)

    assert (len(outcome.records), outcome.files) == (1, [])


FORMS: tuple[Any, ...] = (
    ["a.csv", "b.csv"],
    "a.csv,b.csv",
    " a.csv \n\nb.csv\n",
    '["a.csv", {"path": "b.csv"}]',
    [{"path": "a.csv"}, " b.csv "],
)


@pytest.mark.parametrize("files", FORMS)
def test_files_may_be_written_in_several_forms(files: Any) -> None:
    assert [option.path for option in options_of({"files": files})] == ["a.csv", "b.csv"]


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "No files to read. Set `files` of tap-csv"),
    ({"files": " , "}, "No files to read"),
    ({"files": [{"path": "a.csv", "kinds": "x"}]}, "`kinds` is no setting of a file; there are account, delimiter"),
    ({"files": [{"path": "a.csv", "kind": "My Kind"}]}, "kind `My Kind` must be lower case"),
    ({"files": "a.csv", "encoding": "utf-99"}, "`utf-99` is no encoding that CSVs are read in"),
    ({"files": "a.csv", "encoding": "utf-32"}, "`utf-32` is no encoding that CSVs are read in"),
    ({"files": "a.csv", "encoding": "hex"}, "`hex` is no encoding that CSVs are read in"),
    ({"files": "a.csv", "delimiter": "::"}, "delimiter `::` must be one character"),
    ({"files": "a.csv", "time_zone": "Mexico"}, "there is no time zone `Mexico`"),
    ({"files": "a.csv", "formats": {"amount": "dots"}}, "format `dots` of column amount must be one of point, comma"),
    ({"files": "none.csv"}, "none.csv: there is no such file or folder"),
)


@pytest.mark.parametrize(("config", "sentence"), WRONG)
def test_a_setting_that_cannot_be_meant_is_an_error_before_anything_is_read(
    config: dict[str, Any], sentence: str
) -> None:
    tap = TapCSV(config=config)

    with pytest.raises(ConfigValidationError) as error:
        tap.sync_all()

    assert sentence in error.value.errors[0]


def test_discovery_needs_no_settings() -> None:
    assert {stream["stream"] for stream in TapCSV(config={}).catalog_dict["streams"]} == {"files", "imports"}


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tap_csv.tap", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_takes_its_files_from_the_environment() -> None:
    files = f"{FIXTURES / 'ghl_contacts.csv'},{FIXTURES / 'hotmart_sales.csv'}"

    result = command("--config=ENV", TAP_CSV_FILES=files)

    assert result.returncode == 0
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    assert sum(message["type"] == "RECORD" and message["stream"] == "imports" for message in messages) == 3
    assert messages[-1]["value"]["progress"]["finished"] is True
    total = sum(path.stat().st_size for path in (FIXTURES / "ghl_contacts.csv", FIXTURES / "hotmart_sales.csv"))
    assert messages[-1]["value"]["progress"]["imports"] == {"done": total, "total": total, "unit": "bytes"}


def test_the_command_fails_with_a_sentence(tmp_path: Path) -> None:
    result = command("--config=ENV", TAP_CSV_FILES=str(tmp_path / "none.csv"))

    assert result.returncode == 1
    assert result.stdout == ""
    assert "there is no such file or folder" in result.stderr
    assert "Traceback" not in result.stderr


def test_look_alike_exports_are_read_whole(tmp_path: Path) -> None:
    expected = write_folder(tmp_path, World(5, 120))["files"]
    paths = [tmp_path / f"{name}.csv" for name in EXPORTS]

    outcome = run(paths)

    found = {Path(file["record"]["path"]).name: file["record"] for file in outcome.files}
    for name, counts in expected.items():
        file = found[name]
        assert file["kind"] == counts["kind"]
        assert file["rows"] - file["rejected"] == counts["rows"]
        assert file["rejected"] == counts["rejects"]
        assert file["repeated"] == 0
    assert len({record["id"] for record in outcome.records}) == sum(counts["rows"] for counts in expected.values())


@pytest.mark.needs_shared
def test_febrl_is_read_whole(shared: Path) -> None:
    outcome = run(shared / "real" / "febrl", mapping={"soc_sec_id": "soc_sec_id"})

    assert outcome.rejects == []
    assert [file["record"]["rows"] for file in outcome.files if file["record"]["complete"]] == [5000, 5000]
    assert len({record["id"] for record in outcome.records}) == 10_000
    assert outcome.file["mapping"] == {
        " given_name": "first_name",
        " surname": "last_name",
        " address_1": "address",
        " suburb": "city",
        " postcode": "postal_code",
        " state": "state",
        " soc_sec_id": "soc_sec_id",
    }

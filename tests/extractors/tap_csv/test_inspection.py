"""`tap-csv --inspect FILE` shows what would be loaded, and loads nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tap_csv.tap import TapCSV

from tests.extractors.tap_csv.harness import written

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "csv"


def inspect(path: Path | str, tmp_path: Path, **config: object) -> tuple[int, str]:
    settings = written(tmp_path / "config.json", json.dumps(config))
    result = CliRunner().invoke(TapCSV.cli, ["--config", str(settings), "--inspect", str(path)])
    return result.exit_code, result.stdout


SHOWN = {
    "stripe_customers": [
        "stripe_customers, by ids that begin with cus_",
        "iso, UTC",
        "1,234.56",
        "In the whole file: 2 rows",
    ],
    "paypal_es": [
        "utf-8-sig, comma; header in line 1",
        "Id. de transacción + Divisa + Bruto",
        "dmy",
        "comma",
        "payer_email",
    ],
    "hotmart_sales": ["cp1252, semicolon", "Moeda_2", "phone_area", "Preço da Oferta"],
    "shopify_customers": ["customer_id", "línea 1 línea 2", "Line 2: Customer ID='7210448301122"],
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown(name: str, tmp_path: Path) -> None:
    code, text = inspect(FIXTURES / f"{name}.csv", tmp_path)

    assert code == 0
    for shown in [*SHOWN[name], "stage-first csv map ", "mapping: {"]:
        assert shown in text


def test_problems_are_shown(tmp_path: Path) -> None:
    rows = "1,55 1234 5678,1.234\n2,bad,5.678\n3,x\n1.2E+15,,\n" + "4\n" * 9
    path = written(tmp_path / "a.csv", f"id,phone,amount\n{rows}")

    _, text = inspect(path, tmp_path, default_region="MX")

    assert "In the whole file: 13 rows, 11 to reject." in text
    assert "Line 4 has 2 fields, the header has 3." in text
    assert "So have 5 lines more." in text
    assert "1 of 2 phone cells hold no valid number" in text
    assert "can be read in two ways" in text
    assert "1 row has an id in E-notation" in text


def test_denied_values_are_masked_and_the_file_s_own_settings_count(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "name;ssn\nAna;123-45-6789\n")
    entry = {"path": str(path), "kind": "staff", "mapping": {"name": "note"}}

    code, text = inspect(path, tmp_path, deny=["ssn"], files=[entry, str(FIXTURES)])

    assert code == 0
    assert "123-45-6789" not in text
    assert "ssn=(denied)" in text
    assert "staff, by the setting `kind`" in text


def test_what_cannot_be_read_is_said_and_the_others_are_shown(tmp_path: Path) -> None:
    written(tmp_path / "in" / "a.csv", b"%PDF-1.7")
    written(tmp_path / "in" / "b.csv", b"")
    written(tmp_path / "in" / "c.csv", "name,city\nAna,Lima\n")

    code, text = inspect(tmp_path / "in", tmp_path)

    assert code == 1
    assert "This is a PDF document" in text
    assert "The file is empty." in text
    assert "In the whole file: 1 rows" in text


def test_only_the_first_megabyte_is_looked_at(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "name,city\n" + "Ana,Lima\n" * 150_000)

    code, text = inspect(path, tmp_path)

    assert code == 0
    assert "In the first megabyte: 116,507 rows, 0 to reject." in text


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(TapCSV.cli, ["--inspect", str(tmp_path / "none.csv")])

    assert result.exit_code == 1
    assert "Traceback" not in result.output

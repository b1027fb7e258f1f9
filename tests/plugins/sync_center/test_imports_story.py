"""A file in a browser: uploaded with progress, looked at, its columns given a meaning, imported, rows in staging."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stage_first.uploads import VARIABLE
from support.databases import fresh_database
from support.panels import Panel, browser_page, running_panel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

SHOP = Path(__file__).parents[2] / "fixtures" / "csv" / "shopify_customers.csv"
PATIENCE = 60_000


@pytest.fixture(scope="module")
def studio(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel whose commands find its uploads and nothing else."""
    data = tmp_path_factory.mktemp("data")
    shell = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "MELTANO_"))}
    with fresh_database(server, template) as url:
        shell |= {"DATABASE_URL": url, "STAGE_FIRST_DATA": str(data), VARIABLE: str(data / "imports" / "files.json")}
        places = {"logs": data / "logs" / "panel", "imports": data / "imports"}
        with running_panel(url, shell, largest_upload=1_000_000, **places) as panel:
            yield panel


def test_upload_detect_map_import(browser: Browser, studio: Panel, tmp_path: Path) -> None:
    with browser_page(browser, studio, viewport={"width": 390, "height": 844}) as watched:
        page = watched.log_in("operator")
        page.get_by_role("link", name="Import CSV").click()
        (tmp_path / "large.csv").write_bytes(b"a,b\n" * 300_000)
        page.set_input_files("#file", tmp_path / "large.csv")
        page.get_by_role("button", name="Upload").click()
        page.wait_for_selector("text=This file is larger than an upload may be.")
        (tmp_path / "page.csv").write_text("<!doctype html><title>Sign in</title>")
        page.set_input_files("#file", tmp_path / "page.csv")
        page.get_by_role("button", name="Upload").click()
        page.wait_for_selector("text=The download was probably a sign-in page")
        watched.complaints[:] = [one for one in watched.complaints if "422" not in one]
        page.set_input_files("#file", SHOP)
        page.get_by_role("button", name="Upload").click()
        page.wait_for_url("**/import/shopify_customers.csv")
        assert "The file is here." in page.inner_text("main")
        assert "shopify_customers" in page.inner_text("section[aria-labelledby=look-1]")
        assert (watched.violations(), watched.is_too_wide()) == ([], False)
        page.get_by_label("Note", exact=True).select_option("tax_id")
        page.get_by_role("button", name="Save").click()
        page.wait_for_selector("text=Saved. The file is imported that way.")
        page.get_by_role("button", name="Import", exact=True).click()
        page.wait_for_selector("#import .state:has-text('being imported')")
        page.wait_for_selector("#import .state:has-text('imported'):not(:has-text('being'))", timeout=PATIENCE)
        assert (watched.violations(), watched.is_too_wide()) == ([], False)
    ((rows,),) = studio.query("select count(*) from staging_csv.imports")
    ((mapping,),) = studio.query("select record -> 'mapping' ->> 'Note' from staging_csv.files")
    assert (rows > 0, mapping) == (True, "tax_id")
    ((run_id, who),) = studio.query("select distinct run_id, started_by from ops.sync_runs where source = 'csv'")
    assert who == "operator"
    operator = studio.logged_in("operator")
    log = operator.text(f"/runs/csv/{run_id}")
    assert "by the command meltano run download-csv" in log
    assert "Run completed" in log


def test_the_form_works_without_script(browser: Browser, studio: Panel, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(b"%PDF-1.7")
    (tmp_path / "good.csv").write_text("name,city\nAna,Lima\n")
    with browser_page(browser, studio, java_script_enabled=False, locale="es-MX") as watched:
        page = watched.log_in("operator")
        for file in ("bad.csv", "good.csv"):
            watched.open("/import")
            page.set_input_files("#file", tmp_path / file)
            page.get_by_role("button", name="Subir").click()
            if file == "bad.csv":
                page.wait_for_selector("text=This is a PDF document")
        watched.complaints[:] = [one for one in watched.complaints if "422" not in one]
        page.wait_for_url("**/import/good.csv")
        assert "Lo que se detectó" in page.inner_text("main")
        page.click("summary:has-text('Quitar')")
        page.get_by_role("button", name="Quitar el archivo").click()
        page.wait_for_selector("text=El archivo se ha quitado")

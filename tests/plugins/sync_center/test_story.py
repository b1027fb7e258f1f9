"""The story of the plan in a browser: sync all, see it move, unify, clients; the panel is killed in between."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from stage_first.status import read_status
from support.databases import fresh_database
from support.panels import Panel, browser_page, running_panel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

PEOPLE = 40


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("exports")
    command = [sys.executable, "-m", "sandbox", "exports", str(folder), "--people", str(PEOPLE), "--seed", "4"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def studio(server: str, template: str, exports: Path, tmp_path: Path) -> Iterator[Panel]:
    """A panel whose commands find one source: a folder of exports."""
    with fresh_database(server, template) as url:
        shell = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "MELTANO_"))}
        files = ",".join(str(file) for file in sorted(exports.glob("*.csv")))
        shell |= {"DATABASE_URL": url, "TAP_CSV_FILES": files, "STAGE_FIRST_DATA": str(tmp_path / "data")}
        with running_panel(url, shell, logs=tmp_path / "logs") as panel:
            yield panel


def settled(panel: Panel, seconds: float = 60) -> None:
    """Wait until no command is under way."""
    deadline = time.monotonic() + seconds
    while panel.query("select from ops.panel_commands where finished_at is null"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_download_then_unify_then_roll_back(browser: Browser, studio: Panel) -> None:
    with browser_page(browser, studio) as watched:
        page = watched.log_in("operator")
        assert page.inner_text("#sentence") == "Nothing is in yet: start with Sync all."
        page.get_by_role("button", name="Sync all").click()
        page.wait_for_selector("text=The download of all sources has started.")
        page.wait_for_selector(".card .state:has-text('syncing')", timeout=20_000)
        studio_runs_once(studio)
        page.wait_for_selector("#card-csv .state:has-text('complete')", timeout=60_000)
        (csv,) = [row for row in read_status(studio.database_url) if row.source == "csv"]
        assert csv.started_by == "operator"
        assert f"{csv.rows:,}" in page.inner_text("#card-csv")
        settled(studio)
        page.wait_for_selector("#sentence:has-text('Everything is in up to')")
        assert f"{csv.pending:,} rows wait to be unified" in page.inner_text("#sentence")
        page.get_by_role("button", name="Unify all").click()
        page.wait_for_selector(".running strong", timeout=60_000)
        page.wait_for_selector(".state:has-text('published')", timeout=90_000)
        page.wait_for_selector("#sentence:has-text('nothing waits to be unified')")
        ((clients,),) = studio.query("select count(*) from unified.clients")
        assert f"{clients:,} clients" in page.inner_text("main")
        assert page.inner_text("section[aria-labelledby=result] .figure dd") == f"{clients:,}"
        settled(studio)
        axe_at_rest = watched.violations()
        page.get_by_role("link", name="Roll back").click()
        assert page.inner_text("h1") == "Roll the last publish back?"
        page.click("main button")
        page.wait_for_selector("text=Publishing is held since", timeout=30_000)
        assert studio.query("select count(*) from unified.clients") == [(0,)]
        settled(studio)
        assert axe_at_rest + watched.violations() == []
        page.get_by_role("link", name="Look").click()
        assert page.inner_text("h1") == "What unify would publish"
    codes = studio.query("select name, started_by, exit_code from ops.panel_commands order by command_id")
    settled(studio)
    codes = studio.query("select name, started_by, exit_code from ops.panel_commands order by command_id")
    assert codes == [(name, "operator", 0) for name in ("download-all", "unify", "roll-back")]
    audit = studio.query("select who, action, about from ops.panel_audit where action = 'start' order by audit_id")
    assert audit == [("operator", "start", name) for name in ("download-all", "unify", "roll-back")]


def studio_runs_once(panel: Panel) -> None:
    """A second press while it runs is ignored, with a word."""
    operator = panel.visitor()
    operator.log_in("operator")
    assert operator.post("/sync").status_code == 303
    assert "being downloaded already" in operator.text("/")
    assert panel.query("select count(*) from ops.panel_commands") == [(1,)]

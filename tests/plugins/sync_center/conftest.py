"""Panels, people and browsers for the tests of the pages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from stage_first import project
from support.databases import fresh_database
from support.panels import PHONE, Panel, Watched, browser_page, chromium, running_panel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = chromium(playwright)
        yield found
        found.close()


@pytest.fixture(scope="module")
def panel(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel on an empty migrated database, one for each file of tests; uploads and logs are its own."""
    folder = tmp_path_factory.mktemp("panel")
    with (
        fresh_database(server, template) as url,
        running_panel(url, dict(os.environ), imports=folder / "imports", logs=folder / "logs") as running,
    ):
        yield running


@pytest.fixture(scope="module")
def fake_commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Instead of the project's commands some that say how they were called; `.env` is a file of the test's own."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("meltano", "stage-first"):
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "{name} $*"\n')
        program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "BIN", folder)
        patch.setattr(project, "ENV_FILE", folder / ".env")
        yield folder


@pytest.fixture
def wide(browser: Browser, panel: Panel) -> Iterator[Watched]:
    """A page of a wide screen."""
    with browser_page(browser, panel) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, panel: Panel) -> Iterator[Watched]:
    """A page of a phone."""
    with browser_page(browser, panel, viewport=PHONE, has_touch=True, is_mobile=True) as page:
        yield page

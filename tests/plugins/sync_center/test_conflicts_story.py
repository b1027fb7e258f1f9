"""A story with the keyboard only: one person, unify, one client; undo, unify, two clients again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from support.panels import browser_page

from tests.plugins.sync_center.test_conflicts import case_of, panel

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from support.panels import Panel

__all__ = ["panel"]
CLIENTS = "select client_id::text, name, record_count from unified.clients where phones @> '{+525510000001}' order by 1"


def unify(panel: Panel, page: Page) -> None:
    """Press [Unify now] and wait for the end of the command."""
    page.get_by_role("button", name="Unify now").press("Enter")
    page.wait_for_selector("text=Unify has started.")
    deadline = time.monotonic() + 120
    while panel.query("select 1 from ops.panel_commands where finished_at is null"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    codes = panel.query("select exit_code from ops.panel_commands order by command_id desc limit 1")
    assert codes == [(0,)]


def test_decide_unify_undo_and_unify_by_keyboard(browser: Browser, panel: Panel) -> None:
    before = panel.query(CLIENTS)
    assert len(before) == 2
    with browser_page(browser, panel) as watched:
        page = watched.log_in("operator")
        watched.open("/conflicts")
        page.keyboard.press("/")
        page.keyboard.type("sjk?ana lo")
        assert page.input_value("#q") == "sjk?ana lo"
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.evaluate("[...document.querySelectorAll('#queue a.row')].indexOf(document.activeElement)") == 1
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        page.wait_for_selector("#decide")
        case_id = case_of(panel, "1")
        assert case_id in page.url
        page.keyboard.press("?")
        assert page.locator("#legend").get_attribute("open") is not None
        page.keyboard.press("r")
        page.keyboard.type("d is typed here, not pressed")
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        assert page.evaluate("document.activeElement.id") == "decide-button"
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Decided: same person.")
        assert case_id not in page.url
        unify(panel, page)
        ((kept, name, records),) = panel.query(CLIENTS)
        assert kept in {row[0] for row in before}
        assert (name.upper().replace("Ó", "O"), records) == ("ANA LOPEZ", 5)
        watched.open("/conflicts")
        assert case_id not in page.content()
        page.keyboard.press("u")
        page.wait_for_selector("text=Undone: 1 conflict is as it was before.")
        unify(panel, page)
        assert panel.query(CLIENTS) == before
        watched.open("/conflicts")
        assert case_id in page.content()

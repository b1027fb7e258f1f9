"""Settings in a browser: an owner sets a source up and tests it, copies the inbox's address, on a phone in Spanish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.panels import PHONE, browser_page

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser
    from support.panels import Panel, Watched

SECRET = "rk_live_ofTheStory"


def test_an_owner_connects_a_source_and_sees_whether_it_works(wide: Watched, fake_commands: Path) -> None:
    page = wide.log_in()
    wide.open("/settings")
    card = page.locator("#source-stripe")
    card.get_by_label("TAP_STRIPE_API_KEY").fill(SECRET)
    card.get_by_role("button", name="Save").click()
    page.wait_for_selector("text=Saved in .env")
    assert SECRET in (fake_commands / ".env").read_text()
    assert SECRET not in page.content()
    before = page.url
    card.get_by_role("button", name="Test the credential").click()
    card.get_by_text("stage-first check --only stripe").wait_for()  # comes by itself
    assert card.get_by_text("works", exact=True).is_visible()
    assert page.url == before
    (fake_commands / "stage-first").write_text('#!/bin/sh\necho "stripe: WRONG. The key is refused."; exit 1\n')
    card.get_by_role("button", name="Test the credential").click()
    card.get_by_text("The key is refused.").wait_for()
    assert card.get_by_text("does not work").is_visible()
    assert wide.violations() == []


def test_the_address_of_the_inbox_is_copied(wide: Watched) -> None:
    page = wide.log_in()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    wide.open("/settings/inbox")
    page.get_by_role("button", name="Make a secret").click()
    page.locator('[data-copy="made-secret"]').click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Bearer sf_")
    assert wide.violations() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_on_a_phone_in_spanish(browser: Browser, panel: Panel, scheme: str) -> None:
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "locale": "es-MX", "color_scheme": scheme}
    parts = ["", "/rules", "/rules/identity_rules?kind=email", "/inbox", "/users", "/tokens", "/schedules", "/account"]
    with browser_page(browser, panel, **options) as phone:
        phone.log_in()
        for path in [f"/settings{part}" for part in parts] + ["/quality", "/quality/rejects", "/lineage"]:
            phone.open(path)
            assert not phone.is_too_wide(), path
            assert phone.violations() == [], path
            assert phone.page.locator("html").get_attribute("lang").startswith("es")


def test_without_script_a_rule_is_changed_and_taken_back(browser: Browser, panel: Panel) -> None:
    with browser_page(browser, panel, java_script_enabled=False) as plain:
        page = plain.log_in()
        plain.open("/settings/rules")
        page.get_by_role("link", name="Change email").click()
        page.get_by_label("limit of names").fill("20")
        page.locator("#because").fill("a school")
        page.get_by_role("button", name="Save").click()
        assert page.get_by_text("a school").is_visible()
        page.get_by_role("button", name="Undo the change of email").click()
        assert page.get_by_text("Taken back").is_visible()

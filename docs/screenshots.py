"""`make screenshots`: the pictures in `docs/images`, of the demo's panel as it is now (after `make demo`)."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import sync_playwright
from stage_first import project
from stage_first.demo_panel import open_panel
from stage_first.doors import enter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from stage_first.demo_panel import Opened

IMAGES = Path(__file__).parent / "images"
WIDE, PHONE = (1280, 860), (390, 844)


@dataclass(frozen=True)
class Shot:
    """One picture: an address, and links to follow from there, each by how its address looks."""

    name: str
    path: str
    follow: tuple[str, ...] = ()
    size: tuple[int, int] = WIDE
    scheme: Literal["light", "dark"] = "light"
    language: str = "en-US"


SHOTS = (
    Shot("home", "/"),
    Shot("home-phone", "/", size=PHONE, scheme="dark", language="es-MX"),
    Shot("conflicts", "/conflicts"),
    Shot("conflict", "/conflicts", (r"/conflicts/[0-9a-f-]{36}[^\"]*",)),
    Shot("conflict-phone", "/conflicts", (r"/conflicts/[0-9a-f-]{36}[^\"]*",), size=PHONE, language="es-MX"),
    Shot("clients", "/clients?q=ana"),
    Shot("client", "/clients?q=ana", (r"/clients/[0-9a-f-]{36}[^\"]*",)),
    Shot("runs", "/runs"),
    Shot("import", "/import"),
    Shot("settings", "/settings"),
    Shot("quality", "/quality"),
)


def main() -> None:
    """Take them all."""
    enter(project.DEMO)
    panel = open_panel()
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for shot in SHOTS:
            _take(browser, panel, shot)
        browser.close()


def _take(browser: Browser, panel: Opened, shot: Shot) -> None:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=shot.scheme, locale=shot.language
    )
    page = context.new_page()
    page.goto(f"{panel.address}login")
    page.fill("input[name=name]", panel.user)
    page.fill("input[name=password]", panel.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("main h1, main h2")
    page.goto(panel.address.rstrip("/") + shot.path)
    for pattern in shot.follow:
        page.goto(panel.address.rstrip("/") + _first_link(page, pattern))
    page.wait_for_timeout(700)
    page.screenshot(path=IMAGES / f"{shot.name}.png")
    context.close()
    print(shot.name)


def _first_link(page: Page, pattern: str) -> str:
    found = re.search(f'href="({pattern})"', page.content())
    if not found:
        raise SystemExit(f"{page.url} has no link like {pattern}")
    return found.group(1)


if __name__ == "__main__":
    main()

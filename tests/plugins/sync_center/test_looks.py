"""Pages on a phone and on a wide screen: nothing for axe to find, no sideways scroll, no complaint of the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sync_center.application import all_pages

if TYPE_CHECKING:
    from support.panels import Watched

PATHS = [
    route.path
    for page in all_pages()
    for route in page.routes
    if route.method == "GET"
    and "{" not in route.path
    and route.guard
    and route.guard.role
    and "." not in route.path
    and "/api/" not in route.path
]
"""Every page without parameters; a page with them has tests of its own."""
PATHS += ["/confirm/publish", "/confirm/roll-back", "/nothing-here"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(wide: Watched, theme: str) -> None:
    wide.page.emulate_media(color_scheme=theme)
    wide.open("/login")
    found = {"/login": wide.violations()}
    wide.log_in()
    for path in PATHS:
        wide.open(path)
        found[path] = wide.violations()
    wide.complaints[:] = [one for one in wide.complaints if "404" not in one]
    assert {path: said for path, said in found.items() if said} == {}


def test_nothing_scrolls_sideways_on_a_phone(phone: Watched) -> None:
    phone.open("/login")
    assert not phone.is_too_wide()
    phone.log_in()
    for path in PATHS:
        phone.open(path)
        assert not phone.is_too_wide(), path
    phone.complaints[:] = [one for one in phone.complaints if "404" not in one]

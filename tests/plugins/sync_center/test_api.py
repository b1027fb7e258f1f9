"""A token opens what its scopes say, on the few routes for scripts, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from sync_center.application import all_pages
from sync_center.security import tokens
from sync_center.security.tokens import SCOPES

if TYPE_CHECKING:
    from support.panels import Panel
    from sync_center.page import Route

OPENED = {
    ("GET", "/api/status"): "status",
    ("POST", "/api/sync/stripe"): "sync",
    ("POST", "/api/sync/all"): "sync",
    ("POST", "/api/unify"): "unify",
}
pytestmark = pytest.mark.usefixtures("fake_commands")
ROUTES = [route for page in all_pages() for route in page.routes if route.guard]


def made(panel: Panel, *scopes: str) -> str:
    with panel.application.state.panel.database.connection() as connection:
        return tokens.add(connection, "cron", scopes, "tests")


def ask(panel: Panel, method: str, path: str, token: str) -> httpx.Response:
    return httpx.request(method, panel.url + path, headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_its_scope_only(panel: Panel, scope: str) -> None:
    token = made(panel, scope)
    for (method, path), wanted in OPENED.items():
        answer = ask(panel, method, path, token)
        assert (answer.status_code == 403) == (wanted != scope), (path, answer.text)
        assert answer.headers["content-type"].startswith("application/json")


def test_every_other_route_is_closed_to_tokens(panel: Panel) -> None:
    token = made(panel, *SCOPES)
    for route in ROUTES:
        if not path_of(route).startswith("/api/"):
            assert ask(panel, route.method, path_of(route), token).status_code == 403, route.path


def path_of(route: Route) -> str:
    return "/".join("1" if part.startswith("{") else part for part in route.path.split("/"))


def test_status_is_what_the_command_prints(panel: Panel) -> None:
    assert ask(panel, "GET", "/api/status", made(panel, "status")).json() == []


def test_a_sync_of_a_source_that_is_not_connected_says_what_is_missing(panel: Panel) -> None:
    answer = ask(panel, "POST", "/api/sync/stripe", made(panel, "sync"))
    assert answer.status_code == 409
    assert "TAP_STRIPE_API_KEY" in answer.json()["message"]
    assert ask(panel, "POST", "/api/sync/nothing", made(panel, "sync")).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer sf_x", "Basic c2ZfeA==", "Bearer \xf1"])
def test_what_is_no_token_opens_nothing(panel: Panel, given: str) -> None:
    headers = {"authorization": given.encode("latin-1")}
    assert httpx.get(f"{panel.url}/api/status", headers=headers).status_code in {303, 403}


def test_a_revoked_token_opens_nothing(panel: Panel) -> None:
    token = made(panel, "status")
    assert ask(panel, "GET", "/api/status", token).status_code == 200
    with panel.application.state.panel.database.connection() as connection:
        tokens.revoke(connection, max(row["token_id"] for row in tokens.listed(connection)))
    assert ask(panel, "GET", "/api/status", token).status_code == 403

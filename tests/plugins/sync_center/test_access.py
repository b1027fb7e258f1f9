"""Who may do what: every route tried as each role, foreign pages refused, logins limited and revocable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from sync_center.application import all_pages
from sync_center.security.headers import POLICY
from sync_center.security.roles import ROLES, User

if TYPE_CHECKING:
    from support.panels import Panel, Visitor
    from sync_center.page import Route

ROUTES = [route for page in all_pages() for route in page.routes]
GUARDED = [route for route in ROUTES if route.guard and route.guard.role]
ODD = ["0", "-1", "99999999999999999999", "%00", "%F0%9F%92%A9", "a" * 3000, "..%2F..%2Fetc", "%ff%fe", "'--", "<b>"]
STREAMS = {"live"}


def filled(route: Route, value: str = "1") -> str:
    """The path with something for each of its parameters."""
    parts = [value if part.startswith("{") else part for part in route.path.split("/")]
    return "/".join(parts)


def call(visitor: Visitor, route: Route, token: str) -> httpx.Response:
    data = {"form_token": token} if route.method == "POST" else None
    return visitor.client.request(route.method, filled(route), data=data)


@pytest.fixture(scope="module")
def visitors(panel: Panel) -> dict[str, Visitor]:
    return {role: panel.logged_in(role) for role in ROLES}


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_is_refused_to_those_below_its_role(route: Route, panel: Panel, visitors: dict[str, Visitor]) -> None:
    assert route.guard is not None
    assert route.guard.role is not None
    for role, visitor in visitors.items():
        if not User("", role).may(route.guard.role):  # type: ignore[arg-type]
            assert call(visitor, route, visitor.form_token()).status_code == 403, role
    stranger = panel.visitor()
    answer = call(stranger, route, stranger.form_token("/login"))
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method == "POST" and route.guard], ids=lambda route: route.path
)
def test_a_post_needs_our_origin_and_the_token_of_the_login(route: Route, visitors: dict[str, Visitor]) -> None:
    owner = visitors["owner"]
    token = owner.form_token()
    for headers in ({"origin": "https://evil.example"}, {"origin": ""}, {"sec-fetch-site": "cross-site"}):
        answer = owner.client.post(filled(route), data={"form_token": token}, headers=headers)
        assert answer.status_code == 403, headers
    for wrong in ("", "0" * 64, visitors["viewer"].form_token(), "ñ"):
        assert call(owner, route, wrong).status_code == 403, wrong


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_odd_input_never_breaks_a_route(route: Route, visitors: dict[str, Visitor]) -> None:
    owner = visitors["owner"]
    if route.name in STREAMS or (route.method == "POST" and "{" not in route.path):
        return
    token = owner.form_token()
    for odd in ODD:
        query = f"?q={odd}&next={odd}&page={odd}&after={odd}" if route.method == "GET" else ""
        data = {"form_token": token, "name": odd} if route.method == "POST" else None
        answer = owner.client.request(route.method, filled(route, odd) + query, data=data)
        assert answer.status_code < 500, (odd, answer.status_code)


def test_every_answer_carries_the_policy(panel: Panel, visitors: dict[str, Visitor]) -> None:
    for answer in (panel.visitor().get("/login"), visitors["owner"].get("/"), visitors["owner"].get("/nothing")):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_the_cookie_is_kept_from_scripts_and_other_sites(panel: Panel) -> None:
    panel.add_user("eva", "viewer")
    cookie = panel.visitor().log_in("eva").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert "Secure" in panel.visitor(**{"x-forwarded-proto": "https"}).get("/login").headers["set-cookie"]


def test_guessing_is_slowed_down(panel: Panel) -> None:
    panel.add_user("rosa", "viewer")
    visitor = panel.visitor()
    assert [visitor.log_in("rosa", "wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    assert visitor.log_in("rosa").status_code == 429
    panel.query("delete from ops.panel_login_attempts")
    assert visitor.log_in("rosa").status_code == 303


def test_a_login_ends_when_it_is_taken_away(panel: Panel) -> None:
    visitor = panel.logged_in("operator")
    assert visitor.get("/").status_code == 200
    panel.query("update ops.panel_users set disabled_at = now() where name = 'operator'")
    assert visitor.get("/").status_code == 303
    panel.query("update ops.panel_users set disabled_at = null where name = 'operator'")
    assert visitor.get("/").status_code == 200
    assert visitor.post("/logout").status_code == 303
    assert visitor.get("/").status_code == 303


def test_login_leads_where_one_wanted_to_go_and_never_elsewhere(panel: Panel) -> None:
    panel.add_user("omar", "viewer")
    assert panel.visitor().get("/preview?x=1").headers["location"] == "/login?next=%2Fpreview%3Fx%3D1"
    for wanted, leads in {
        "/preview?x=1": "/preview?x=1",
        "//evil.example": "/",
        "/\\evil": "/",
        "https://e": "/",
    }.items():
        answer = panel.visitor().post(
            "/login", {"name": "omar", "password": "correct horse battery", "next": wanted}, seen="/login"
        )
        assert answer.headers["location"] == leads


def test_no_secret_is_kept_readable(panel: Panel) -> None:
    visitor = panel.logged_in("viewer")
    cookie = visitor.client.cookies["stage_first_session"]
    kept = str(panel.query("select * from ops.panel_sessions")) + str(panel.query("select * from ops.panel_users"))
    assert cookie not in kept
    assert "correct horse battery" not in kept

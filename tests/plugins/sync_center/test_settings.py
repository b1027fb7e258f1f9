"""Settings: credentials go in and never come out, rules change with a reason and back, people and tokens."""

from __future__ import annotations

import re
import stat
import time
from typing import TYPE_CHECKING

import pytest
from dotenv import dotenv_values
from sync_center import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.panels import Panel, Visitor

SECRET = "rk_live_51ThisMustNeverBeSeen"
PAGES = ("", "/rules", "/schedules", "/inbox", "/users", "/tokens", "/account")
EMAIL_RULE = {"kind": "email", "priority": "2", "exclusive": "true", "per_account": "false"}


@pytest.fixture(scope="module")
def owner(panel: Panel) -> Visitor:
    return panel.logged_in("owner")


@pytest.fixture(scope="module")
def operator(panel: Panel) -> Visitor:
    return panel.logged_in("operator")


@pytest.fixture
def env_file(fake_commands: Path) -> Iterator[Path]:
    file = fake_commands / ".env"
    file.write_text("# mine\nOTHER=1\n")
    yield file
    file.unlink()


def audit(panel: Panel) -> str:
    return str(panel.query("select who, action, about, details from ops.panel_audit order by audit_id"))


def wait_until_ended(panel: Panel, name: str) -> None:
    deadline = time.monotonic() + 10
    while panel.query("select 1 from ops.panel_commands where name = %s and finished_at is null", name):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_secret_goes_in_and_never_comes_out(panel: Panel, owner: Visitor, env_file: Path) -> None:
    answer = owner.post("/settings/sources/stripe", {"TAP_STRIPE_API_KEY": SECRET, "TAP_STRIPE_ACCOUNT": "five"})
    assert answer.status_code == 303
    assert dotenv_values(env_file) == {"OTHER": "1", "TAP_STRIPE_API_KEY": SECRET, "TAP_STRIPE_ACCOUNT": "five"}
    assert env_file.read_text().startswith("# mine\n")
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    seen = "".join(owner.get(f"/settings{part}").text for part in PAGES) + owner.get("/").text
    assert "secret, is set" in owner.get("/settings").text
    assert 'value="five"' in seen
    assert SECRET not in seen
    assert SECRET not in str(panel.query("select * from ops.panel_audit")) + str(
        panel.query("select * from ops.panel_sessions")
    )
    assert "TAP_STRIPE_API_KEY" in audit(panel)


def test_an_empty_secret_keeps_the_old_one_and_a_tick_removes_it(owner: Visitor, env_file: Path) -> None:
    env_file.write_text(f"TAP_STRIPE_API_KEY={SECRET}\n")
    owner.post("/settings/sources/stripe", {"TAP_STRIPE_API_KEY": "", "TAP_STRIPE_ACCOUNT": "six"})
    assert dotenv_values(env_file) == {"TAP_STRIPE_API_KEY": SECRET, "TAP_STRIPE_ACCOUNT": "six"}
    owner.post("/settings/sources/stripe", {"TAP_STRIPE_API_KEY": "", "remove": "TAP_STRIPE_API_KEY"})
    assert dotenv_values(env_file)["TAP_STRIPE_API_KEY"] == ""


@pytest.mark.parametrize(
    "given",
    [
        {"TAP_STRIPE_API_KEY": "a\nDATABASE_URL=postgresql://evil"},
        {"DATABASE_URL": "postgresql://evil"},
        {"TAP_GHL_PRIVATE_TOKEN": "of another source"},
        {"TAP_STRIPE_DATABASE_URL": "postgresql://evil"},
        {"PATH": "/evil"},
    ],
)
def test_only_settings_of_the_source_are_written(owner: Visitor, env_file: Path, given: dict[str, str]) -> None:
    before = env_file.read_text()
    assert owner.post("/settings/sources/stripe", given).status_code in {303, 409}
    assert env_file.read_text() == before


def test_what_the_environment_says_is_not_overridden_in_silence(
    panel: Panel, owner: Visitor, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = panel.application.state.panel.settings.child_environment
    monkeypatch.setitem(around, "TAP_STRIPE_API_KEY", "of the shell")
    assert owner.post("/settings/sources/stripe", {"TAP_STRIPE_API_KEY": SECRET}).status_code == 409
    assert "STRIPE" not in env_file.read_text()
    assert "Set where the panel was started" in owner.get("/settings").text


def test_a_credential_is_tested_by_the_command_that_a_person_would_type(
    panel: Panel, operator: Visitor, env_file: Path
) -> None:
    assert operator.post("/settings/sources/stripe/check").status_code == 303
    assert panel.query("select 1 from ops.panel_commands where name = 'check-stripe'") == []
    env_file.write_text(f"TAP_STRIPE_API_KEY={SECRET}\n")
    assert operator.post("/settings/sources/stripe/check").status_code == 303
    wait_until_ended(panel, "check-stripe")
    assert "stage-first check --only stripe" in operator.text("/settings")
    assert operator.post("/settings/sources/nothing/check").status_code == 404
    ((arguments,),) = panel.query("select arguments::text from ops.panel_commands where name = 'check-stripe'")
    assert SECRET not in arguments


def test_a_rule_changes_with_a_reason_and_back(panel: Panel, owner: Visitor) -> None:
    answer = owner.post("/settings/rules/identity_rules", {**EMAIL_RULE, "max_names": "20"})
    assert answer.status_code == 409
    assert 'value="20"' in answer.text
    answer = owner.post("/settings/rules/identity_rules", {**EMAIL_RULE, "max_names": "20", "because": "a school"})
    assert answer.status_code == 303
    ((number, who, why),) = panel.query("select override_id, changed_by, comment from ops.rule_overrides")
    assert (who, why) == ("owner", "a school")
    assert "a school" in owner.text("/settings/rules")
    assert owner.post("/settings/rules-undo", {"override_id": str(number)}).status_code == 303
    assert panel.query("select withdrawn_by from ops.rule_overrides") == [("owner",)]
    assert owner.post("/settings/rules-undo", {"override_id": str(number)}).status_code == 409
    assert "change rule" in audit(panel)
    assert "undo rule" in audit(panel)


def test_a_row_is_added_and_removed(panel: Panel, owner: Visitor) -> None:
    row = {"kind": "email", "value": "Info@Example.com", "because": "a shared inbox"}
    assert owner.post("/settings/rules/blocked_identifiers", row).status_code == 303
    assert "info@example.com" in owner.text("/settings/rules")
    form = owner.get("/settings/rules/blocked_identifiers?kind=email&value=info@example.com").text
    assert 'action="/settings/rules/blocked_identifiers/remove"' in form
    row = {"kind": "email", "value": "test@test.com", "because": "somebody has it"}
    assert owner.post("/settings/rules/blocked_identifiers/remove", row).status_code == 303
    assert re.search(r"removed.{0,20} somebody has it", owner.text("/settings/rules"))
    assert owner.post("/settings/rules/blocked_identifiers/remove", row).status_code == 409
    panel.query("truncate ops.rule_overrides")


@pytest.mark.parametrize(
    ("seed", "cells"),
    [
        ("identity_rules", {**EMAIL_RULE, "priority": "two"}),
        ("identity_rules", {**EMAIL_RULE, "priority": "3"}),
        ("blocked_identifiers", {"kind": "email", "value": "no address"}),
        ("blocked_identifiers", {"kind": "shoe", "value": "44"}),
        ("identity_options", {"option": "gmail_dots", "value": "perhaps"}),
        ("accounts", {"source": "nowhere", "account": "a", "business": "b"}),
    ],
)
def test_a_rule_that_cannot_stand_says_why(panel: Panel, owner: Visitor, seed: str, cells: dict[str, str]) -> None:
    answer = owner.post(f"/settings/rules/{seed}", {**cells, "because": "a try"})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert panel.query("select 1 from ops.rule_overrides where withdrawn_at is null") == []


def test_a_user_is_made_with_a_password_that_is_shown_once(panel: Panel, owner: Visitor) -> None:
    page = owner.post("/settings/users", {"name": "Luz", "role": "viewer"}).text
    (word,) = re.findall(r'id="made-password" value="([^"]+)"', page)
    assert word not in owner.get("/settings/users").text
    assert word not in audit(panel)
    visitor = panel.visitor()
    assert visitor.log_in("luz", word).status_code == 303
    assert owner.post("/settings/users", {"name": "luz"}).status_code == 409
    assert owner.post("/settings/users/role", {"name": "luz", "role": "operator"}).status_code == 303
    assert panel.query("select role from ops.panel_users where name = 'luz'") == [("operator",)]
    assert owner.post("/settings/users/log-out", {"name": "luz"}).status_code == 303
    assert visitor.get("/").status_code == 303
    assert owner.post("/settings/users/disable", {"name": "luz"}).status_code == 303
    assert panel.visitor().log_in("luz", word).status_code == 401
    assert owner.post("/settings/users/disable", {"name": "luz", "is_disabled": "false"}).status_code == 303
    assert panel.visitor().log_in("luz", word).status_code == 303


def test_an_owner_is_always_left(panel: Panel, owner: Visitor) -> None:
    assert owner.post("/settings/users/role", {"name": "owner", "role": "viewer"}).status_code == 409
    assert owner.post("/settings/users/disable", {"name": "owner"}).status_code == 409
    assert panel.query("select role, disabled_at from ops.panel_users where name = 'owner'") == [("owner", None)]


def test_one_changes_ones_own_password(panel: Panel) -> None:
    panel.add_user("sol", "viewer")
    visitor, new = panel.visitor(), "another horse battery"
    visitor.log_in("sol")
    given = {"old": "wrong", "new": new}
    assert visitor.post("/settings/password", given).status_code == 409
    assert visitor.post("/settings/password", {**given, "old": "correct horse battery"}).status_code == 303
    assert visitor.get("/").status_code == 303
    assert panel.visitor().log_in("sol", new).status_code == 303


def test_a_token_is_shown_once_and_revoked(panel: Panel, owner: Visitor) -> None:
    page = owner.post("/settings/tokens", {"name": "cron", "scopes": ["status", "sync"]}).text
    (token,) = re.findall(r'id="made-token" value="(sf_[^"]+)"', page)
    assert token not in owner.get("/settings/tokens").text
    headers = {"authorization": f"Bearer {token}"}
    assert panel.visitor(**headers).get("/api/status").status_code == 200
    ((number, scopes),) = panel.query("select token_id, scopes from ops.panel_tokens where name = 'cron'")
    assert scopes == ["status", "sync"]
    assert owner.post("/settings/tokens/revoke", {"token_id": str(number)}).status_code == 303
    assert panel.visitor(**headers).get("/api/status").status_code == 403
    for wrong in ({"name": "x"}, {"name": "", "scopes": "sync"}, {"name": "x", "scopes": ["inbox"]}):
        assert owner.post("/settings/tokens", wrong).status_code in {400, 409}


def test_the_inbox_is_set_up_here(panel: Panel, owner: Visitor) -> None:
    page = owner.post("/settings/inbox").text
    (secret,) = re.findall(r'id="made-secret" value="Bearer (sf_[^"]+)"', page)
    assert f'value="{panel.url}/inbox/manychat"' in page
    later = owner.get("/settings/inbox").text
    assert secret not in later
    headers = {"authorization": f"Bearer {secret}"}
    assert panel.visitor(**headers).client.post("/inbox/manychat", json={"id": 1}).status_code == 200
    (number,) = re.findall(r'name="token_id" value="(\d+)"', later)
    assert owner.post("/settings/inbox/end", {"token_id": number}).status_code == 303
    assert panel.visitor(**headers).client.post("/inbox/manychat", json={"id": 1}).status_code == 401
    assert "External Request" in owner.text("/settings/inbox")
    spanish = panel.logged_in("owner", **{"accept-language": "es"})
    assert "Buzón para ManyChat" in spanish.text("/settings/inbox")


def test_the_zone_counts_at_once(owner: Visitor, env_file: Path) -> None:
    assert owner.post("/settings/time-zone", {"zone": "America/Mexico_City"}).status_code == 303
    assert dotenv_values(env_file)["STAGE_FIRST_PANEL_TIME_ZONE"] == "America/Mexico_City"
    assert "Mexico" in owner.text("/settings") or "Central" in owner.text("/settings")
    for wrong in ("Mars/Olympus", "../../etc/passwd", ""):
        assert owner.post("/settings/time-zone", {"zone": wrong}).status_code in {400, 409}
    assert owner.post("/settings/time-zone", {"zone": "UTC"}).status_code == 303


def test_schedules_are_those_of_meltano_and_cron(owner: Visitor) -> None:
    said = owner.text("/settings/schedules")
    assert "every day at 02:40" in said
    assert "every hour at minute 15" in said
    assert "run download-all" in said


def test_a_viewer_sees_no_form_that_is_not_for_viewers(panel: Panel) -> None:
    visitor = panel.logged_in("viewer")
    for part in ("", "/rules", "/inbox", "/schedules"):
        page = visitor.get(f"/settings{part}").text
        main = page[page.index("<main") :]
        assert re.findall(r'<form[^>]*action="([^"]+)"', main) == [], part
    assert visitor.get("/settings/users").status_code == 403


def test_what_a_tap_says_of_a_setting_stays_text(owner: Visitor) -> None:
    assert "Token of one page, &lt;page id&gt;:&lt;secret&gt;" in owner.get("/settings").text


def test_a_script_in_a_value_stays_text(panel: Panel, owner: Visitor) -> None:
    attack = '"><script>alert(1)</script>'
    owner.post("/settings/tokens", {"name": attack, "scopes": "status"})
    owner.post(
        "/settings/rules/blocked_identifiers", {"kind": "stripe_customer_id", "value": attack, "because": attack}
    )
    for part in ("/tokens", "/rules"):
        assert "<script>alert" not in owner.get(f"/settings{part}").text
    panel.query("truncate ops.rule_overrides")


def test_a_change_of_the_env_file_counts_for_what_is_started_next(
    fake_commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meltano hands what `.env` says to the panel as if the shell had said it."""
    (fake_commands / ".env").write_text("TAP_STRIPE_API_KEY=old\nTAP_CSV_FILES=a.csv\n")
    monkeypatch.setenv("TAP_STRIPE_API_KEY", "old")
    monkeypatch.setenv("TAP_CSV_FILES", "of the shell.csv")
    monkeypatch.setattr(cli, "enter", lambda _environment: "postgresql:///nowhere")
    around = cli.settle(None, {}).child_environment
    assert "TAP_STRIPE_API_KEY" not in around
    assert around["TAP_CSV_FILES"] == "of the shell.csv"

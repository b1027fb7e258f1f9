"""What the home page says of the database, and how soon; behind a proxy's prefix; for scripts."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from support.databases import fresh_database
from support.panels import Panel, running_panel
from sync_center.security import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = """
insert into ops.sync_runs (run_id, source, stream, started_by, status, rows_read, progress_done, progress_total, {more})
values (gen_random_uuid(), %s, 'things', 'cron', %s, 10, %s, %s, {values})
"""


@pytest.fixture
def world(server: str, template: str) -> Iterator[Panel]:
    shell = {name: value for name, value in os.environ.items() if not name.startswith("TAP_")}
    with fresh_database(server, template) as url, running_panel(url, shell | {"TAP_STRIPE_API_KEY": "k"}) as panel:
        yield panel


def add_run(panel: Panel, source: str, status: str, *progress: int | None, **more: str) -> None:
    names, values = ["error", *more], ["'it said why'", *more.values()]
    text = RUN.format(more=", ".join(names), values=", ".join(values))
    panel.query(text, source, status, *(progress or (None, None)))


@pytest.mark.parametrize(
    ("status", "more", "word"),
    [
        ("succeeded", {"finished_at": "now()"}, "complete"),
        ("running", {}, "syncing"),
        ("running", {"waiting_until": "now() + interval '1 hour'"}, "waiting for the vendor"),
        ("incomplete", {"finished_at": "now()"}, "incomplete: goes on by itself"),
        ("failed", {"finished_at": "now()"}, "failed: needs you"),
        ("running", {"heartbeat_at": "now() - interval '1 minute'"}, "failed: needs you"),
    ],
)
def test_a_state_is_one_word(world: Panel, status: str, more: dict[str, str], word: str) -> None:
    add_run(world, "stripe", status, **more)
    text = world.logged_in("viewer").text("/")
    assert f"Stripe {word}" in text
    assert ("it said why" in text) == (word.startswith(("failed", "incomplete")))


def test_the_sentence_is_true(world: Panel) -> None:
    viewer = world.logged_in("viewer")
    assert "Nothing is in yet: start with Sync all." in viewer.text("/")
    add_run(world, "stripe", "succeeded", finished_at="now()")
    assert "Everything is in up to" in viewer.text("/")
    world.query(
        "insert into ops.batches (run_id, source, stream, rows_read, rows_new, rows_changed)"
        " values (gen_random_uuid(), 'stripe', 'things', 3214, 3214, 0)"
    )
    assert "; 3,214 rows wait to be unified." in viewer.text("/")
    add_run(world, "stripe", "failed", started_at="now() + interval '1 second'", finished_at="now()")
    assert "Stripe needs you; 3,214 rows" in viewer.text("/")


def test_progress_has_a_percent_and_a_time(world: Panel) -> None:
    add_run(world, "stripe", "running", 25, 100, started_at="now() - interval '1 minute'")
    assert "25% · about 3 minutes left" in world.logged_in("viewer").text("/")


def test_a_change_comes_within_two_seconds_to_all_who_look(world: Panel) -> None:
    viewer, spanish = world.logged_in("viewer"), world.logged_in("operator", **{"accept-language": "es"})
    with viewer.client.stream("GET", "/live/home") as first, spanish.client.stream("GET", "/live/home") as second:
        english, other = first.iter_lines(), second.iter_lines()
        next(english), next(other)
        add_run(world, "stripe", "running", 25, 100)
        began = time.monotonic()
        assert next(line for line in english if "syncing" in line)
        assert next(line for line in other if "sincronizando" in line)
        assert time.monotonic() - began < 2
        token = spanish.form_token()
        assert token in next(line for line in other if "form_token" in line)
    assert viewer.get("/live/nothing").status_code == 404


def test_a_script_in_a_name_stays_text(world: Panel) -> None:
    add_run(world, "<script>alert(1)</script>", "failed", finished_at="now()")
    assert "<script>alert" not in world.logged_in("viewer").get("/").text


def test_a_source_that_is_not_connected_says_what_to_set(world: Panel) -> None:
    operator = world.logged_in("operator")
    operator.post("/sync/paypal")
    assert "PayPal is not connected yet: set TAP_PAYPAL_CLIENT_ID" in operator.text("/")
    assert world.query("select from ops.panel_commands") == []


def test_a_token_opens_the_routes_of_scripts_and_no_others(world: Panel) -> None:
    with world.application.state.panel.database.connection() as connection:
        token = tokens.add(connection, "nightly", ["status"], "ana")
    script = world.visitor(authorization=f"Bearer {token}")
    assert script.get("/api/status").json() == []
    assert script.get("/").status_code == 403
    assert script.client.post("/sync").status_code == 403
    assert world.visitor(authorization="Bearer sf_other").get("/api/status").status_code == 403
    world.query("update ops.panel_tokens set revoked_at = now()")
    assert script.get("/api/status").status_code == 403


def test_all_addresses_hold_below_a_prefix(server: str, template: str) -> None:
    with fresh_database(server, template) as url, running_panel(url, {}, root_path="/sync") as panel:
        viewer = panel.logged_in("viewer")
        page = viewer.get("/").text
        assert 'href="/sync/' in page
        assert 'href="/"' not in page
        assert 'src="/static' not in page
        assert panel.visitor().get("/preview").headers["location"] == "/sync/login?next=%2Fpreview"


def test_health_is_asked_without_a_login(world: Panel) -> None:
    assert world.visitor().get("/health").json() == {"status": "ok"}
    assert world.visitor().get("/ready").json() == {"status": "ok"}

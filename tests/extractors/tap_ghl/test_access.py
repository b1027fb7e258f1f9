"""OAuth: a refresh token serves once, so it is kept in the warehouse and exchanged by one process at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sandbox.server import SandboxServer
from tap_core.meter import Meter
from tap_ghl.tap import TapGHL

from tests.extractors.tap_ghl.harness import MAIN, SECOND, Warehouse, differences, requests_of, run

APP = {"client_id": "sandbox_client", "client_secret": "sandbox_secret"}
ONE = {**APP, "refresh_token": "refresh_sandbox", "location_id": MAIN}
AGENCY = {**APP, "refresh_token": "refresh_agency_sandbox", "company_id": "company_sandbox"}
SECRETS = ("sandbox_secret", "refresh_1", "refresh_sandbox", "access_1")


@pytest.fixture
def app(database_url: str) -> dict[str, Any]:
    return {**ONE, "database_url": database_url}


@pytest.fixture
def agency(database_url: str) -> dict[str, Any]:
    return {**AGENCY, "database_url": database_url}


def renewals(sandbox: SandboxServer) -> int:
    """How often a refresh token was used."""
    return requests_of(sandbox).count("/oauth/token")


def stored(database_url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute("select account, refresh_token, generation from ops.oauth_tokens").fetchall()


def test_an_app_reads_all_and_its_refresh_token_is_kept(sandbox: SandboxServer, app: dict[str, Any]) -> None:
    first = run(sandbox, **app)
    assert (first.exit_code, first.finished) == (0, True)
    assert differences(Warehouse().load(first.messages), sandbox) == []
    ((account, refresh_token, generation),) = stored(app["database_url"])
    assert (account, generation) == (MAIN, 1)
    assert set(sandbox.ghl.access.refresh_tokens) == {refresh_token, "refresh_agency_sandbox"}
    assert run(sandbox, first.state, **app).exit_code == 0
    assert renewals(sandbox) == 1


def test_a_token_that_ends_in_mid_run_is_renewed(
    sandbox: SandboxServer, app: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 4)
    sandbox.ghl.access.token_requests = 40
    outcome = run(sandbox, max_concurrency=3, **app)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert differences(Warehouse().load(outcome.messages), sandbox) == []
    assert renewals(sandbox) >= 2
    assert stored(app["database_url"])[0][2] == renewals(sandbox)


def test_a_token_that_is_refused_now_and_then_is_renewed_each_time(
    sandbox: SandboxServer, app: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 20)
    for path, skip in (("/ghl/contacts/search", 3), ("/ghl/payments/*", 0), ("/ghl/users/", 0)):
        sandbox.faults.add("unauthorized", path, 1, skip)
    outcome = run(sandbox, **app)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert differences(Warehouse().load(outcome.messages), sandbox) == []
    assert 2 <= renewals(sandbox) <= 4


def test_the_day_after_the_token_has_ended_and_is_renewed(sandbox: SandboxServer, app: dict[str, Any]) -> None:
    outcome = run(sandbox, streams=("tags",), **app)
    for _ in range(3):
        sandbox.advance()
        outcome = run(sandbox, outcome.state, streams=("tags",), **app)
        assert outcome.exit_code == 0
    assert renewals(sandbox) == 4


@contextmanager
def taps(sandbox: SandboxServer, settings: dict[str, Any], count: int) -> Iterator[list[TapGHL]]:
    """So many processes, as far as limits and tokens are concerned."""
    config = {"api_url": f"{sandbox.url}/ghl", "requests_per_second": 500, **settings}
    made = [TapGHL(config=config) for _ in range(count)]
    yield made
    for tap in made:
        assert tap.database
        tap.database.close()


def test_two_processes_that_renew_at_once_renew_once(sandbox: SandboxServer, app: dict[str, Any]) -> None:
    sandbox.latency_ms = (1, 10)
    errors: list[BaseException] = []

    def ask(tap: TapGHL) -> None:
        body = {"locationId": MAIN, "pageLimit": 1}
        try:
            assert tap.client.search("/contacts/search", "contacts", body, Meter()).rows
        except BaseException as error:
            errors.append(error)

    with taps(sandbox, app, 2) as two:
        for generation in range(1, 8):
            threads = [threading.Thread(target=ask, args=(tap,)) for tap in two for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert errors == []
            assert renewals(sandbox) == generation
            sandbox.ghl.access.expire()
    assert {logged.status for logged in sandbox.log if logged.path == "/ghl/oauth/token"} == {200}
    assert stored(app["database_url"])[0][2] == 7


def test_a_newly_authorised_refresh_token_replaces_a_dead_one(sandbox: SandboxServer, app: dict[str, Any]) -> None:
    state = run(sandbox, streams=("tags",), **app).state
    access = sandbox.ghl.access
    access.expire()
    access.refresh_tokens.clear()
    access.refresh_tokens["refresh_authorised_anew"] = MAIN
    outcome = run(sandbox, state, streams=("tags",), **{**app, "refresh_token": "refresh_authorised_anew"})
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert stored(app["database_url"])[0][1] in access.refresh_tokens


def test_dead_tokens_are_a_sentence_that_says_what_to_do(
    sandbox: SandboxServer, app: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    state = run(sandbox, streams=("tags",), **app).state
    sandbox.ghl.access.expire()
    sandbox.ghl.access.refresh_tokens.clear()
    outcome = run(sandbox, state, streams=("tags",), **app)
    assert (outcome.exit_code, outcome.state) == (1, state)
    assert "refresh token is invalid" in caplog.text
    assert "Authorise the app once more" in caplog.text
    assert "TAP_GHL_REFRESH_TOKEN" in caplog.text
    assert not any(secret in caplog.text for secret in SECRETS)


def test_a_wrong_client_secret_is_a_sentence(
    sandbox: SandboxServer, app: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert run(sandbox, **{**app, "client_secret": "wrong"}).exit_code == 1
    assert "Invalid client credentials" in caplog.text
    assert "TAP_GHL_CLIENT_SECRET" in caplog.text


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({**ONE}, "without database_url the new one would be lost"),
        ({**APP, "location_id": MAIN}, "An app needs refresh_token as well"),
        ({**APP, "refresh_token": "x"}, "An app needs location_id (or company_id) as well"),
        ({"locations": [{"location_id": MAIN}]}, "needs its location_id and its private_token"),
        ({"location_id": "", "private_token": ""}, "TAP_GHL_LOCATION_ID and TAP_GHL_PRIVATE_TOKEN"),
    ],
)
def test_settings_that_are_not_complete_are_a_sentence(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, settings: dict[str, Any], sentence: str
) -> None:
    assert run(sandbox, **settings).exit_code == 1
    assert sentence in caplog.text
    assert sandbox.log == []


def test_a_server_error_of_the_token_address_is_waited_for(sandbox: SandboxServer, app: dict[str, Any]) -> None:
    sandbox.faults.add("unavailable", "/ghl/oauth/token", 2)
    assert run(sandbox, streams=("tags",), **app).exit_code == 0
    assert renewals(sandbox) == 3


def test_a_missing_scope_renews_nothing(sandbox: SandboxServer, app: dict[str, Any]) -> None:
    sandbox.ghl.forbid("tags")
    outcome = run(sandbox, streams=("tags", "users"), **app)
    assert outcome.exit_code == 0
    assert outcome.records("users")
    assert renewals(sandbox) == 1


def test_an_agency_reads_every_location_that_has_its_app(sandbox: SandboxServer, agency: dict[str, Any]) -> None:
    first = run(sandbox, **agency)
    assert (first.exit_code, first.finished) == (0, True)
    warehouse = Warehouse().load(first.messages)
    for account in (MAIN, SECOND):
        assert differences(warehouse, sandbox, account) == []
    assert [row[0] for row in stored(agency["database_url"])] == ["company_sandbox"]
    asked = requests_of(sandbox)
    assert (asked.count("/oauth/token"), asked.count("/oauth/locationToken")) == (1, 2)


def test_an_agencys_tokens_that_end_in_mid_run_are_exchanged_anew(
    sandbox: SandboxServer, agency: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_ghl.search.PAGE_SIZE", 4)
    sandbox.ghl.access.token_requests = 40
    outcome = run(sandbox, max_concurrency=3, **agency)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert differences(Warehouse().load(outcome.messages), sandbox) == []
    assert requests_of(sandbox).count("/oauth/locationToken") > 2


def test_the_days_requests_are_kept_for_people(sandbox: SandboxServer, database_url: str) -> None:
    sandbox.ghl.limits = True
    sandbox.ghl.windows.interval_limit = 10_000
    run(sandbox, database_url=database_url)
    with psycopg.connect(database_url) as connection:
        query = "select source, account, requests, remaining from ops.daily_requests"
        ((source, account, requests, remaining),) = connection.execute(query).fetchall()
    assert (source, account) == ("ghl", MAIN)
    assert 0 < requests <= len(sandbox.log)
    assert remaining == 200_000 - requests


def test_the_credentials_are_tried_and_the_streams_counted(sandbox: SandboxServer) -> None:
    sandbox.ghl.forbid("invoices")
    config = {"api_url": f"{sandbox.url}/ghl", "location_id": MAIN, "private_token": "pit-sandbox"}
    told = TapGHL(config=config).check()
    assert told[0] == "GoHighLevel: 10 of 11 streams can be read."
    assert told[1].startswith("  invoices of loc_sandbox is unavailable: GoHighLevel answered 401")
    assert len(told) == 2

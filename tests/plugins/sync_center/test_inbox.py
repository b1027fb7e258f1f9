"""What ManyChat pushes is stored before it is answered; strangers, odd bodies and floods are refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.databases import free_port
from sync_center.pages.inbox.routes import LARGEST, Inbox
from sync_center.security import tokens

if TYPE_CHECKING:
    from support.panels import Panel

ANA: dict[str, Any] = {
    "id": 13245647, "key": "user:13245647", "status": "active", "first_name": "Ana", "last_name": "Pérez",
    "subscribed": "2018-07-02T00:00:00+02:00", "whatsapp_phone": "5215512345678", "custom_fields": {"Puntos": 1.10},
}  # fmt: skip
TABLE = "staging_manychat.subscriber_pushes"


def token_for(panel: Panel, *scopes: str) -> str:
    with panel.application.state.panel.database.connection() as connection:
        return tokens.add(connection, "a test", scopes, "tests")


@pytest.fixture(scope="module")
def secret(panel: Panel) -> str:
    return token_for(panel, "inbox")


@pytest.fixture(autouse=True)
def _fresh(panel: Panel) -> None:
    """Nobody has been refused yet."""
    state = panel.application.state.panel
    state.known["inbox"] = Inbox(state)


def push(panel: Panel, secret: str | None, body: object, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    said = {"authorization": f"Bearer {secret}"} if secret else {}
    return httpx.post(f"{panel.url}/inbox/manychat", content=content, headers={**said, **headers}, timeout=30)


def rejects(panel: Panel) -> list[tuple[str, bytes]]:
    return panel.query("select reason, raw from ops.rejected_records where source = 'manychat' order by reject_id")


def test_a_push_becomes_a_row_that_unify_finds(panel: Panel, secret: str) -> None:
    answer = push(panel, secret, ANA)
    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    query = f"select account, id, record::text, phones, created_at::text, _batch_id from {TABLE} where id = '13245647'"
    ((account, _, record, phones, created, batch),) = panel.query(query)
    assert (account, phones, created[:19]) == ("main", ["+525512345678"], "2018-07-01 22:00:00")
    assert '"Puntos": 1.1' in record
    told = panel.query("select source, stream, rows_read, rows_new from ops.batches where batch_id = %s", batch)
    assert told == [("manychat", "subscriber_pushes", 1, 1)]


def test_a_repeated_push_changes_nothing_and_a_changed_one_does(panel: Panel, secret: str) -> None:
    person = {"id": "77", "name": "Eva", "custom_fields": []}
    batches = "select rows_new, rows_changed from ops.batches where stream = 'subscriber_pushes' order by batch_id desc"
    for _ in range(3):
        assert push(panel, secret, person).status_code == 200
    ((first, batch),) = panel.query(f"select updated_at, _batch_id from {TABLE} where id = '77'")
    assert push(panel, secret, {"data": {**person, "name": "Evita"}}).status_code == 200
    ((second, other),) = panel.query(f"select updated_at, _batch_id from {TABLE} where id = '77'")
    assert second > first
    assert other > batch
    assert panel.query(batches)[:2] == [(0, 1), (1, 0)]


def test_the_same_again_later_says_that_it_still_holds(panel: Panel, secret: str) -> None:
    push(panel, secret, {"id": 78})
    panel.query(f"update {TABLE} set updated_at = now() - interval '1 hour' where id = '78'")
    push(panel, secret, {"id": 78})
    query = f"select updated_at > now() - interval '1 minute' from {TABLE} where id = '78'"
    assert panel.query(query) == [(True,)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[1]", "no JSON object"),
        (b"\xff\xfe", "no JSON"),
        (b'{"id": "{{user_id}}"}', "no id"),
        (b'{"id": null}', "no id"),
        (b'{"id": true}', "no id"),
        (b'{"id": 1.5}', "no id"),
        (b'{"id": "' + b"9" * 60 + b'"}', "no id"),
        (b'{"id": 1, "name": "\\u0000"}', "NUL"),
        (b'{"id": 1, "name": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "no JSON"),
        (b'{"id": 1, "name": 1e999999}', "no"),
    ],
)  # fmt: skip
def test_a_malformed_body_is_kept_with_the_reason(panel: Panel, secret: str, body: bytes, reason: str) -> None:
    before = len(rejects(panel))
    answer = push(panel, secret, body)
    assert answer.status_code == 422
    assert reason in answer.json()["message"]
    assert rejects(panel)[before:][0][1] == body


def test_one_bad_push_among_many_keeps_no_other_out(panel: Panel, secret: str) -> None:
    bodies: list[object] = [{"id": 1000 + number, "n": number} for number in range(30)]
    bodies[7] = b'{"id": 1, "name": 1e999999}'
    with ThreadPoolExecutor(15) as pool:
        codes = list(pool.map(lambda body: push(panel, secret, body).status_code, bodies))
    assert sorted(codes) == [200] * 29 + [422]
    stored = panel.query(f"select count(*) from {TABLE} where id::numeric between 1000 and 1030")
    assert stored == [(29,)]


def test_a_subscriber_of_another_page_is_refused(panel: Panel, secret: str) -> None:
    panel.query(
        "insert into staging_manychat.page_info (account, id, record, _first_loaded_at, _loaded_at, _run_id, _batch_id)"
        " values ('main', '55', '{}', now(), now(), gen_random_uuid(), 0)"
    )
    assert push(panel, secret, {"id": 5, "page_id": 55}).status_code == 200
    answer = push(panel, secret, {"id": 6, "page_id": 66})
    assert answer.status_code == 422
    assert "page 66" in answer.json()["message"]


def test_who_has_no_secret_leaves_nothing(panel: Panel, secret: str) -> None:
    before = panel.query(f"select count(*) from {TABLE}"), len(rejects(panel))
    for wrong in (None, "", "sf_wrong", secret + "x", token_for(panel, "status", "sync", "unify")):
        assert push(panel, wrong, {"id": 999_999}).status_code == 401
    assert (panel.query(f"select count(*) from {TABLE}"), len(rejects(panel))) == before
    assert httpx.get(f"{panel.url}/inbox/manychat").status_code in {404, 405}


def test_guessing_is_slowed_down_for_the_one_who_guesses(panel: Panel) -> None:
    codes = [push(panel, "sf_wrong", {"id": 1}).status_code for _ in range(25)]
    assert codes == [401] * 20 + [429] * 5


def test_a_flood_is_slowed_down(panel: Panel, secret: str) -> None:
    inbox = panel.application.state.panel.known["inbox"]
    inbox.pushes.burst, inbox.pushes.per_second = 3, 0.001
    answers = [push(panel, secret, {"id": 1}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert answers[-1].headers["retry-after"] == "5"


@pytest.mark.parametrize("size", [LARGEST + 1, 2_000_000])
def test_a_large_body_is_refused(panel: Panel, secret: str, size: int) -> None:
    body = json.dumps({"id": 4, "name": "x" * size}).encode()
    assert push(panel, secret, body).status_code == 413
    chunks = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
    headers = {"authorization": f"Bearer {secret}"}
    try:
        answer = httpx.post(f"{panel.url}/inbox/manychat", content=chunks, headers=headers)
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # the server ended the connection without reading the rest
    assert panel.query(f"select 1 from {TABLE} where id = '4'") == []


def test_a_revoked_secret_opens_nothing(panel: Panel) -> None:
    given = token_for(panel, "inbox")
    assert push(panel, given, {"id": 1}).status_code == 200
    panel.query(
        "update ops.panel_tokens set revoked_at = now() where token_id = (select max(token_id) from ops.panel_tokens)"
    )
    assert push(panel, given, {"id": 1}).status_code == 401


def test_what_was_answered_survives_a_kill(panel: Panel, secret: str) -> None:
    """Killed with -9 right after the answer: the row is there, and nothing of the body is in the output."""
    port = free_port()
    code = (
        "import sys, uvicorn; from sync_center.application import make_application;"
        " from sync_center.settings import Settings;"
        " uvicorn.run(make_application(Settings(sys.argv[1])), port=int(sys.argv[2]), log_level='debug')"
    )
    command = [sys.executable, "-c", code, panel.database_url, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ)) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health")
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                headers = {"authorization": f"Bearer {secret}"}
                answer = client.post("/inbox/manychat", json={"id": 4242, "name": "Zacarías"}, headers=headers)
        finally:
            server.send_signal(signal.SIGKILL)
            said = (server.communicate()[0] or b"").decode()
    assert answer.status_code == 200
    assert panel.query(f"select record ->> 'name' from {TABLE} where id = '4242'") == [("Zacarías",)]
    assert secret not in said
    assert "Zacar" not in said


def test_the_secret_is_kept_as_a_hash_only(panel: Panel, secret: str) -> None:
    assert secret not in str(panel.query("select * from ops.panel_tokens"))


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the panel did not start")

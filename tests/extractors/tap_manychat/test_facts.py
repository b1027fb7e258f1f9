"""The peculiarities of ManyChat's API, one test each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sandbox.server import SandboxServer
from sandbox.server.manychat import definitions, errors
from support.desk import Desk

from tests.extractors.scripted_server import Answer, serving
from tests.extractors.tap_manychat.harness import (
    FIND,
    GET_INFO,
    ids_file,
    load,
    lookups,
    requests_of,
    run,
    stage,
    staged,
    truth,
)

PAGE = {"status": "success", "data": {"id": 1234567, "name": "Color y Forma"}}


@pytest.mark.parametrize("status", [200, 400])
def test_manychat_error_with_status_200(
    sandbox: SandboxServer, desk: Desk, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """An error is an error whatever its status says; a definite "does not exist" is a tombstone either way."""
    gone, *others = list(truth(sandbox))[:10]
    rows = [{"id": f"manychat_subscribers:{one}", "record": {}} for one in (gone, *others)]
    stage(desk, "staging_csv.imports", rows)
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    sandbox.manychat.audience().remove(gone, sandbox.clock.now)
    sandbox.clock.now += 8 * 86_400
    refusal = errors.Refusal(status, "Validation error", "Subscriber does not exist")
    monkeypatch.setattr(errors, "unknown", lambda _value: refusal)
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, outcome.lines)
    assert outcome.exit_code == 0
    assert staged(desk, deleted=True).keys() == {gone}
    assert staged(desk).keys() == set(others)
    row = lookups(desk)[f"subscriber_id:{gone}"]
    assert (row["found"], row["reason"][-25:]) == (False, "Subscriber does not exist")
    assert staged(desk, deleted=True)[gone]["page_id"] == "1234567"


def test_manychat_an_error_that_says_something_else_deletes_nobody(
    sandbox: SandboxServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, *others = list(truth(sandbox))[:10]
    rows = [{"id": f"manychat_subscribers:{one}", "record": {}} for one in (gone, *others)]
    stage(desk, "staging_csv.imports", rows)
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    sandbox.manychat.audience().remove(gone, sandbox.clock.now)
    sandbox.clock.now += 8 * 86_400
    monkeypatch.setattr(errors, "unknown", lambda _value: errors.Refusal(200, "Validation error", "Page is locked"))
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, outcome.lines)
    assert staged(desk, deleted=True) == {}
    row = lookups(desk)[f"subscriber_id:{gone}"]
    assert row["found"] is None
    assert "Page is locked" in row["reason"]
    assert "1 not answered" in outcome.note("subscribers")
    asked = len(sandbox.log)
    run(f"{sandbox.url}/manychat", database_url=desk.url)
    assert requests_of(sandbox, asked).count(GET_INFO) == 1


def test_manychat_that_refuses_everybody_ends_the_run(
    sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(errors, "unknown", lambda _value: errors.Refusal(200, "Plan has ended"))
    path = ids_file(tmp_path, map(str, range(1000, 1100)))
    outcome = run(f"{sandbox.url}/manychat", subscriber_ids_file=path)
    assert outcome.exit_code == 1
    assert "ManyChat refused 20 questions one after another" in caplog.text
    assert "Plan has ended" in caplog.text
    assert outcome.records("tags")


def test_manychat_has_several_shapes_of_not_found(sandbox: SandboxServer, desk: Desk) -> None:
    emails = [f"nobody{number}@correo.example" for number in range(12)]
    shapes = {errors.shape_of(email) for email in emails}
    stage(desk, "staging_stripe.customers", [{"record": {"email": email}} for email in emails])
    stage(desk, "staging_csv.imports", [{"id": f"manychat_subscribers:{n}", "record": {}} for n in range(1, 9)])
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, outcome.lines)
    assert shapes == {0, 1, 2}
    assert {row["found"] for row in lookups(desk).values()} == {False}
    assert staged(desk, deleted=True) == staged(desk) == {}
    assert outcome.exit_code == 0


NOTHING = [
    Answer(body=f'{{"status":"success","data":{data}}}'.encode()) for data in ("null", "[]", "{}", "false", '""')
]
NO_ROUTE = Answer(404, b'{"message":"no Route matched with those values"}')
ODD_404 = Answer(404, b'{"status":"success","message":"Subscriber does not exist"}')


def answering(answer: Answer) -> Callable[[str, dict[str, str]], Answer]:
    """A page of which every question is answered alike."""
    page = Answer(body=json.dumps(PAGE).encode())
    return lambda path, _parameters: page if path == "/fb/page/getInfo" else answer


@pytest.mark.parametrize("answer", NOTHING)
def test_manychat_says_nothing_in_several_ways_when_nobody_has_an_email(desk: Desk, answer: Answer) -> None:
    stage(desk, "staging_stripe.customers", [{"record": {"email": "ana@correo.example"}}])
    with serving(answering(answer)) as url:
        outcome = run(url, streams=("subscribers", "lookups"), database_url=desk.url)
    assert [row["record"]["found"] for row in outcome.records("lookups")] == [False]


@pytest.mark.parametrize("answer", [*NOTHING, NO_ROUTE, ODD_404])
def test_manychat_that_says_nothing_of_a_stored_subscriber_deletes_nobody(
    sandbox: SandboxServer, desk: Desk, answer: Answer
) -> None:
    ids = list(truth(sandbox))[:5]
    stage(desk, "staging_csv.imports", [{"id": f"manychat_subscribers:{one}", "record": {}} for one in ids])
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    with serving(answering(answer)) as url:
        outcome = run(url, streams=("subscribers", "lookups"), database_url=desk.url, reread_days=0)
        load(desk, outcome.lines)
    assert (staged(desk).keys(), staged(desk, deleted=True)) == (set(ids), {})
    assert {row["found"] for row in lookups(desk).values()} == {None}
    assert "5 not answered" in outcome.note("subscribers")


@pytest.mark.parametrize(
    ("status", "message", "details", "found"),
    [
        (400, "Validation error", ["email: This value is not a valid email address."], False),
        (200, "Wrong phone number", [], False),
        (404, "Contact not found", [], False),
        (400, "This method is not available on your plan", [], None),
        (404, "Unknown method", [], None),
    ],
)
def test_manychat_that_refuses_a_look_up_does_not_always_mean_nobody(
    desk: Desk, status: int, message: str, details: list[str], found: bool | None
) -> None:
    stage(desk, "staging_stripe.customers", [{"record": {"email": "ana@correo.example"}}])
    refusal = errors.Refusal(status, message, *details).response()
    with serving(answering(Answer(refusal.status, refusal.body))) as url:
        outcome = run(url, streams=("lookups",), database_url=desk.url)
    assert [row["record"]["found"] for row in outcome.records("lookups")] == [found]


def test_manychat_that_refuses_every_look_up_ends_the_run(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    emails = [{"record": {"email": f"a{number}@correo.example"}} for number in range(30)]
    stage(desk, "staging_stripe.customers", emails)
    refusal = errors.Refusal(400, "This method is not available on your plan").response()
    with serving(answering(Answer(refusal.status, refusal.body))) as url:
        outcome = run(url, streams=("lookups",), database_url=desk.url)
    assert outcome.exit_code == 1
    assert "ManyChat refused 20 questions one after another" in caplog.text
    assert not [row for row in outcome.records("lookups") if row["record"]["found"] is False]


@pytest.mark.parametrize("data", [{}, {"folders": []}])
def test_manychat_that_answers_without_flows_deletes_none(
    sandbox: SandboxServer, desk: Desk, monkeypatch: pytest.MonkeyPatch, data: dict[str, list[str]]
) -> None:
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    monkeypatch.setattr(definitions, "FLOWS", data)
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, outcome.lines)
    assert outcome.exit_code == 1
    assert outcome.records("tags")
    gone = desk.query("select id from staging_manychat.flows where _deleted_at is not null")
    assert (gone, len(desk.query("select id from staging_manychat.flows"))) == ([], 4)


def test_manychat_may_answer_a_look_up_with_a_list(desk: Desk) -> None:
    stage(desk, "staging_stripe.customers", [{"record": {"email": "ana@correo.example"}}])

    def answer(path: str, _parameters: dict[str, str]) -> Answer:
        body = PAGE if path == "/fb/page/getInfo" else {"status": "success", "data": [{"id": 5}, {"id": "6"}]}
        return Answer(body=json.dumps(body).encode())

    with serving(answer) as url:
        outcome = run(url, streams=("subscribers", "lookups"), database_url=desk.url)
    assert [row["id"] for row in outcome.records("subscribers")] == ["5", "6"]


def test_manychat_ids_beyond_2_to_the_53_stay_exact(sandbox: SandboxServer, desk: Desk) -> None:
    world = truth(sandbox)
    stage(desk, "staging_csv.imports", [{"id": f"manychat_subscribers:{one}", "record": {}} for one in world])
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    query = "select id, record ->> 'id', record ->> 'ig_id' from staging_manychat.subscribers"
    rows = {identity: (own, ig) for identity, own, ig in desk.query(query)}
    assert rows == {one: (one, str(had["ig_id"]) if had["ig_id"] else None) for one, had in world.items()}
    assert all(int(identity) > 2**53 for identity in rows)
    assert any(ig and int(ig) > 2**53 and float(ig) != int(ig) for _, ig in rows.values())


def test_manychat_numbers_keep_their_digits(tmp_path: Path) -> None:
    raw = '{"id":"5","ig_id":17841400000000000001,"custom_fields":[{"value":1.10}],\n"new_key":[]}'

    def answer(path: str, _parameters: dict[str, str]) -> Answer:
        text = json.dumps(PAGE) if path == "/fb/page/getInfo" else f'{{"status":"success","data":{raw}}}'
        return Answer(body=text.encode())

    with serving(answer) as url:
        outcome = run(url, streams=("subscribers",), subscriber_ids_file=ids_file(tmp_path, ["5"]))
    (line,) = [line for line in outcome.lines if b'"RECORD"' in line]
    assert b'"ig_id":17841400000000000001' in line
    assert b'"value":1.10' in line
    assert b'"new_key":[]' in line


def test_manychat_times_have_the_pages_offset_and_nothing_tells_a_change(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    identity, one = next(iter(truth(sandbox).items()))
    outcome = run(f"{sandbox.url}/manychat", subscriber_ids_file=ids_file(tmp_path, [identity]))
    (row,) = outcome.records("subscribers")
    assert one["subscribed"].endswith("-06:00")
    assert row["created_at"].endswith("Z")
    assert row["created_at"][11:13] == f"{(int(one['subscribed'][11:13]) + 6) % 24:02}"
    assert "updated_at" not in row
    assert row["origin"] == {"asked": f"subscriber_id:{identity}", "from": "subscriber_ids_file"}


def test_manychat_whatsapp_numbers_have_no_plus(sandbox: SandboxServer, tmp_path: Path) -> None:
    chats = {identity: one for identity, one in truth(sandbox).items() if one["whatsapp_phone"] and not one["phone"]}
    path = ids_file(tmp_path, chats)
    outcome = run(f"{sandbox.url}/manychat", subscriber_ids_file=path, default_region="US")
    assert chats
    for row in outcome.records("subscribers"):
        (phone,) = row["phones"]
        assert phone.startswith("+")
        assert phone[-8:] == chats[row["id"]]["whatsapp_phone"][-8:]


def test_manychat_a_merged_id_disappears_and_the_winner_has_both_channels(sandbox: SandboxServer, desk: Desk) -> None:
    audience = sandbox.manychat.audience()
    while not audience.seconds:
        sandbox.advance()
    winner, loser = next(iter(audience.seconds.items()))
    rows = [{"id": f"manychat_subscribers:{one}", "record": {}} for one in (winner, loser)]
    stage(desk, "staging_csv.imports", rows)
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    known = staged(desk)
    audience.change(audience.subscribers[winner], ig_id=known[loser]["ig_id"])
    audience.remove(loser, sandbox.clock.now)
    sandbox.clock.now += 8 * 86_400
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    assert staged(desk)[winner]["ig_id"] == known[loser]["ig_id"]
    assert staged(desk, deleted=True) == {loser: known[loser]}


def test_manychat_a_person_of_another_page_ends_the_run(
    sandbox: SandboxServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audience = sandbox.manychat.audience()
    identity = next(iter(audience.subscribers))
    path = ids_file(tmp_path, [identity])
    audience.page.id = "999"
    sandbox.manychat.world_state("page_info")
    outcome = run(f"{sandbox.url}/manychat", subscriber_ids_file=path)
    assert outcome.exit_code == 0, "the page says of itself that it is 999"
    audience.subscribers[identity].changes["id"] = identity
    with serving(_of_another_page) as url:
        outcome = run(url, subscriber_ids_file=path, streams=("subscribers", "lookups"))
    assert outcome.exit_code == 1
    assert "of page 7" in caplog.text
    assert outcome.records("subscribers") == []


def _of_another_page(path: str, _parameters: dict[str, str]) -> Answer:
    body = PAGE if path == "/fb/page/getInfo" else {"status": "success", "data": {"id": "5", "page_id": "7"}}
    return Answer(body=json.dumps(body).encode())


def test_manychat_whose_calls_are_not_in_the_plan_leaves_one_stream_out(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.manychat.forbid("flows")
    outcome = run(f"{sandbox.url}/manychat")
    assert outcome.exit_code == 0
    assert "flows is unavailable" in caplog.text
    assert outcome.records("tags")


def test_denied_fields_are_gone_and_phones_of_them_too(sandbox: SandboxServer, tmp_path: Path) -> None:
    path = ids_file(tmp_path, truth(sandbox))
    outcome = run(f"{sandbox.url}/manychat", subscriber_ids_file=path, deny=["email", "whatsapp_phone", "tags.name"])
    rows = outcome.records("subscribers")
    assert all("email" not in row["record"] and "whatsapp_phone" not in row["record"] for row in rows)
    assert {tuple(tag) for row in rows for tag in row["record"]["tags"]} == {("id",)}
    assert not any(row.get("phones") for row in rows if not row["record"]["phone"])


def test_an_email_leads_to_another_once_its_subscriber_is_gone(sandbox: SandboxServer, desk: Desk) -> None:
    audience = sandbox.manychat.audience()
    first, second = list(audience.subscribers.values())[:2]
    audience.change(first, email="ana@correo.example")
    stage(desk, "staging_stripe.customers", [{"record": {"email": "ana@correo.example"}}])
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    assert staged(desk).keys() == {first.id}
    audience.remove(first.id, sandbox.clock.now)
    audience.change(second, email="ana@correo.example")
    sandbox.clock.now += 31 * 86_400
    for _ in range(2):
        load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    assert (staged(desk).keys(), staged(desk, deleted=True).keys()) == ({second.id}, {first.id})
    assert lookups(desk)["email:ana@correo.example"]["subscriber_id"] == second.id
    assert requests_of(sandbox).count(FIND) == 2

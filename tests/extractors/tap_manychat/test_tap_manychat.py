"""The SDK's standard suite, whole downloads, and where seeds come from."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from sandbox.people import World
from sandbox.server import SandboxServer
from sandbox.server.manychat import definitions, errors
from singer_sdk.testing import get_tap_test_class
from support.desk import Desk
from tap_manychat.tap import TapManyChat

from tests.extractors.tap_manychat.harness import (
    FIND,
    GET_INFO,
    TOKEN,
    ids_file,
    load,
    lookups,
    requests_of,
    run,
    stage,
    stage_contacts,
    staged,
    truth,
)

STANDARD = SandboxServer(World(7, 300), limits=False)
STANDARD.start()  # for the class below, which is made when this file is read; it ends with the process
_FOLDER = tempfile.TemporaryDirectory()

TestStandardSuite = pytest.mark.filterwarnings(
    "ignore:Fields in transformed catalog but not in records", "ignore:No records were available to test"
)(
    get_tap_test_class(
        TapManyChat,
        config={
            "api_token": TOKEN,
            "api_url": f"{STANDARD.url}/manychat",
            "subscriber_ids_file": ids_file(Path(_FOLDER.name), list(truth(STANDARD))[:5]),
        },
    )
)

LISTS = [
    "/fb/page/getInfo",
    "/fb/page/getTags",
    "/fb/page/getCustomFields",
    "/fb/page/getBotFields",
    "/fb/page/getFlows",
]


def csv_export(desk: Desk, identities: list[str]) -> None:
    """Stage ManyChat's CSV export as tap-csv does."""
    stage(desk, "staging_csv.imports", [{"id": f"manychat_subscribers:{one}", "record": {}} for one in identities])


def test_the_ids_of_the_csv_export_bring_the_world_and_a_second_run_asks_for_nothing(
    sandbox: SandboxServer, desk: Desk
) -> None:
    world = truth(sandbox)
    csv_export(desk, list(world))
    first = run(f"{sandbox.url}/manychat", database_url=desk.url)
    assert (first.exit_code, first.finished) == (0, True)
    load(desk, first.lines)
    assert staged(desk) == world
    assert lookups(desk).keys() == {f"subscriber_id:{one}" for one in world}
    for stream in ("page_info", "tags", "custom_fields", "bot_fields"):
        rows = {row["id"]: row["record"] for row in first.records(stream)}
        assert rows == sandbox.world_state(stream, vendor="manychat")
    assert {row["id"] for row in first.records("flows")} == {
        *sandbox.world_state("flows", vendor="manychat"),
        "folder:1",
    }
    asked = len(sandbox.log)
    second = run(f"{sandbox.url}/manychat", first.state, database_url=desk.url)
    assert sorted(requests_of(sandbox, asked)) == sorted(LISTS)
    assert second.records("subscribers") == []
    assert second.state["bookmarks"]["subscribers"] == {"page_id": "1234567", "asked": 0, "due_at_start": 0}


def test_days_later_what_changed_is_read_again_and_what_is_gone_is_a_tombstone(
    sandbox: SandboxServer, desk: Desk
) -> None:
    before = truth(sandbox)
    csv_export(desk, list(before))
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    sandbox.advance(6)
    asked = len(sandbox.log)
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    assert GET_INFO not in requests_of(sandbox, asked)
    sandbox.advance(2)
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, outcome.lines)
    now = truth(sandbox)
    assert staged(desk) == {one: now[one] for one in before if one in now}
    gone = staged(desk, deleted=True)
    assert gone == {one: before[one] for one in before.keys() - now.keys()}
    assert gone
    assert f"{len(gone)} not found" in outcome.note("subscribers")
    sandbox.advance(8)
    asked = len(sandbox.log)
    again = run(f"{sandbox.url}/manychat", database_url=desk.url)
    assert requests_of(sandbox, asked).count(GET_INFO) == len(before) - len(gone)
    assert not gone.keys() & {row["id"] for row in again.records("subscribers")}


def test_emails_and_phones_of_other_sources_lead_to_subscribers_each_once(sandbox: SandboxServer, desk: Desk) -> None:
    stage_contacts(desk, sandbox)
    emails = {row["email"].strip().lower() for (row,) in desk.query("select record from staging_ghl.contacts")}
    phones = {phone for (row,) in desk.query("select phones from staging_ghl.contacts") for phone in row or []}
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url, old_phone_forms=False)
    load(desk, outcome.lines)
    reachable = {
        identity: one
        for identity, one in truth(sandbox).items()
        if (one["email"] or "").lower() in emails - {""} or one["phone"] in phones
    }
    assert staged(desk) == reachable
    assert len(reachable) > 10
    sent = [row["id"] for row in outcome.records("subscribers")]
    assert len(sent) == len(set(sent))
    assert GET_INFO not in requests_of(sandbox)
    tried = lookups(desk)
    assert tried.keys() >= {f"email:{email}" for email in emails - {""}} | {f"phone:{phone}" for phone in phones}
    found = {row["subscriber_id"] for row in tried.values() if row["found"]}
    assert found == reachable.keys()
    assert outcome.note("subscribers").startswith(f"{len(reachable)} of {len(reachable)} known subscribers read")
    asked = len(sandbox.log)
    run(f"{sandbox.url}/manychat", database_url=desk.url, old_phone_forms=False)
    assert FIND not in requests_of(sandbox, asked)


def test_what_led_to_nobody_is_tried_again_after_thirty_days(sandbox: SandboxServer, desk: Desk) -> None:
    stage(desk, "staging_stripe.customers", [{"record": {"email": "late@correo.example"}}])
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    assert lookups(desk)["email:late@correo.example"]["found"] is False
    for days, is_found in ((29, False), (1, True)):
        sandbox.advance(days)
        audience = sandbox.manychat.audience()
        audience.change(next(iter(audience.subscribers.values())), email="late@correo.example")
        load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
        assert lookups(desk)["email:late@correo.example"]["found"] is is_found


@pytest.mark.parametrize(
    ("held", "old"),
    [("+525512345678", "+5215512345678"), ("+5491123456789", "+541123456789"), ("+5511987654321", "+551187654321")],
)
def test_phones_are_looked_up_in_their_old_form_too(sandbox: SandboxServer, desk: Desk, held: str, old: str) -> None:
    audience = sandbox.manychat.audience()
    subscriber = next(iter(audience.subscribers.values()))
    audience.change(subscriber, phone=old)
    stage(desk, "staging_paypal.transactions", [{"record": {}, "phones": [held]}])
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    assert [row["id"] for row in outcome.records("subscribers")] == [subscriber.id]
    assert [row["record"]["found"] for row in outcome.records("lookups") if row["id"] == f"phone:{old}"] == [True]


def test_every_place_of_an_id_is_a_seed(sandbox: SandboxServer, desk: Desk) -> None:
    ids = iter(truth(sandbox))
    wanted = {name: next(ids) for name in ("ghl", "key", "stripe", "push", "wrapped", "mapped", "chosen")}
    by_key = {"id": "cf3", "value": int(wanted["key"])}
    stage(desk, "staging_ghl.custom_fields", [{"id": "cf3", "record": {"fieldKey": "contact.chat%"}}])
    stage(
        desk,
        "staging_ghl.contacts",
        [{"record": {"customFields": [{"id": "cf1", "value": wanted["ghl"]}, {"id": "cf2", "value": "123"}, by_key]}}],
    )
    stage(desk, "staging_stripe.customers", [{"record": {"metadata": {"manychat": wanted["stripe"]}}}])
    pushes = [{"record": {"id": int(wanted["push"])}}, {"record": {"data": {"id": wanted["wrapped"]}}}]
    stage(desk, "staging_manychat.subscriber_pushes", pushes)
    mapping = {"kind": "crm", "mapping": {"Chat": "manychat_subscriber_id", "Wrong": "manychat_subscriber_id"}}
    stage(desk, "staging_csv.files", [{"id": "f1", "record": mapping}])
    row = {"Chat": wanted["mapped"], "Wrong": "456", "Other": wanted["chosen"]}
    stage(desk, "staging_csv.imports", [{"id": "crm:1", "record": row, "origin": {"file": "f1"}}])
    desk.connection.execute(
        "insert into ops.csv_mappings (kind, header, field) values ('crm', 'Wrong', null),"
        " ('crm', 'Other', 'manychat_subscriber_id')"
    )
    outcome = run(
        f"{sandbox.url}/manychat", database_url=desk.url, id_fields=["ghl:cf1", "ghl:chat%", "stripe:manychat"]
    )
    assert {row["id"] for row in outcome.records("subscribers")} == set(wanted.values())
    assert {row["record"]["value"] for row in outcome.records("lookups")} == set(wanted.values())


def test_every_place_of_an_email_is_a_seed(sandbox: SandboxServer, desk: Desk) -> None:
    contact = {"email": " A@x.example", "additionalEmails": ["b@x.example", {"email": "c@x.example"}, "", None]}
    stage(desk, "staging_ghl.contacts", [{"record": contact}])
    stage(desk, "staging_stripe.charges", [{"record": {"billing_details": {"email": "d@x.example"}}}])
    session = {"customer_details": {"email": "e@x.example"}}
    stage(desk, "staging_stripe.checkout_sessions", [{"record": session, "phones": ["+34600000001"]}])
    stage(desk, "staging_paypal.transactions", [{"record": {"payer_info": {"email_address": "f@x.example"}}}])
    stage(desk, "staging_csv.files", [{"id": "f1", "record": {"kind": "crm", "mapping": {"Mail": "email"}}}])
    stage(desk, "staging_csv.imports", [{"record": {"Mail": "G@X.example"}, "origin": {"file": "f1"}}])
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    tried = {row["id"]: row["record"] for row in outcome.records("lookups")}
    assert tried.keys() == {*(f"email:{letter}@x.example" for letter in "abcdefg"), "phone:+34600000001"}
    assert tried["email:f@x.example"]["origin"] == "staging_paypal.transactions"
    only_phones = run(f"{sandbox.url}/manychat", database_url=desk.url, look_up=["phone"])
    assert {row["record"]["kind"] for row in only_phones.records("lookups")} == {"phone"}


def test_a_swept_field_brings_subscribers_and_says_where_it_is_cut(
    sandbox: SandboxServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    audience = sandbox.manychat.audience()
    for number in range(120):
        person = 4 * number
        subscriber = list(audience.subscribers.values())[number % 3]
        audience.add(type(subscriber)(str(10**16 + person), subscriber.index, 1, sandbox.clock.now))
    for identity in list(audience.subscribers)[-120:]:
        audience.change(audience.subscribers[identity], **{str(definitions.POINTS.id): 7777})
    sweeps = [
        {"field_id": definitions.POINTS.id, "values": [7777, 8888]},
        {"field_id": definitions.BUCKET.id, "first": 1, "last": 3},
    ]
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url, sweep_fields=sweeps)
    load(desk, outcome.lines)
    tried = lookups(desk)
    points = tried[f"field:{definitions.POINTS.id}=7777"]
    assert (points["found"], points["reason"][:8]) == (True, "cut: 100")
    assert tried[f"field:{definitions.POINTS.id}=8888"]["found"] is False
    assert "1 field values are cut at 100" in outcome.note("subscribers")
    assert len(staged(desk)) >= 100 + sum(1 for one in audience.subscribers.values() if not one.copy)
    assert len({row["id"] for row in outcome.records("subscribers")}) == len(outcome.records("subscribers"))
    assert run(f"{sandbox.url}/manychat", sweep_fields=[{"field_id": "x"}]).exit_code == 1
    assert "sweep_fields" in caplog.text


def test_max_requests_bounds_a_run_and_the_next_goes_on(sandbox: SandboxServer, desk: Desk) -> None:
    world = truth(sandbox)
    csv_export(desk, list(world))
    seen: set[str] = set()
    while len(seen) < len(world):
        outcome = run(f"{sandbox.url}/manychat", database_url=desk.url, max_requests=30)
        load(desk, outcome.lines)
        new = {row["id"] for row in outcome.records("subscribers")}
        assert len(new) == min(30, len(world) - len(seen))
        assert not new & seen
        assert ("stopped at max_requests" in outcome.note("subscribers")) == (len(seen | new) < len(world))
        seen |= new
    assert staged(desk) == world


def test_without_a_warehouse_the_file_and_the_bookmark_are_all(sandbox: SandboxServer, tmp_path: Path) -> None:
    ids = list(truth(sandbox))
    first = run(f"{sandbox.url}/manychat", subscriber_ids_file=ids_file(tmp_path, ids[:40]), max_requests=25)
    assert [row["id"] for row in first.records("subscribers")] == ids[:25]
    mark = first.state["bookmarks"]["subscribers"]
    assert (mark["page_id"], mark["asked"], mark["of"]) == ("1234567", 25, 40)
    longer = ids_file(tmp_path, ids)
    second = run(f"{sandbox.url}/manychat", first.state, subscriber_ids_file=longer)
    assert [row["id"] for row in second.records("subscribers")] == ids[25:]
    third = run(f"{sandbox.url}/manychat", second.state, subscriber_ids_file=longer)
    assert third.records("subscribers") == []
    sandbox.advance(7)
    fourth = run(f"{sandbox.url}/manychat", third.state, subscriber_ids_file=longer)
    assert len(fourth.records("subscribers")) == len([one for one in ids if one in truth(sandbox)])
    other = run(f"{sandbox.url}/manychat", first.state, subscriber_ids_file=ids_file(tmp_path, ids[::-1]))
    assert len(other.records("subscribers")) == len(set(ids) & truth(sandbox).keys())


def test_without_a_warehouse_what_had_no_clear_answer_is_asked_again(
    sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ["1", *list(truth(sandbox))[:3], "2"]
    path = ids_file(tmp_path, ids)
    refusal = errors.Refusal(200, "Plan has ended")
    with monkeypatch.context() as patch:
        patch.setattr(errors, "unknown", lambda _value: refusal)
        first = run(f"{sandbox.url}/manychat", subscriber_ids_file=path)
    assert first.note("subscribers").startswith("3 of 5 known subscribers read; 0 not found; 2 not answered")
    second = run(f"{sandbox.url}/manychat", first.state, subscriber_ids_file=path)
    assert [row["record"]["value"] for row in second.records("lookups")] == ["1", "2"]
    third = run(f"{sandbox.url}/manychat", second.state, subscriber_ids_file=path)
    assert third.records("lookups") == []
    assert third.note("subscribers").startswith("3 of 5 known subscribers read; 2 not found")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Subscriber ID;Phone\n12;5255\n13;5256\n12;1\n", ["12", "13"]),
        ("\ufeffName,subscriber_id\nAna,77\n", ["77"]),
        ("5\n\n6\n", ["5", "6"]),
        ("", []),
    ],
)
def test_files_of_ids(tmp_path: Path, sandbox: SandboxServer, text: str, ids: list[str]) -> None:
    (tmp_path / "ids.csv").write_text(text, "utf-8")
    outcome = run(f"{sandbox.url}/manychat", subscriber_ids_file=str(tmp_path / "ids.csv"))
    assert [row["record"]["value"] for row in outcome.records("lookups")] == ids


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"api_token": "1234567:old"}, "TAP_MANYCHAT_API_TOKEN"),
        ({"api_token": "sandbox"}, "does not begin with a page id"),
        ({"subscriber_ids_file": "nowhere.csv"}, "cannot be read"),
        ({"subscriber_ids_file": __file__}, "without a subscriber id"),
        ({"id_fields": ["hubspot:x"]}, "neither ghl:"),
        ({"database_url": "postgresql://nobody@127.0.0.1:1/none"}, "warehouse"),
    ],
)
def test_a_wrong_setting_is_a_sentence_before_anything_is_read(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, settings: dict[str, Any], sentence: str
) -> None:
    outcome = run(f"{sandbox.url}/manychat", **settings)
    assert (outcome.exit_code, outcome.finished) == (1, False)
    assert sentence in caplog.text
    assert set(requests_of(sandbox)) <= {"/fb/page/getInfo"}
    assert "1234567:old" not in caplog.text


def test_an_address_without_the_api_is_a_sentence(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    outcome = run(f"{sandbox.url}/manychat/v2")
    assert outcome.exit_code == 1
    assert "a web page" in caplog.text
    assert "Check api_url" in caplog.text


def test_another_pages_token_is_refused_by_the_bookmark_and_by_the_warehouse(
    sandbox: SandboxServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    csv_export(desk, list(truth(sandbox)))
    first = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, first.lines)
    asked = len(sandbox.log)
    for state in (first.state, {}):
        other = run(f"{sandbox.url}/manychat", state, api_token="7654321:sandbox", database_url=desk.url)
        assert (other.exit_code, other.records("subscribers")) == (1, [])
    assert "The bookmark is of page 1234567, the settings are of page 7654321" in caplog.text
    assert "The warehouse holds page 1234567" in caplog.text
    assert requests_of(sandbox, asked) == ["/fb/page/getInfo"] * 2
    named = run(f"{sandbox.url}/manychat", api_token="7654321:sandbox", database_url=desk.url, account="kids")
    assert named.exit_code == 0
    assert {row["account"] for row in named.records("page_info")} == {"kids"}


def test_coverage_is_told_and_never_called_complete(sandbox: SandboxServer, desk: Desk) -> None:
    world = list(truth(sandbox))
    csv_export(desk, [*world, "1", "2"])
    stage(desk, "staging_stripe.customers", [{"record": {"email": "nobody@correo.example"}}])
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, outcome.lines)
    told = f"{len(world)} of {len(world) + 2} known subscribers read; 2 not found; ManyChat cannot list"
    assert outcome.note("subscribers").startswith(told)
    assert outcome.note("lookups") == "1 of 1 e-mails and phones tried; 0 led to a subscriber"
    notes = desk.query("select stream, note from ops.sync_runs where note is not null order by 1")
    assert [stream for stream, _ in notes] == ["lookups", "subscribers"]
    assert notes[1][1].startswith(told)
    assert "complete" not in str(notes)
    assert staged(desk, deleted=True) == {}
    progress = outcome.progress["subscribers"]
    assert (progress["done"], progress["total"], progress["unit"]) == (len(world) + 2, len(world) + 2, "subscribers")


def test_a_tag_that_is_gone_is_marked(sandbox: SandboxServer, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    monkeypatch.setattr(definitions, "TAGS", {"vip": 8_200_005, "bienvenida": 8_200_000, "carrito": 1, "x": 2, "y": 3})
    sandbox.advance()
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    found = dict(desk.query("select id, _deleted_at is not null from staging_manychat.tags"))
    assert (found["8200005"], found["8200003"]) == (False, True)


def test_only_the_selected_streams_are_asked_for(sandbox: SandboxServer, tmp_path: Path) -> None:
    path = ids_file(tmp_path, list(truth(sandbox))[:3])
    outcome = run(f"{sandbox.url}/manychat", streams=("tags",), subscriber_ids_file=path)
    assert sorted(requests_of(sandbox)) == ["/fb/page/getInfo", "/fb/page/getTags"]
    outcome = run(f"{sandbox.url}/manychat", streams=("subscribers",), subscriber_ids_file=path)
    assert len(outcome.records("subscribers")) == 3
    assert outcome.records("lookups") == []


def test_both_limits_are_kept_side_by_side(desk: Desk) -> None:
    with SandboxServer(World(7, 300)) as limited:
        limited.manychat.rates = {"page": 100.0, "subscriber": 40.0, "system_field": 150.0}
        csv_export(desk, list(truth(limited)))
        emails = [{"record": {"email": f"a{number}@correo.example"}} for number in range(260)]
        stage(desk, "staging_stripe.customers", emails)
        limits = {"requests_per_second": 40, "lookup_requests_per_second": 150}
        outcome = run(f"{limited.url}/manychat", database_url=desk.url, **limits)
        asked = requests_of(limited)
        assert (asked.count(GET_INFO), asked.count(FIND)) == (len(truth(limited)), 260)
        assert limited.violations == []
        assert outcome.progress["lookups"].get("waits", 0) == 0

"""ManyChat's look-alike: what it answers, what it hides, and how its subscribers live."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sandbox.appearances import appearances
from sandbox.exports.manychat import SUBSCRIBERS, WHATSAPP
from sandbox.people import World
from sandbox.server import SandboxServer
from sandbox.server.manychat import days
from sandbox.server.manychat.definitions import BUCKET, POINTS, PRODUCT, SEARCHABLE
from sandbox.server.manychat.vendor import OTHER_TOKEN, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

GET_INFO, FIND = "/fb/subscriber/getInfo", "/fb/subscriber/findBySystemField"
BY_FIELD = "/fb/subscriber/findByCustomField"


class Client:
    def __init__(self, sandbox: SandboxServer) -> None:
        self.base = f"{sandbox.url}/manychat"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {TOKEN}"

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(self.base + path, params=params, timeout=5)

    def data(self, path: str, **params: Any) -> Any:
        response = self.get(path, **params)
        assert (response.status_code, response.json()["status"]) == (200, "success"), response.text
        return response.json()["data"]


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World(7, 300), limits=False) as started:
        yield started


@pytest.fixture
def client(sandbox: SandboxServer) -> Iterator[Client]:
    client = Client(sandbox)
    with client.session:
        yield client


def truth(sandbox: SandboxServer, account: str = "main") -> dict[str, dict[str, Any]]:
    return sandbox.world_state("subscribers", account, "manychat")


def exported(world: World) -> dict[str, dict[str, str]]:
    """Rows of both CSV exports, by id."""
    rows = {}
    for export in (SUBSCRIBERS, WHATSAPP):
        for _, _, cells in export.rows(world, range(world.people)):
            row = dict(zip(export.headers, cells, strict=True))
            rows[row["Subscriber ID"]] = row
    return rows


def test_every_subscriber_is_read_by_id_and_agrees_with_the_csv_export(sandbox: SandboxServer, client: Client) -> None:
    rows, world = exported(sandbox.world), truth(sandbox)
    assert rows.keys() == world.keys()
    assert len(rows) > 50
    for identity, row in rows.items():
        found = client.data(GET_INFO, subscriber_id=identity)
        assert found == world[identity]
        assert (found["id"], found["page_id"]) == (identity, "1234567")
        assert (found["email"] or "") == row["Email"].strip()
        assert (found["first_name"], found["last_name"]) == (row["First Name"], row["Last Name"])
        assert ", ".join(tag["name"] for tag in found["tags"]) == row["Tags"]
        digits = row["Phone"].lstrip("+")
        assert (found["whatsapp_phone"] or (found["phone"] or "").lstrip("+")) == digits


def test_ids_are_texts_and_instagrams_is_a_number_both_beyond_a_double(sandbox: SandboxServer) -> None:
    world = truth(sandbox)
    assert all(int(identity) > 2**53 for identity in world)
    numbers = [one["ig_id"] for one in world.values() if one["ig_id"]]
    assert numbers
    assert all(isinstance(number, int) and number > 2**53 for number in numbers)


def test_those_of_whatsapp_have_a_number_without_plus_and_mostly_no_system_phone(sandbox: SandboxServer) -> None:
    chats = [one for one in truth(sandbox).values() if one["whatsapp_phone"]]
    assert all(one["whatsapp_phone"].isdecimal() and one["email"] is None for one in chats)
    assert 0.4 < sum(one["phone"] is None for one in chats) / len(chats) < 0.9


def test_times_carry_the_pages_offset(sandbox: SandboxServer) -> None:
    moments = chain.from_iterable((one["subscribed"], one["last_seen"]) for one in truth(sandbox).values())
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-06:00", moment) for moment in moments)


def test_a_system_field_finds_one_object_by_exactly_this_value(sandbox: SandboxServer, client: Client) -> None:
    for one in truth(sandbox).values():
        for kind in ("email", "phone"):
            if one[kind]:
                assert client.data(FIND, **{kind: one[kind]}) == one
    phone = next(one["phone"] for one in truth(sandbox).values() if one["phone"])
    assert not client.get(FIND, phone=phone[1:]).json().get("data")
    for wrong in ({}, {"email": "a@b.example", "phone": "+525511111111"}):
        assert client.get(FIND, **wrong).status_code == 400


def test_whether_capitals_count_is_a_switch(sandbox: SandboxServer, client: Client) -> None:
    written = next(one["email"] for one in truth(sandbox).values() if one["email"])
    other = written.swapcase()
    assert client.data(FIND, email=other)["email"] == written
    sandbox.manychat.capitals_count = True
    assert client.data(FIND, email=written)["email"] == written
    assert not client.get(FIND, email=other).json().get("data")


def test_not_found_has_several_shapes(client: Client) -> None:
    answers = [client.get(FIND, email=f"nobody{number}@correo.example") for number in range(30)]
    shapes = {(answer.status_code, answer.json()["status"]) for answer in answers}
    assert shapes == {(400, "error"), (200, "error"), (200, "success")}
    assert all(not answer.json().get("data") for answer in answers)
    answers = [client.get(GET_INFO, subscriber_id=number) for number in range(1, 30)]
    assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(400, "error"), (200, "error")}


@pytest.mark.parametrize(
    ("headers", "message"),
    [({}, "Token is required"), ({"Authorization": "Bearer 1234567:old"}, "Wrong token")],
)
def test_refused_tokens(sandbox: SandboxServer, headers: dict[str, str], message: str) -> None:
    answer = requests.get(f"{sandbox.url}/manychat/fb/page/getInfo", headers=headers, timeout=5)
    assert (answer.status_code, answer.json()) == (401, {"status": "error", "message": message})


@pytest.mark.parametrize("path", ["/fb/subscriber/getSubscribers", "/fb/subscribers", "/fb/page/getSubscribers", "/"])
def test_nothing_lists_subscribers_and_unknown_paths_are_a_web_page(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (404, "text/html")
    assert 36_000 < len(answer.content) < 40_000


def test_a_custom_field_finds_at_most_a_hundred_the_newest_value_first(sandbox: SandboxServer, client: Client) -> None:
    audience = sandbox.manychat.audience()
    some = list(audience.subscribers)[:3]
    for number, identity in enumerate(some):
        subscriber = audience.subscribers[identity]
        subscriber.valued_at[PRODUCT.id] = sandbox.clock.now + number
        audience.change(subscriber, **{str(PRODUCT.id): "Nuevo"})
    found = client.data(BY_FIELD, field_id=PRODUCT.id, field_value="Nuevo")
    assert [one["id"] for one in found] == some[::-1]
    for identity in audience.subscribers:
        audience.change(audience.subscribers[identity], **{str(POINTS.id): 1.5})
    assert len(client.data(BY_FIELD, field_id=POINTS.id, field_value="1.5")) == min(100, len(audience.subscribers))
    assert client.data(BY_FIELD, field_id=POINTS.id, field_value="77777") == []
    assert client.get(BY_FIELD, field_id=9_100_005, field_value="2026-01-01").status_code == 400


def test_no_list_is_longer_than_a_hundred_and_a_bucket_field_reaches_all() -> None:
    with SandboxServer(World(7, 2000), limits=False) as sandbox:
        client = Client(sandbox)
        with client.session:
            audience = sandbox.manychat.audience()
            lists = [
                client.data(BY_FIELD, field_id=BUCKET.id, field_value=number + 1)
                for number in range(audience.page.buckets)
            ]
            assert {one["id"] for found in lists for one in found} == audience.subscribers.keys()
            audience.page.buckets = 1
            audience.change(next(iter(audience.subscribers.values())))
            assert len(client.data(BY_FIELD, field_id=BUCKET.id, field_value=1)) == 100


def test_fields_hold_ids_of_other_sources_where_the_world_links_them() -> None:
    world = World(7, 2000)
    with SandboxServer(world) as sandbox:
        held = {
            (name, one["id"]): value
            for one in truth(sandbox).values()
            for name, value in ((field["name"], field["value"]) for field in one["custom_fields"])
            if name in ("ghl_contact_id", "stripe_customer_id") and value
        }
    true_ids = {}
    for person in world:
        for seen in appearances(world, person, "manychat"):
            for name, source in (("ghl_contact_id", "ghl"), ("stripe_customer_id", "stripe")):
                true_ids[name, seen.id] = [other.id for other in appearances(world, person, source)]
    assert {name for name, _ in held} == {"ghl_contact_id", "stripe_customer_id"}
    assert all(value in true_ids[key] for key, value in held.items())


@pytest.mark.parametrize(
    ("path", "params", "rate"),
    [(GET_INFO, {"subscriber_id": 1}, 10), (FIND, {"email": "a@b.example"}, 50), ("/fb/page/getInfo", {}, 100)],
)
def test_limits_are_counted_and_a_request_too_many_is_recorded(path: str, params: dict[str, Any], rate: int) -> None:
    with SandboxServer(World(7, 50)) as sandbox:
        sandbox.manychat.limiter.clock = lambda: 0.0
        client = Client(sandbox)
        with client.session:
            statuses = [client.get(path, **params).status_code for _ in range(rate + 1)]
            assert client.get("/fb/page/getTags").status_code == (429 if rate == 100 else 200)
        assert (429 in statuses[:rate], statuses[-1]) == (False, 429)
        assert {violation.vendor for violation in sandbox.violations} == {"manychat"}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("rate_limit", 429), ("server_error", 500), ("unavailable", 503), ("unauthorized", 401), ("forbidden", 403)],
)
def test_faults(sandbox: SandboxServer, client: Client, kind: str, status: int) -> None:
    sandbox.faults.add(kind, "/manychat/fb/page/*")
    answer = client.get("/fb/page/getTags")
    assert (answer.status_code, "Retry-After" in answer.headers) == (status, False)
    assert client.get("/fb/page/getTags").status_code == 200
    sandbox.manychat.forbid("tags")
    assert client.get("/fb/page/getTags").status_code == 403


def test_days_change_subscribers_and_no_time_tells(sandbox: SandboxServer, client: Client) -> None:
    before = truth(sandbox)
    sandbox.advance(30)
    after = truth(sandbox)
    gone = sandbox.deleted("subscribers", vendor="manychat")
    assert (before.keys() | after.keys()) - after.keys() <= gone.keys()
    assert after.keys() - before.keys()
    changed = [identity for identity in before.keys() & after.keys() if before[identity] != after[identity]]
    silent = [one for one in changed if before[one]["last_seen"] == after[one]["last_seen"]]
    assert silent
    assert {name for one in changed for name in after[one] if before[one][name] != after[one][name]} >= {
        "tags",
        "custom_fields",
        "last_interaction",
    }
    for identity in gone:
        answer = client.get(GET_INFO, subscriber_id=identity).json()
        assert answer["details"]["messages"] == [{"message": "Subscriber does not exist"}]
    for one in after.values():
        if one["email"]:
            assert client.data(FIND, email=one["email"])["id"] == one["id"]


def test_a_merge_of_channels_leaves_one_id(sandbox: SandboxServer, client: Client) -> None:
    audience = sandbox.manychat.audience()
    while not audience.seconds:
        sandbox.advance()
    winner, loser = next(iter(audience.seconds.items()))
    lost = client.data(GET_INFO, subscriber_id=loser)
    assert (lost["whatsapp_phone"], lost["tags"]) == (None, [])
    days.merge(audience, winner, loser, sandbox.clock.now)
    both = client.data(GET_INFO, subscriber_id=winner)
    assert both["whatsapp_phone"]
    assert (both["ig_id"], both["ig_username"]) == (lost["ig_id"], lost["ig_username"])
    assert client.get(GET_INFO, subscriber_id=loser).json()["status"] == "error"
    assert loser in sandbox.deleted("subscribers", vendor="manychat")


def test_a_push_has_another_form(sandbox: SandboxServer) -> None:
    audience = sandbox.manychat.audience()
    for identity, pulled in truth(sandbox).items():
        pushed = audience.push(identity)
        assert (pushed["id"], pushed["key"], pushed["status"]) == (int(identity), f"user:{identity}", "active")
        assert "tags" not in pushed
        assert pushed["custom_fields"] == {
            field["name"]: field["value"] for field in pulled["custom_fields"] if field["value"] is not None
        }
    while not audience.seconds:
        sandbox.advance()
    assert audience.push(next(iter(audience.seconds.values())))["custom_fields"] == []


def test_the_other_page_has_subscribers_of_its_own(sandbox: SandboxServer, client: Client) -> None:
    client.session.headers["Authorization"] = f"Bearer {OTHER_TOKEN}"
    assert client.data("/fb/page/getInfo")["id"] == 7654321
    others = truth(sandbox, "other")
    assert others.keys().isdisjoint(truth(sandbox))
    identity = next(iter(others))
    assert client.data(GET_INFO, subscriber_id=identity) == others[identity]


def test_lists_of_the_page(sandbox: SandboxServer, client: Client) -> None:
    assert {tag["name"] for one in truth(sandbox).values() for tag in one["tags"]} <= {
        tag["name"] for tag in client.data("/fb/page/getTags")
    }
    fields = client.data("/fb/page/getCustomFields")
    assert {field["id"] for field in fields if field["type"] in ("text", "number")} == SEARCHABLE.keys()
    assert client.data("/fb/page/getFlows").keys() == {"flows", "folders"}
    assert sandbox.world_state("bot_fields", vendor="manychat").keys() == {
        str(one["id"]) for one in client.data("/fb/page/getBotFields")
    }

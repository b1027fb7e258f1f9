"""People as the vendors' APIs tell them: each business is a story, and one real `dbt build` resolves them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.transform.conftest import Warehouse

pytestmark = pytest.mark.xdist_group("transform-sources")

PHONE = "+525512345678"
CONTACT = {"firstName": "Ana", "lastName": "Pérez", "additionalEmails": [], "additionalPhones": [], "customFields": []}


def contact(**fields: Any) -> dict[str, Any]:
    """A GoHighLevel contact, as its search answers."""
    return CONTACT | fields


def charge(email: str | None, name: str | None = None, **fields: Any) -> dict[str, Any]:
    """A Stripe charge of a guest."""
    details = {"billing_details": {"email": email, "name": name, "phone": None}, "customer": None, "metadata": {}}
    return {**details, "amount": 4900, "amount_refunded": 0, "currency": "usd", "status": "succeeded", **fields}


def stage_ghl(world: Warehouse) -> None:
    world.load_api("ghl.contacts", account="emails", rows={
        "strings": contact(email="one@example.com", additionalEmails=["two@example.com", "", None]),
        "objects": contact(email="", additionalEmails=[{"email": "TWO@example.com"}, {"email": "three@example.com"}]),
        "text": contact(email=None, additionalEmails="three@example.com"),
        "none": contact(email="alone@example.com", additionalEmails=None),
        "lower": {"firstNameLowerCase": "ana", "contactName": "x", "email": "lower@example.com"},
        "named": {"contactName": "Ana P", "email": "named@example.com"},
    })  # fmt: skip
    world.load_api("ghl.contacts", account="merged", rows={
        "survivor": contact(email="new@example.com", additionalEmails=["old@example.com"]),
        "payer": contact(email="payer@example.com"),
    })  # fmt: skip
    world.load_api("ghl.contacts", account="merged", deleted=True, rows={
        "vanished": contact(email="old@example.com"), "deleted": contact(email="nobody@example.com"),
    })  # fmt: skip
    world.load_api("ghl.payment_transactions", account="merged", rows={
        "p": {"contactId": "payer", "mergedFromContactId": "never_seen", "amount": 97.5, "currency": "USD"},
    })  # fmt: skip
    world.load("ghl_contacts", account="merged", rows={
        "a": {"Name": "Ana", "Contact Id": "vanished"}, "b": {"Name": "Luis", "Contact Id": "never_seen"},
        "c": {"Name": "Eva", "Contact Id": "unknown"},
    })  # fmt: skip
    world.load_api("ghl.contacts", account="dnd", rows={
        "ana": contact(email="dnd@example.com", dnd=False, dndSettings={"Email": {"status": "active"}}),
    })  # fmt: skip


def stage_stripe(world: Warehouse) -> None:
    world.load_api("stripe.customers", account="guests", rows={
        "cus_1": {"name": "Ana", "email": "Ana@example.com ", "metadata": {"ghl_contact_id": "g1"}, "currency": "usd"},
    })  # fmt: skip
    world.load_api("stripe.charges", account="guests", phones={"ch_phone": [PHONE]}, rows={
        "ch_guest": charge("ANA@example.com", "Ana P"),
        "ch_receipt": charge(None, receipt_email="ana@example.com"),
        "ch_meta": charge("other@example.com", metadata={"ghl_contact_id": "g2"}),
        "ch_nobody": charge("not an address"),
        "ch_customer": charge("shop@example.com", customer="cus_1"),
        "ch_phone": charge(None, "Luis"),
    })  # fmt: skip
    world.load_api("stripe.checkout_sessions", account="guests", rows={
        "cs_1": {"customer": None, "customer_details": {"email": "ana@example.com"}, "metadata": {}},
    })  # fmt: skip
    world.load("ghl_contacts", account="guests", rows={"g2": {"Name": "Ana", "Contact Id": "g2"}})
    world.load_api("stripe.customers", account="gone", deleted=True, rows={
        "cus_old": {"name": "Old Name", "email": "gone@example.com"},
    })  # fmt: skip
    world.load_api("stripe.charges", account="gone", rows={"ch_new": charge("gone@example.com", "New Name")})
    world.load_api("stripe.charges", account="money", rows={
        "usd": charge(None, amount=12345), "jpy": charge(None, amount=500, currency="jpy"),
        "kwd": charge(None, amount=1500, currency="kwd"), "odd": charge(None, amount="12"),
    })  # fmt: skip


def stage_meetings(world: Warehouse) -> None:
    world.load("ghl_contacts", account="files_five", rows={"old": {"Name": "Ana", "Contact Id": "g1"}})
    world.load_api("ghl.custom_fields", account="five", rows={
        "f1": {"name": "Stripe Customer ID", "fieldKey": "contact.stripe_customer_id"},
        "f2": {"name": "Chat", "fieldKey": "contact.manychat_id"},
        "f3": {"name": "Intereses", "fieldKey": "contact.intereses"},
    })  # fmt: skip
    world.load_api("ghl.contacts", account="five", rows={
        "g1": contact(customFields=[{"id": "f1", "value": "cus_9"}, {"id": "f2", "value": "77"}]),
        "g2": contact(firstName="Eva", customFields=[{"id": "f3", "value": ["cus_9"]}]),
    })  # fmt: skip
    world.load_api("stripe.customers", account="five", rows={
        "cus_9": {"name": "Ana", "email": "ana@example.com", "metadata": {"tag": "vip"}},
    })  # fmt: skip
    world.load_api("ghl.contacts", account="location_1", rows={"g1": contact(email="one@example.com")})
    world.load_api("ghl.contacts", account="location_2", rows={"g2": contact(email="two@example.com")})
    world.load("ghl_contacts", account="files_found", rows={
        "1": {"Name": "Ana", "Contact Id": "g1"}, "2": {"Name": "Luis", "Contact Id": "g2"},
    })  # fmt: skip


@pytest.fixture(scope="module")
def world(warehouse: Warehouse) -> Warehouse:
    warehouse.build()  # a warehouse without any data
    for stage in (stage_ghl, stage_stripe, stage_meetings):
        stage(warehouse)
    warehouse.build()
    return warehouse


def people(world: Warehouse, business: str) -> set[frozenset[str]]:
    """The published partition of a business, each client as the ids of its records."""
    clients: dict[Any, set[str]] = {}
    for row in world.rows("select client_id, id from unified.client_records where business = %s", business):
        clients.setdefault(row["client_id"], set()).add(row["id"].removeprefix("ghl_contacts:"))
    return {frozenset(ids) for ids in clients.values()}


@pytest.mark.parametrize(
    ("business", "clients"),
    [
        pytest.param(
            "emails",
            [{"strings", "objects", "text"}, {"none"}, {"lower"}, {"named"}],
            id="additional e-mails in all shapes",
        ),
        pytest.param(
            "merged",
            [{"survivor", "vanished", "a"}, {"payer", "b"}, {"deleted"}, {"c"}],
            id="a lost id is an identifier of the contact that it was merged into",
        ),
        pytest.param(
            "guests",
            [{"cus_1", "ch_guest", "ch_receipt", "cs_1"}, {"ch_meta", "g2"}, {"ch_phone"}],
            id="guests meet by e-mail, by a receipt's and by metadata; a customer's charge is no record",
        ),
        pytest.param("gone", [{"cus_old", "ch_new"}], id="a deleted customer keeps linking"),
        pytest.param("found", [{"g1", "1"}, {"g2", "2"}], id="an exported id is of the location where it is found"),
    ],
)
def test_people(world: Warehouse, business: str, clients: list[set[str]]) -> None:
    assert people(world, business) == {frozenset(ids) for ids in clients}


def test_amounts_are_exact_and_know_their_currency(world: Warehouse) -> None:
    query = "select id, amount_minor, amount from unified_internal.stg_stripe__charges where account = 'money'"
    assert {row["id"]: (row["amount_minor"], str(row["amount"])) for row in world.rows(query)} == {
        "usd": (12345, "123.45"),
        "jpy": (500, "500"),
        "kwd": (1500, "1.500"),
        "odd": (None, "None"),
    }


def test_names_fall_back(world: Warehouse) -> None:
    query = "select id, full_name from unified_internal.stg_ghl__contacts where account = 'emails'"
    names = {row["id"]: row["full_name"] for row in world.rows(query)}
    assert (names["none"], names["lower"], names["named"]) == ("Ana Pérez", "ana", "Ana P")


def test_do_not_disturb_denies_and_never_allows(world: Warehouse) -> None:
    query = "select consent_email, consent_sms from unified.clients where business = 'dnd'"
    assert world.rows(query) == [{"consent_email": False, "consent_sms": None}]


def test_a_deleted_customer_gives_only_what_nobody_else_has(world: Warehouse) -> None:
    assert world.value("select name from unified.clients where business = 'gone'") == "New Name"


def test_merges_say_how_they_are_known(world: Warehouse) -> None:
    query = "select lost_id, survivor_id, evidence from unified_internal.int_ghl__merges order by lost_id"
    assert [tuple(row.values()) for row in world.rows(query)] == [
        ("never_seen", "payer", "payment"),
        ("vanished", "survivor", "additional email"),
    ]

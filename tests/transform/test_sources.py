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
    world.load_api("manychat.subscribers", account="five", rows={"77": {"name": "Ana", "custom_fields": []}})
    world.load_api("paypal.transactions", account="five", rows={"t": payment("1.00", "T0006", "ana@example.com", "P5")})
    world.load_api("ghl.contacts", account="location_1", rows={"g1": contact(email="one@example.com")})
    world.load_api("ghl.contacts", account="location_2", rows={"g2": contact(email="two@example.com")})
    world.load("ghl_contacts", account="files_found", rows={
        "1": {"Name": "Ana", "Contact Id": "g1"}, "2": {"Name": "Luis", "Contact Id": "g2"},
    })  # fmt: skip


def payment(
    amount: str, code: str, email: str | None, account_id: str | None = None, name: str = "Ana"
) -> dict[str, Any]:
    """A row of PayPal's report."""
    payer = {"account_id": account_id, "email_address": email, "payer_name": {"given_name": name, "surname": "Pérez"}}
    info = {"transaction_amount": {"currency_code": "USD", "value": amount}, "transaction_event_code": code}
    return {"transaction_info": info, "payer_info": {key: value for key, value in payer.items() if value}}


def stage_paypal(world: Warehouse) -> None:
    world.load_api("paypal.transactions", account="payers", phones={"2": [PHONE]}, at="2026-02-01T00:00:00Z", rows={
        "2": payment("5.00", "T0002", "New@example.com", "PAYER1"),
    })  # fmt: skip
    world.load_api("paypal.transactions", account="payers", at="2026-01-01T00:00:00Z", rows={
        "1": payment("49.00", "T0006", "ana@example.com", "PAYER1"),
        "3": payment("9.00", "T0006", "guest@example.com"),
        "out": payment("-20.00", "T0001", "printer@example.com", "PRINTER"),
        "refund of ours": payment("7.00", "T1107", "supplier@example.com", "SUPPLIER"),
        "bank": {"transaction_info": {"transaction_event_code": "T0400"}, "payer_info": {"payer_name": {}}},
        "nobody": payment("3.00", "T0006", None, "NOBODY"),
    })  # fmt: skip


def stage_manychat(world: Warehouse) -> None:
    pulled = {
        "first_name": "Ana",
        "last_name": "P",
        "email": "old@example.com",
        "optin_email": True,
        "optin_phone": False,
    }
    named = [{"id": 1, "name": "ghl_contact_id", "value": None}, {"id": 2, "name": "Puntos", "value": 5}]
    world.load_api("manychat.subscribers", account="chats", phones={"1": [PHONE]}, rows={
        "1": {**pulled, "custom_fields": named, "tags": [{"id": 1, "name": "vip"}]},
        "2": {"name": "Eva", "email": "eva@example.com", "custom_fields": []},
    })  # fmt: skip
    world.load_api("manychat.subscriber_pushes", account="chats", at="2099-01-01T00:00:00Z", rows={
        "1": {
            "data": {
                "first_name": "Anita", "email": "new@example.com", "status": "active", "custom_fields": {"Puntos": 7},
            },
        },
        "3": {"name": "Luis", "email": "eva@example.com", "custom_fields": {"ghl_contact_id": "g3"}},
    })  # fmt: skip
    world.load_api("manychat.subscriber_pushes", account="chats", at="2020-01-01T00:00:00Z", rows={
        "2": {"name": "Evita", "whatsapp_phone": "5215512345678", "custom_fields": []},
    })  # fmt: skip


@pytest.fixture(scope="module")
def world(warehouse: Warehouse) -> Warehouse:
    for stage in (stage_ghl, stage_stripe, stage_paypal, stage_manychat, stage_meetings):
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
        pytest.param(
            "payers",
            [{"PAYER1"}, {"guest@example.com"}],
            id="one record per payer of incoming payments; receivers, suppliers and banks are no clients",
        ),
        pytest.param("chats", [{"1"}, {"2", "3"}], id="pulled and pushed subscribers"),
        pytest.param(
            "five", [{"old", "g1", "cus_9", "77", "P5"}, {"g2"}], id="five sources of one person meet in one client"
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


def test_a_payer_has_every_address_the_newest_first(world: Warehouse) -> None:
    query = "select name, emails, phones from unified.clients where business = 'payers' and phones <> '{}'"
    assert world.rows(query) == [
        {"name": "Ana Pérez", "emails": ["new@example.com", "ana@example.com"], "phones": [PHONE]}
    ]


def test_a_subscriber_has_each_field_from_the_newest_side_that_has_it(world: Warehouse) -> None:
    query = """
        select id, full_name, emails[1], phones[1], tags, status, consent_email, custom_fields
        from unified_internal.int_manychat__subscribers where account = 'chats' order by id
    """
    assert [tuple(row.values()) for row in world.rows(query)] == [
        ("1", "Anita", "new@example.com", PHONE, ["vip"], "active", True, {"Puntos": 7}),
        ("2", "Eva", "eva@example.com", None, None, None, None, None),
        ("3", "Luis", "eva@example.com", None, None, None, None, {"ghl_contact_id": "g3"}),
    ]

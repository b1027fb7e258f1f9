"""What the columns of an uploaded file mean: for its next import, and for all that was imported of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stage_first.csv_mapping import set_mapping
from stage_first.rules import effective, seed_named
from tap_csv.fields import FIELDS
from tap_csv.headers import normalise

from sync_center.language.catalogues import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stage_first.uploads import Upload

    from sync_center.language.catalogues import Language
    from sync_center.pages.imports.looking import Look
    from sync_center.panel import Panel

LABELS = {
    "email": N_("e-mail"), "phone": N_("phone"), "phone_area": N_("area code of the phone"),
    "full_name": N_("full name"), "first_name": N_("first name"), "last_name": N_("last name"),
    "created_at": N_("created on"), "created_time": N_("created at (time)"), "created_zone": N_("time zone"),
    "updated_at": N_("changed on"), "amount": N_("amount"), "fee": N_("fee"), "net": N_("net amount"),
    "currency": N_("currency"), "status": N_("status"), "type": N_("type of transaction"),
    "balance_impact": N_("effect on the balance"), "description": N_("description"), "product": N_("product"),
    "consent_email": N_("consent to e-mail"), "consent_sms": N_("consent to SMS"),
    "consent_whatsapp": N_("consent to WhatsApp"), "tags": N_("tags"), "company": N_("company"),
    "address": N_("address"), "city": N_("city"), "state": N_("state or province"), "postal_code": N_("postal code"),
    "country": N_("country"), "stripe_customer_id": N_("customer id of Stripe"),
    "ghl_contact_id": N_("contact id of GoHighLevel"), "manychat_subscriber_id": N_("subscriber id of ManyChat"),
    "source_id": N_("the row's own id"), "tax_id": N_("tax id"), "note": N_("note"),
    "customer_id": N_("customer id"), "payer_email": N_("payer's e-mail"), "receiver_email": N_("receiver's e-mail"),
}  # fmt: skip
_OWN_PHONE = "phone_e164"


def fields(panel: Panel, language: Language) -> list[tuple[str, str]]:
    """Every field that a column may mean, with what a person calls it; identifiers of one's own by their names."""
    with panel.database.connection() as connection:
        rules = effective(connection, seed_named("kinds"))
    own = {str(rule.row["kind"]) for rule in rules if rule.row} - FIELDS - {_OWN_PHONE}
    known = [(name, language.text(LABELS[name]) if name in LABELS else name) for name in FIELDS]
    return sorted(known, key=lambda pair: pair[1]) + [(name, name) for name in sorted(own)]


def preset(panel: Panel, look: Look) -> dict[str, str | None]:
    """What people have said about columns of that kind, where it is not what tap-csv finds."""
    said = {row["header"]: row["field"] for row in panel.database.rows("imports", "said", kind=look.kind)}
    found = {column.name: column.field or None for column in look.columns}
    return {header: said[header] for header in found if header in said and said[header] != found[header]}


def changed(upload: Upload, look: Look, given: Mapping[str, str]) -> dict[str, Any]:
    """The file's settings with what the form says: per column its field, an empty one if it says nothing."""
    before = dict(upload.settings.get("mapping") or {})
    said = {normalise(header) for header in before}
    for column in look.columns:
        if column.name in given and (given[column.name] != column.field or normalise(column.name) in said):
            before = {header: field for header, field in before.items() if normalise(header) != normalise(column.name)}
            before[column.name] = given[column.name] or None
    return {**upload.settings, "mapping": before}


def tell_the_kind(panel: Panel, before: Look, after: Look, who: str) -> list[str]:
    """Let the changed columns mean the same in all that was imported of that kind, as `stage-first csv map` does."""
    known = {row["header"] for row in panel.database.rows("imports", "imported_headers", kind=after.kind)}
    was = {column.name: column.field for column in before.columns}
    said = {row["header"]: row["field"] for row in panel.database.rows("imports", "said", kind=after.kind)}
    told = []
    for column in after.columns:
        means = column.field or None
        if column.name in known and (was.get(column.name) != column.field or said.get(column.name, means) != means):
            set_mapping(panel.settings.database_url, after.kind, column.name, means, None, who)
            told.append(column.name)
    return told

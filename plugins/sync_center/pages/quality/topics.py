"""What is looked at: each topic with its columns, what it means and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from sync_center.language.catalogues import N_


@dataclass(frozen=True)
class Topic:
    """A topic; `columns` of its examples, `by` of its groups, `place` the page where something can be done."""

    name: str
    title: str
    text: str
    next: str
    place: str
    place_label: str
    by: tuple[str, ...]
    columns: tuple[str, ...]


TOPICS = (
    Topic(
        "shared",
        N_("Shared identifiers"),
        N_("Values under more names or on more records than the rules allow, or blocked. They join nobody."),
        N_(
            "If such a value is one person's after all, raise its limit in the rules. "
            "If it is a placeholder, put it on the block list."
        ),
        "rules",
        N_("To the rules"),
        ("kind", "reason"),
        ("kind", "value", "reason", "name_count", "record_count", "business"),
    ),
    Topic(
        "phones",
        N_("Invalid phones"),
        N_("Rows that say a phone number of which none is valid, so that it cannot join anybody."),
        N_(
            "Correct them where they come from. If they lack the country, set the source's default region, "
            "then type stage-first renormalise: no new download is needed."
        ),
        "settings",
        N_("To the sources"),
        ("source", "stream"),
        ("source", "stream", "phone", "id", "account"),
    ),
    Topic(
        "duplicates",
        N_("Duplicates per source"),
        N_("Clients with several records of one kind. Several payments are normal, several contacts are not."),
        N_("Merge the contacts where they come from; the next download brings what is left."),
        "settings",
        N_("To the sources"),
        ("source", "kind"),
        ("source", "kind", "name", "records", "client_id"),
    ),
    Topic(
        "unidentifiable",
        N_("Unidentifiable rows"),
        N_("Records without e-mail, phone or any id that a rule knows. They are no client."),
        N_(
            "If a column or a custom field holds an identifier, say so: "
            "by the mapping of the import, or under Fields with identifiers in the rules."
        ),
        "rules",
        N_("To the rules"),
        ("source", "kind"),
        ("source", "kind", "record_key", "business"),
    ),
    Topic(
        "rejects",
        N_("Refused rows"),
        N_("Rows that could not be stored as they came. Their bytes are kept with the reason."),
        N_("Correct them in the file or where they come from, then import or download again."),
        "settings",
        N_("To the sources"),
        ("source", "stream"),
        ("rejected_at", "source", "stream", "reason", "beginning", "raw_length"),
    ),
)
BY_NAME = {topic.name: topic for topic in TOPICS}
COLUMNS = {
    "kind": N_("kind"), "value": N_("value"), "reason": N_("reason"), "name_count": N_("names"),
    "record_count": N_("records"), "business": N_("business"), "source": N_("source"), "stream": N_("stream"),
    "phone": N_("phone"), "id": N_("id"), "account": N_("account"), "name": N_("name"), "records": N_("records"),
    "client_id": N_("client"), "record_key": N_("record"), "rejected_at": N_("when"), "beginning": N_("begins with"),
    "raw_length": N_("bytes"),
}  # fmt: skip
REASONS = {"counted": N_("above the limit"), "blocked": N_("block list"), "declared": N_("decided to be shared")}

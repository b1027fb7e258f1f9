"""What contacts and opportunities can be filtered and sorted by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sandbox.server.ghl.books import Books
    from sandbox.server.ghl.facts import Contact, Opportunity

_CONTACT_DATES = {"dateAdded": "added", "dateUpdated": "updated"}
_OPPORTUNITY_INDEXED = {"date_added": "added", "date_updated": "updated"}
_OPPORTUNITY_DATES = {
    **_OPPORTUNITY_INDEXED,
    "last_status_change_date": "moved",
    "last_stage_change_date": "moved",
}
_OPPORTUNITY_NAMES = {
    "id": "id",
    "name": "name",
    "monetary_value": "monetaryValue",
    "pipeline_id": "pipelineId",
    "pipeline_stage_id": "pipelineStageId",
    "status": "status",
    "lost_reason_id": "lostReasonId",
    "source": "source",
    "assigned_to": "assignedTo",
    "followers": "followers",
    "contact_id": "contactId",
}
_NESTED = re.compile(r"(customFields|opportunities|dndSettings|inboundDndSettings)\.\w[\w.]*")


class ContactFields:
    """Names as the contact has them; custom fields by `customFields.<id>`."""

    sortable: Collection[str] = (
        "dateAdded",
        "dateUpdated",
        "firstNameLowerCase",
        "lastNameLowerCase",
        "businessName",
        "email",
        "dnd",
        "source",
    )
    _names = frozenset(sortable) | {
        "id",
        "phone",
        "tags",
        "type",
        "assignedTo",
        "country",
        "timezone",
        "city",
        "state",
        "postalCode",
        "companyName",
        "contactName",
        "firstName",
        "lastName",
        "followers",
        "businessId",
        "website",
        "address",
    }

    def __init__(self, books: Books) -> None:
        self._books = books
        self.dates: Mapping[str, str] = _CONTACT_DATES
        self.indexed: Mapping[str, str] = _CONTACT_DATES

    def knows(self, field: str) -> bool:
        """Say whether there is such a field."""
        return field in self._names or _NESTED.fullmatch(field) is not None

    def value(self, fact: Contact, field: str) -> Any:
        """Give what stands in a field of a contact; who only asks for an identifier has not the whole written."""
        if field in ("email", "phone") and field not in fact.changes:
            return getattr(self._books.appearance(fact.person, fact.copy), field) or None
        written = self._books.contact(fact)
        name, _, inner = field.partition(".")
        if name == "customFields" and inner:
            return next((one["value"] for one in written["customFields"] if one["id"] == inner), None)
        value = written[name]
        for step in filter(None, inner.split(".")):
            value = [one.get(step) for one in value] if isinstance(value, list) else (value or {}).get(step)
        return value

    def text(self, fact: Contact) -> str:
        """Give name, e-mail and phone."""
        written = self._books.contact(fact)
        return " ".join(filter(None, (written["contactName"], written["email"], written["phone"]))).lower()


class OpportunityFields:
    """Names with underscores, as the search of opportunities has them."""

    sortable: Collection[str] = (*_OPPORTUNITY_DATES, "name", "monetary_value")

    def __init__(self, books: Books) -> None:
        self._books = books
        self.dates: Mapping[str, str] = _OPPORTUNITY_DATES
        self.indexed: Mapping[str, str] = _OPPORTUNITY_INDEXED

    def knows(self, field: str) -> bool:
        """Say whether there is such a field."""
        return field in _OPPORTUNITY_NAMES

    def value(self, fact: Opportunity, field: str) -> Any:
        """Give what stands in a field of a deal."""
        return self._books.render("opportunities", fact)[_OPPORTUNITY_NAMES[field]]

    def text(self, fact: Opportunity) -> str:
        """Give the name of the deal and those of its contact."""
        written = self._books.render("opportunities", fact)
        return f"{written['name']} {written['contact']['name']} {written['contact']['email']}".lower()

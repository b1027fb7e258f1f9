"""Opportunities: the deal that the contact export shows, and those that days add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.appearances import DETAIL
from sandbox.server.ghl import contacts
from sandbox.server.ghl.facts import DAY, SECOND, Contact, Opportunity, iso, new_id
from sandbox.server.ghl.setup import pipeline_id, stage_id, user_id

if TYPE_CHECKING:
    from sandbox.appearances import Appearance

Object = dict[str, Any]


def first(seen: Appearance, contact: Contact) -> Opportunity | None:
    """Give the deal that a contact came with."""
    shown = contacts.first_opportunity(seen)
    if shown is None:
        return None
    name, status = shown
    moved = min(
        contact.added + seen.numbers[DETAIL] % 30 * DAY * SECOND, max(contact.added, seen.now * SECOND - SECOND)
    )
    identity = new_id(f"deal:{seen.id}")
    return Opportunity(identity, contact.added, moved, contact.id, contact.person, contact.copy, name, status, moved)


def written(deal: Opportunity, seen: Appearance, location: str) -> Object:
    """Write a deal as the search does; the contact stands in it as it was when the deal was made."""
    pipeline, stage = contacts.stage_of(deal.name, deal.status)
    return {
        "id": deal.id,
        "name": deal.name,
        "monetaryValue": contacts.value_of(deal.id),
        "pipelineId": pipeline_id(location, pipeline),
        "pipelineStageId": stage_id(location, pipeline, stage),
        "assignedTo": user_id(location, seen.numbers[contacts.ASSIGNED]),
        "status": deal.status,
        "source": "",
        "lastStatusChangeAt": iso(deal.moved),
        "lastStageChangeAt": iso(deal.moved),
        "lastActionDate": iso(deal.updated),
        "createdAt": iso(deal.added),
        "updatedAt": iso(deal.updated),
        "contactId": deal.contact,
        "locationId": location,
        "contact": {
            "id": deal.contact,
            "name": seen.full_name,
            "companyName": contacts.exported(seen, "Business Name") or None,
            "email": contacts.email_of(seen),
            "phone": seen.phone or None,
            "tags": [tag for tag in contacts.exported(seen, "Tags").split(", ") if tag],
        },
        "notes": [],
        "tasks": [],
        "calendarEvents": [],
        "lostReasonId": None,
        "customFields": [],
        "followers": [],
    }

"""The streams of GoHighLevel, one class a stream."""

from __future__ import annotations

from types import MappingProxyType

from tap_ghl.base import SmallList
from tap_ghl.offsets import OffsetStream
from tap_ghl.search import SearchStream


class Contacts(SearchStream):
    """People; further numbers come as texts or as objects."""

    name = "contacts"
    path = "/contacts/search"
    envelope = "contacts"
    limit_name = "pageLimit"
    added = ("dateAdded", "dateAdded")
    changed = ("dateUpdated", "dateUpdated")
    created_name = "dateAdded"
    updated_name = "dateUpdated"
    phones = (
        ("phone", "country"),
        ("additionalPhones", "country"),
        ("additionalPhones.phone", "country"),
        ("additionalPhones.phoneNumber", "country"),
        ("additionalPhones.number", "country"),
    )


class Opportunities(SearchStream):
    """Deals, with the contact as it was then."""

    name = "opportunities"
    path = "/opportunities/search"
    envelope = "opportunities"
    limit_name = "limit"
    added = ("date_added", "createdAt")
    changed = ("date_updated", "updatedAt")
    created_name = "createdAt"
    updated_name = "updatedAt"
    phones = (("contact.phone", ""),)


class PaymentTransactions(OffsetStream):
    """Money that moved, with the ids that Stripe or PayPal gave it; `mergedFromContactId` is the trace of a merge."""

    name = "payment_transactions"
    path = "/payments/transactions"
    envelope = "data"


class PaymentSubscriptions(OffsetStream):
    """Payments that recur."""

    name = "payment_subscriptions"
    path = "/payments/subscriptions"
    envelope = "data"


class Invoices(OffsetStream):
    """Invoices; whom they are for stands in `contactDetails`."""

    name = "invoices"
    path = "/invoices/"
    envelope = "invoices"
    phones = (("contactDetails.phoneNo", "contactDetails.address.countryCode"),)


class CustomFields(SmallList):
    """What contacts' and opportunities' `customFields` mean: those hold ids only."""

    name = "custom_fields"
    path = "/locations/{location}/customFields"
    envelope = "customFields"
    params = MappingProxyType({"model": "all"})


class CustomValues(SmallList):
    """Texts of the location that templates use."""

    name = "custom_values"
    path = "/locations/{location}/customValues"
    envelope = "customValues"


class Tags(SmallList):
    """The tags; contacts name them by text, not by id."""

    name = "tags"
    path = "/locations/{location}/tags"
    envelope = "tags"


class Users(SmallList):
    """Who works here: `assignedTo` and `followers` name them."""

    name = "users"
    path = "/users/"
    envelope = "users"
    params = MappingProxyType({"locationId": "{location}"})
    phones = (("phone", ""),)


class Pipelines(SmallList):
    """The stages of opportunities."""

    name = "pipelines"
    path = "/opportunities/pipelines"
    envelope = "pipelines"
    params = MappingProxyType({"locationId": "{location}"})


class Locations(SmallList):
    """The location itself."""

    name = "locations"
    path = "/locations/{location}"
    envelope = "location"
    phones = (("phone", "country"),)


STREAMS = (
    Contacts,
    Opportunities,
    PaymentTransactions,
    PaymentSubscriptions,
    Invoices,
    CustomFields,
    CustomValues,
    Tags,
    Users,
    Pipelines,
    Locations,
)

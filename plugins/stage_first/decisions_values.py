"""What a person types, as identity compares it: values after cleaning, records, and the clients that they mean."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_core.phones import PhoneReader

from stage_first.queries import fetch
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from stage_first.decisions import Connection

LISTED = 5
"""How many candidates a message names."""
ONLY_ACCOUNT = "main"


@dataclass(frozen=True)
class Record:
    """A record of a client, as the last publish left it."""

    record_key: str
    business: str
    client_id: str
    record_number: int
    name: str | None

    def __str__(self) -> str:
        return f"{self.record_key} ({self.name})" if self.name else self.record_key


@dataclass(frozen=True)
class Holder:
    """A client that holds a value, and the first loaded of its records that does."""

    client_id: str
    business: str
    record_count: int
    record_key: str


@dataclass(frozen=True)
class Conflict:
    """A value that several clients of a business hold."""

    conflict_id: str
    business: str
    kind: str
    value: str
    client_ids: list[str]


def conflict_named(connection: Connection, conflict_id: str) -> Conflict:
    """The conflict of that id.

    Raises:
        UsageError: there is none.
    """
    try:
        asked = {"conflict_id": str(uuid.UUID(conflict_id.strip()))}
    except ValueError:
        raise UsageError(f"{conflict_id!r} is no id of a conflict; unified.merge_conflicts has them.") from None
    found = [Conflict(**row) for row in fetch(connection, "conflict_named", asked)]
    if not found:
        raise UsageError(f"There is no conflict {conflict_id} (any more): unified.merge_conflicts has those of today.")
    return found[0]


def conflicts_of_value(connection: Connection, kind: str, value: str) -> list[Conflict]:
    """The conflicts about a value after cleaning, one for each business at most."""
    return [Conflict(**row) for row in fetch(connection, "conflicts_of_value", {"kind": kind, "value": value})]


def kinds(connection: Connection) -> dict[str, dict[str, Any]]:
    """The kinds of identifier that have a rule, the strongest first."""
    return {row["kind"]: row for row in fetch(connection, "identity_kinds")}


def clean_value(connection: Connection, kind: str, text: str) -> str:
    """A value in the form in which staging leaves it and identity compares it.

    Raises:
        UsageError: there is no such kind, or the text is no value of it.
    """
    known = kinds(connection)
    if kind not in known:
        raise UsageError(f"There is no kind {kind!r} of identifier. There are: {', '.join(known)}.")
    if kind == "phone_e164":
        return _phone(text)
    if kind == "email":
        return _email(connection, text)
    if known[kind]["is_per_account"]:
        return _account_id(connection, kind, text, known[kind]["accounts"])
    return _identifier(connection, kind, text)


def _phone(text: str) -> str:
    number = PhoneReader().read(text)
    if number is None:
        raise UsageError(f"{text!r} is no valid phone number: write it with + and the country, like +525512345678.")
    return number


def _email(connection: Connection, text: str) -> str:
    value = fetch(connection, "clean_email", {"text": text})[0]["value"]
    if value is None:
        raise UsageError(f"{text!r} is no e-mail address: write it like ana@example.com.")
    return str(value)


def _identifier(connection: Connection, kind: str, text: str) -> str:
    value = fetch(connection, "clean_identifier", {"text": text})[0]["value"]
    if value is None:
        raise UsageError(f"{text!r} is no {kind}: write it as it stands in its source.")
    return str(value)


def _account_id(connection: Connection, kind: str, text: str, accounts: list[str]) -> str:
    account, slash, own_id = text.strip().partition("/")
    if not (account and slash and own_id):
        example = next(iter(accounts), ONLY_ACCOUNT)
        raise UsageError(f"A {kind} is unique in its account only: write account/id, like {example}/{text.strip()}.")
    return f"{account}/{_identifier(connection, kind, own_id)}"


def holders(connection: Connection, kind: str, value: str) -> list[Holder]:
    """The clients that hold a value after cleaning, the one that had it first before the others."""
    return [Holder(**row) for row in fetch(connection, "holders", {"kind": kind, "value": value})]


def record_named(connection: Connection, key: str) -> Record | None:
    """The record of that key, if there is one."""
    return next((Record(**row) for row in fetch(connection, "record_named", {"text": key.strip()})), None)


def founding_record(connection: Connection, client_id: str) -> Record:
    """The record that gives a client its id."""
    return Record(**fetch(connection, "founding_record", {"client_id": client_id})[0])


def clients_named(connection: Connection, text: str) -> list[str]:
    """The clients that an id (today's or an old one), an e-mail, a phone or another identifier means."""
    text = text.strip()
    try:
        client_id = str(uuid.UUID(text))
    except ValueError:
        return [holder.client_id for holder in _holders_of(connection, text)]
    return [row["client_id"] for row in fetch(connection, "client_named", {"client_id": client_id})]


def _holders_of(connection: Connection, text: str) -> list[Holder]:
    if "@" in text:
        value = fetch(connection, "clean_email", {"text": text})[0]["value"]
        if value is not None and (found := holders(connection, "email", str(value))):
            return found
    number = PhoneReader().read(text)
    if number is not None and (found := holders(connection, "phone_e164", number)):
        return found
    return [holder for kind in kinds(connection).values() for holder in _holders_of_id(connection, kind, text)]


def _holders_of_id(connection: Connection, kind: dict[str, Any], text: str) -> list[Holder]:
    """Who holds an id; one that is unique in its account only may be given without it."""
    is_bare = kind["is_per_account"] and "/" not in text
    values = [f"{account}/{text}" for account in kind["accounts"] or [ONLY_ACCOUNT]] if is_bare else [text]
    return [holder for value in values for holder in holders(connection, kind["kind"], value)]


def find_record(connection: Connection, text: str) -> Record:
    """The record that is meant: by its key, or the founding record of the one client that is meant.

    Raises:
        UsageError: none is meant, or several clients are.
    """
    found = record_named(connection, text)
    return found or founding_record(connection, find_client(connection, text))


def find_client(connection: Connection, text: str) -> str:
    """The one client that an id, an e-mail, a phone or another identifier means.

    Raises:
        UsageError: none is meant, or several are.
    """
    clients = list(dict.fromkeys(clients_named(connection, text)))
    if not clients:
        raise UsageError(
            f"Nobody is known as {text!r}. Give a record key (source:stream:account:id), a client id, an e-mail or a "
            "phone with + and the country; what was loaded since the last `meltano run unify` is not known yet."
        )
    if len(clients) > 1:
        raise UsageError(
            f"{len(clients)} clients hold {text!r}: {named(connection, clients)}. "
            "Give the id of one of them, or a record by its key."
        )
    return clients[0]


def named(connection: Connection, client_ids: list[str]) -> str:
    """Some clients by id, name and business."""
    rows = {row["client_id"]: row for row in fetch(connection, "names", {"client_ids": client_ids[:LISTED]})}
    known = (rows.get(client_id) for client_id in client_ids[:LISTED])
    listed = ", ".join(f"{row['client_id']} ({row['name'] or 'no name'}, {row['business']})" for row in known if row)
    return f"{listed} and {len(client_ids) - LISTED} more" if len(client_ids) > LISTED else listed

"""Writes pushes as the loader writes rows: in a batch that unify finds, refused ones with bytes and reason."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING

import psycopg

from sync_center.database import fetch
from sync_center.pages.inbox.push import Account, BadPushError, Push, read_push

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_center.database import Connection

RUN = uuid.uuid5(uuid.NAMESPACE_URL, "stage-first:inbox")
"""Stands where a row says which run brought it: the inbox is no run, it has no beginning and no end."""
ORIGIN = json.dumps({"from": "inbox"})
Outcome = str | None
"""None: it is stored; else why it was refused."""


def store(connection: Connection, account: Account, bodies: Sequence[bytes]) -> list[Outcome]:
    """Commit the bodies and say of each what became of it."""
    read = [_read(body, account.region) for body in bodies]
    try:
        return _commit(connection, account, bodies, read)
    except psycopg.DataError as error:
        if len(bodies) == 1:
            return _commit(connection, account, bodies, [_reason(error)])
    return [outcome for body in bodies for outcome in store(connection, account, [body])]


def _read(body: bytes, region: str | None) -> Push | str:
    try:
        return read_push(body, region)
    except BadPushError as error:
        return str(error)


def _commit(
    connection: Connection, account: Account, bodies: Sequence[bytes], read: Sequence[Push | str]
) -> list[Outcome]:
    with connection.transaction():
        (ready,) = fetch(connection, "inbox", "prepare", account=account.name)
        batch_id, outcomes = ready["batch_id"], _of_this_page(account, ready["page_id"], read)
        pushes = {one.id: one for one in outcomes if isinstance(one, Push)}
        written = _write(connection, account, batch_id, sorted(pushes.values(), key=lambda push: push.id))
        refused = [(body, one) for body, one in zip(bodies, outcomes, strict=True) if isinstance(one, str)]
        for body, reason in refused:
            _refuse(connection, batch_id, body, reason)
        if written or refused:
            new = sum(written)
            row = {"batch_id": batch_id, "run_id": RUN, "rows_read": len(bodies)}
            fetch(connection, "inbox", "add_batch", **row, rows_new=new, rows_changed=len(written) - new)
    return [one if isinstance(one, str) else None for one in outcomes]


def _of_this_page(account: Account, known: str | None, read: Sequence[Push | str]) -> list[Push | str]:
    """A subscriber of another page than the one that is downloaded into this account is somebody else's."""
    return [
        f"of page {one.page_id}, but account {account.name} is page {known}"
        if isinstance(one, Push) and known and one.page_id and one.page_id != known
        else one
        for one in read
    ]


def _write(connection: Connection, account: Account, batch_id: int, pushes: list[Push]) -> list[bool]:
    """Of each row that was written, whether it is new."""
    columns = {
        "ids": [push.id for push in pushes],
        "records": [push.record for push in pushes],
        "created": [push.created_at for push in pushes],
        "phones": [json.dumps(push.phones) if push.phones else None for push in pushes],
    }
    told = {"account": account.name, "origin": ORIGIN, "run_id": RUN, "batch_id": batch_id}
    return [row["is_new"] for row in fetch(connection, "inbox", "write", **columns, **told)] if pushes else []


def _refuse(connection: Connection, batch_id: int, body: bytes, reason: str) -> None:
    told = {"run_id": RUN, "batch_id": batch_id, "reason": reason[:500], "origin": ORIGIN}
    fetch(connection, "inbox", "refuse", **told, raw=body, length=len(body), digest=hashlib.sha256(body).digest())


def _reason(error: psycopg.DataError) -> str:
    """What Postgres says, without the values that it quotes."""
    return f"Postgres cannot store it: {error.diag.message_primary or type(error).__name__}"

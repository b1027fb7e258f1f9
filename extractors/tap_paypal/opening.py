"""The first answer of a run: who the account is, what time it is at PayPal, and until when data are published."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from tap_core.errors import MissingPermissionError
from tap_core.intervals import from_text

from tap_paypal.client import NotPublishedError

if TYPE_CHECKING:
    from tap_core.meter import Meter

    from tap_paypal.client import PayPalClient, Report

DAYS_BACK = (2, 2, 7, 30)
"""Where to look for published data: the first time by our clock, which may be wrong, then by PayPal's."""


class Opening(NamedTuple):
    """What a run must know; times in epoch milliseconds by PayPal's clock."""

    now: int
    refreshed: int | None
    """Until when transactions are published; None if nothing of the last weeks is."""
    account_number: str | None
    refusal: MissingPermissionError | None = None
    """Why transactions cannot be read."""


def ask(client: PayPalClient, meter: Meter) -> Opening:
    """Ask for one transaction.

    Raises:
        WrongCredentialError: PayPal does not know the app.
    """
    try:
        report = _newest(client, meter)
    except MissingPermissionError as error:
        return Opening(client.now(), None, None, error)
    if report is None:
        return Opening(client.now(), None, None)
    return Opening(client.now(), from_text(report.last_refreshed_datetime), report.account_number)


def _newest(client: PayPalClient, meter: Meter) -> Report | None:
    for days in DAYS_BACK:
        try:
            return client.least_report(days, meter)
        except NotPublishedError:
            continue
    return None


def trace(*parts: str) -> str:
    """What tells two credentials apart and gives neither away."""
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

"""What cannot be a record is kept with its bytes and the reason."""

from __future__ import annotations

import hashlib
from typing import Any

from tap_core.raw import KEPT_REJECT_BYTES, REJECTS_STREAM, RecordMessage, Reject


def reject(stream: str, reason: str, raw: bytes, origin: dict[str, Any] | None, *, hide: bool) -> RecordMessage:
    """Return the message; `hide` keeps no bytes, since they may hold a denied field."""
    kept = b"" if hide else raw[:KEPT_REJECT_BYTES]
    digest = hashlib.sha256(raw).hexdigest()
    return RecordMessage(REJECTS_STREAM, Reject(stream, reason, kept, len(raw), digest, origin))

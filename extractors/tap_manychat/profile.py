"""What is read of a subscriber beside the id, by the tap and by the inbox alike."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_core.intervals import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_core.phones import PhoneReader


def numbers_of(fields: Mapping[str, Any], reader: PhoneReader) -> list[str]:
    """The system phone, and the WhatsApp number, which has its country but no plus."""
    phone, whatsapp = fields.get("phone"), fields.get("whatsapp_phone")
    texts = [phone] if isinstance(phone, str) else []
    texts += [f"+{whatsapp.lstrip('+')}"] if isinstance(whatsapp, str) and whatsapp.strip() else []
    return reader.read_all(texts)


def subscribed_at(fields: Mapping[str, Any]) -> str | None:
    """When the subscriber came, in UTC; None if that is no time that carries the page's offset."""
    moment = fields.get("subscribed")
    try:
        return to_text(from_text(moment)) if moment and datetime.fromisoformat(moment).tzinfo else None
    except (ValueError, TypeError):
        return None

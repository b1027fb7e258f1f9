"""What the taps have to be told to read the server: a line of `.env` each."""

from __future__ import annotations

from sandbox.server.ghl.access import PRIVATE_TOKENS
from sandbox.server.ghl.setup import MAIN
from sandbox.server.manychat.vendor import TOKEN
from sandbox.server.paypal.tokens import CLIENT, SECRET
from sandbox.server.stripe.vendor import RESTRICTED_KEY

_CREDENTIALS = {
    "TAP_GHL_LOCATION_ID": MAIN,
    "TAP_GHL_PRIVATE_TOKEN": next(token for token, location in PRIVATE_TOKENS.items() if location == MAIN),
    "TAP_MANYCHAT_API_TOKEN": TOKEN,
    "TAP_PAYPAL_CLIENT_ID": CLIENT,
    "TAP_PAYPAL_CLIENT_SECRET": SECRET,
    "TAP_STRIPE_API_KEY": RESTRICTED_KEY,
}
_VENDORS = ("ghl", "manychat", "paypal", "stripe")


def settings_of_taps(url: str) -> dict[str, str]:
    """Addresses and credentials, by variable."""
    return {**{f"TAP_{vendor.upper()}_API_URL": f"{url}/{vendor}" for vendor in _VENDORS}, **_CREDENTIALS}

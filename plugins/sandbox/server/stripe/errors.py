"""Stripe's refusals, in its own words."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.server.wire import Response

_DOCS = "https://stripe.com/docs/error-codes"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """An answer that is an error; `headers` travel with it."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None, **more: str | None) -> None:
        super().__init__(message)
        kind = more.pop("type", None) or "invalid_request_error"
        self.status = status
        self.headers = headers or {}
        code = {"doc_url": f"{_DOCS}/{(more['code'] or '').replace('_', '-')}"} if more.get("code") else {}
        self.error: dict[str, Any] = {"message": message, "type": kind, **more, **code}

    def response(self) -> Response:
        """Give the answer itself."""
        return Response(self.status, msgspec.json.encode({"error": self.error}), dict(self.headers))


def no_key() -> Refusal:
    """401 without a key."""
    return Refusal(
        401,
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
        "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for "
        "details, or we can help at https://support.stripe.com/.",
        {"WWW-Authenticate": 'Basic realm="Stripe"'},
    )


def wrong_key(key: str) -> Refusal:
    """401 with a key that nobody has; only its ends are repeated."""
    hidden = f"{key[:8]}{'*' * 4}{key[-4:]}"
    return Refusal(401, f"Invalid API Key provided: {hidden}", {"WWW-Authenticate": 'Basic realm="Stripe"'})


def no_permission(key: str, account: str, permission: str) -> Refusal:
    """403: a restricted key lacks a permission, which is named."""
    return Refusal(
        403,
        f"The provided key '{key[:8]}{'*' * 20}{key[-4:]}' does not have the required permissions for this endpoint on "
        f"account '{account}'. Having the '{permission}' permission would allow this request to continue.",
    )


def no_account(key: str, account: str) -> Refusal:
    """403: the key may not read this connected account, or there is none."""
    return Refusal(
        403,
        f"The provided key '{key[:8]}{'*' * 20}{key[-4:]}' does not have access to account '{account}' (or that "
        "account does not exist). Application access may have been revoked.",
        code="account_invalid",
    )


def missing(kind: str, identity: str, param: str = "id", status: int = 404) -> Refusal:
    """Nothing has this id: 404 when it was asked for, 400 when it was a cursor."""
    return Refusal(status, f"No such {kind}: '{identity}'", code="resource_missing", param=param)


def bad_parameter(message: str, param: str, code: str | None = None) -> Refusal:
    """400: a parameter is wrong."""
    return Refusal(400, message, code=code, param=param) if code else Refusal(400, message, param=param)


def rate_limited(reason: str) -> Refusal:
    """429: without Retry-After, as Stripe gives none."""
    return Refusal(
        429,
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        {"Stripe-Rate-Limited-Reason": reason, "Stripe-Should-Retry": "true"},
        code="rate_limit",
    )


def broken(status: int) -> Refusal:
    """500 or 503."""
    message = "An unknown error occurred. If this error persists, contact us at https://support.stripe.com/contact/."
    return Refusal(status, message, {"Stripe-Should-Retry": "true"}, type="api_error")

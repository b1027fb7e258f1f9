"""PayPal's refusals: its own envelope, and that of OAuth where the credentials are wrong."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.server.wire import Response

_DOCS = "https://developer.paypal.com/docs/api"
_MALFORMED = "Request is not well-formed, syntactically incorrect, or violates schema."


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """An answer that is an error; OAuth's have no `debug_id` in them."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(str(body.get("message") or body.get("error_description")))
        self.status = status
        self.body = body
        self.headers = headers or {}

    def response(self, debug_id: str) -> Response:
        """Give the answer itself."""
        body = self.body if "error" in self.body else {**self.body, "debug_id": debug_id}
        return Response(self.status, msgspec.json.encode(body), dict(self.headers))


def envelope(status: int, name: str, message: str, *details: dict[str, str], **more: Any) -> Refusal:
    """Make a refusal in PayPal's own words."""
    return Refusal(status, {"name": name, "message": message, "details": list(details), "links": [], **more})


def bad_parameter(field: str, value: str, issue: str, location: str = "query") -> Refusal:
    """400: a parameter is wrong."""
    detail = {"field": field, "value": value, "location": location, "issue": issue}
    return envelope(400, "INVALID_REQUEST", _MALFORMED, detail)


def too_new(status: int) -> Refusal:
    """400 or 404: the window begins after the data that are published."""
    return envelope(status, "INVALID_REQUEST", "Data for the given start date is not available.")


def too_large(found: int, allowed: int) -> Refusal:
    """400: the window holds more rows than may be paged."""
    message = "Result set size is greater than the maximum limit. Change the filter criteria and try again."
    return envelope(400, "RESULTSET_TOO_LARGE", message, total_items=found, maximum_items=allowed)


def missing(identity: str = "") -> Refusal:
    """404: there is no such object, or no such address."""
    detail = {"field": "id", "value": identity, "issue": "INVALID_RESOURCE_ID", "description": "Resource not found."}
    return envelope(
        404, "RESOURCE_NOT_FOUND", "The specified resource does not exist.", *([detail] if identity else [])
    )


def no_method() -> Refusal:
    """405: this look-alike lets nobody write."""
    message = "The server does not implement the requested HTTP method."
    return envelope(405, "METHOD_NOT_SUPPORTED", message)


def not_authorized() -> Refusal:
    """403: the app lacks the feature."""
    detail = {
        "issue": "PERMISSION_DENIED",
        "description": "You do not have permission to access or perform operations on this resource.",
    }
    link = {"href": f"{_DOCS}/#error-PERMISSION_DENIED", "rel": "information_link", "method": "GET"}
    message = "Authorization failed due to insufficient permissions."
    return envelope(403, "NOT_AUTHORIZED", message, detail, links=[link])


def wrong_token(description: str, shape: str) -> Refusal:
    """401: no token, one that ended, or one that nobody gave out."""
    if shape == "oauth":
        return Refusal(401, {"error": "invalid_token", "error_description": description})
    message = "Authentication failed due to missing authorization header, or invalid authentication credentials."
    return envelope(401, "AUTHENTICATION_FAILURE", message)


def wrong_client() -> Refusal:
    """401 at the token's address."""
    return Refusal(401, {"error": "invalid_client", "error_description": "Client Authentication failed"})


def wrong_grant(grant: str) -> Refusal:
    """400 at the token's address."""
    described = f"Grant Type is {grant or 'NULL'}"
    return Refusal(400, {"error": "unsupported_grant_type", "error_description": described})


def rate_limited() -> Refusal:
    """429, without Retry-After."""
    return envelope(429, "RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting.")


def broken(status: int) -> Refusal:
    """500 or 503."""
    if status == 503:
        return envelope(503, "SERVICE_UNAVAILABLE", "Service Unavailable.")
    return envelope(500, "INTERNAL_SERVER_ERROR", "An internal server error has occurred.")

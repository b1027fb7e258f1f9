"""GoHighLevel's refusals, in its own words as far as they are known."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.server.wire import Response

_NAMES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """An answer that is an error; `body` is what stands in it besides the `traceId`."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body

    def response(self, trace: str) -> Response:
        """Give the answer itself."""
        return Response(self.status, msgspec.json.encode({**self.body, "traceId": trace}))


def _plain(status: int, message: str | list[str], error: bool = True) -> Refusal:
    named = {"error": _NAMES[status]} if error else {}
    return Refusal(status, {"statusCode": status, "message": message, **named})


def wrong_token() -> Refusal:
    """401: nobody has this token, or it has ended."""
    return _plain(401, "Invalid token: access token is invalid")


def no_version(given: bool) -> Refusal:
    """401: the version header is missing or unknown; it looks like a wrong token and is none."""
    return _plain(401, "version header is invalid" if given else "version header was not found.")


def no_scope() -> Refusal:
    """401: the token is good, but lacks the scope; a new token would not help."""
    return _plain(401, "The token is not authorized for this scope.", error=False)


def wrong_user_type() -> Refusal:
    """401: an agency's token asks for what belongs to a location, or the other way round."""
    return _plain(401, "Token's user type mismatch!")


def other_location() -> Refusal:
    """403: the location is not the token's."""
    return _plain(403, "The token does not have access to this location.")


def invalid_grant(description: str) -> Refusal:
    """400: the refresh token or code is dead, or the app's secret is wrong."""
    return Refusal(400, {"error": "invalid_grant", "error_description": description})


def bad_request(message: str) -> Refusal:
    """400: a filter, a field or a page that the search does not know."""
    return _plain(400, message)


def unprocessable(*messages: str) -> Refusal:
    """422: a parameter is missing or out of range."""
    return _plain(422, list(messages))


def no_route(method: str, path: str) -> Refusal:
    """404: there is no such address."""
    return _plain(404, f"Cannot {method} {path}")


def failed(status: int) -> Refusal:
    """429, 500 or 503; for none of them the body is documented."""
    return _plain(status, _NAMES[status], error=False)

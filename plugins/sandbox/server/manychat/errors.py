"""ManyChat's refusals: some come with status 400 and some with 200, and unknown paths answer with a web page."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.draws import digest
from sandbox.server.wire import Response

_PAGE_BYTES = 38_000
_PARAGRAPH = b"<p>The page you are looking for could not be found.</p>\n"
_NOT_THERE = b"<!DOCTYPE html>\n<html><head><title>Page not found</title></head><body>\n"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """An answer that is an error, whatever its status says."""

    def __init__(self, status: int, message: str, *details: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"status": "error", "message": message}
        if details:
            self.body["details"] = {"messages": [{"message": detail} for detail in details]}

    def response(self) -> Response:
        """Give the answer itself."""
        return Response(self.status, msgspec.json.encode(self.body))


def no_token() -> Refusal:
    """401 without a token."""
    return Refusal(401, "Token is required")


def wrong_token() -> Refusal:
    """401 with a token that no page has."""
    return Refusal(401, "Wrong token")


def forbidden() -> Refusal:
    """403: the plan of the page does not include it."""
    return Refusal(403, "Access denied")


def invalid(detail: str) -> Refusal:
    """400: a parameter is wrong."""
    return Refusal(400, "Validation error", detail)


def shape_of(value: str) -> int:
    """Which of its shapes an answer about this value has: 0, 1 or 2, always the same."""
    return digest(f"manychat:{value}")[0] % 3


def unknown(value: str) -> Refusal:
    """Nobody has this id, e-mail or phone: status 400 for some, 200 for others."""
    return Refusal(400 if shape_of(value) == 0 else 200, "Validation error", "Subscriber does not exist")


def not_there() -> Response:
    """404 with a web page of about 38 KB, for every path that is no operation."""
    middle = _PARAGRAPH * (_PAGE_BYTES // len(_PARAGRAPH))
    return Response(404, _NOT_THERE + middle + b"</body></html>\n", content_type="text/html; charset=UTF-8")


def too_fast() -> Response:
    """429: its body is not documented, so it is a plain text, and nothing says how long to wait."""
    return Response(429, b"Too Many Requests", content_type="text/plain")


def broken(status: int) -> Response:
    """500 or 503."""
    return Refusal(status, "Internal server error").response()

"""The parameters of a request, read as strictly as PayPal reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.server.paypal import times
from sandbox.server.paypal.errors import bad_parameter

if TYPE_CHECKING:
    from sandbox.server.wire import Request


class Query:
    """A request's parameters by name; the last of a name counts."""

    def __init__(self, request: Request) -> None:
        self.path = request.path
        self.values = dict(request.query)
        self.headers = request.headers
        self.body = request.body

    def text(self, name: str, default: str = "") -> str:
        """Give a text."""
        return self.values.get(name, default)

    def number(self, name: str, default: int, most: int) -> int:
        """Give a whole number from 1 to `most`."""
        given = self.values.get(name, str(default))
        if not (given.isascii() and given.isdigit()) or not 1 <= int(given) <= most:
            raise bad_parameter(name, given, f"The value must be a whole number between 1 and {most}.")
        return int(given)

    def moment(self, name: str) -> int | None:
        """Give the second of a date, or nothing where it is not given."""
        given = self.values.get(name)
        if given is None:
            return None
        moment = times.read(given)
        if moment is None:
            raise bad_parameter(name, given, "Invalid date: internet date and time format with seconds is required.")
        return moment

    def needed_moment(self, name: str) -> int:
        """Give the second of a date that may not be missing."""
        moment = self.moment(name)
        if moment is None:
            raise bad_parameter(name, "", "A required field is missing.")
        return moment

    def yes(self, name: str) -> bool:
        """Say whether a switch is on."""
        return self.values.get(name, "false").lower() == "true"

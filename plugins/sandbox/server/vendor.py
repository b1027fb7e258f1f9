"""What the server asks of a vendor, and the clock that all vendors share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sandbox.server.limits import Violation
    from sandbox.server.wire import Request, Response

DAY = 86_400


@dataclass(slots=True)
class Clock:
    """The world's present: it stands still but for `advance`, so that answers can be foretold."""

    now: int


class Vendor(Protocol):
    """A look-alike of one vendor under `/<name>`."""

    name: str
    violations: list[Violation]

    def open(self) -> None:
        """Make what the first request needs, so that it is not slow."""

    def answer(self, request: Request) -> Response:
        """Answer a request whose path begins after the vendor's name."""

    def failure(self, kind: str) -> Response:
        """Say in the vendor's words that a fault of this kind happened."""

    def live_through(self, day_end: int) -> None:
        """Let everything happen that happens until then; the clock is set afterwards."""

    def world_state(self, stream: str, account: str) -> dict[str, dict[str, Any]]:
        """Give what a perfect download of the stream holds now."""

    def deleted(self, stream: str, account: str) -> dict[str, int]:
        """Give when the objects that are no more were deleted."""

    def forbid(self, stream: str, forbidden: bool = True) -> None:
        """Take the permission for a stream from the restricted credentials, or give it back."""

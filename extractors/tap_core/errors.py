"""What can go wrong with a vendor, by name; each says what to do next or that nothing has to be done."""

from __future__ import annotations

from singer_sdk.exceptions import FatalAPIError, RetriableAPIError


class TemporaryError(RetriableAPIError):
    """Passes by itself: wait, then ask for the same page again."""

    retry_after: float = 0.0
    """Seconds that the vendor asks us to wait at least."""


class RateLimitedError(TemporaryError):
    """The vendor says that we are too fast."""


class UnreachableError(TemporaryError):
    """No answer, or half of one: refused, cut off, timed out, or a 5xx."""


class BadBodyError(TemporaryError):
    """The answer is no JSON; asked for a few times more, since gateways do this for a moment."""


class HtmlBodyError(BadBodyError):
    """A web page where JSON was asked for: a gateway or a maintenance page answered."""


class TruncatedBodyError(BadBodyError):
    """JSON that ends too early or is garbled."""


class ChangedEnvelopeError(FatalAPIError):
    """JSON of another shape than the vendor documents; reading on could lose rows."""


class WrongCredentialError(FatalAPIError):
    """The vendor does not know our credential: nothing can be read."""


class MissingPermissionError(FatalAPIError):
    """The credential may not read this stream, or the vendor's account has no such feature; the others go on."""


class MissingObjectError(FatalAPIError):
    """The vendor has no object of this id (any more)."""

    def __init__(self, sentence: str, parameter: str | None = None) -> None:
        super().__init__(sentence)
        self.parameter = parameter


class RefusedRequestError(FatalAPIError):
    """The vendor finds our request wrong: an error of this program or of a setting."""


class VendorDownError(FatalAPIError):
    """The vendor stayed away longer than `max_wait_seconds`; the next run goes on from the bookmark."""


class StoppedError(Exception):
    """The run is ending; what waits for the vendor gives up."""

"""Asks a vendor for JSON until it answers: sessions, limits, back-off, and errors with names.

Bodies stay bytes until a decoder with `msgspec.Raw` in it has split them, so that decimals and long numbers survive.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec
import requests

from tap_core.concurrency import FIRST, Concurrency
from tap_core.errors import (
    BadBodyError,
    ChangedEnvelopeError,
    HtmlBodyError,
    MissingObjectError,
    MissingPermissionError,
    RateLimitedError,
    RefusedRequestError,
    StoppedError,
    TemporaryError,
    TruncatedBodyError,
    UnreachableError,
    VendorDownError,
    WrongCredentialError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_core.limiter import Limiter
    from tap_core.meter import Meter

_Answer = TypeVar("_Answer")

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
BAD_BODY_TRIES = 5
_random = random.SystemRandom()


@dataclass(frozen=True)
class Call:
    """One request; `buckets` are the limits it counts against, the narrowest first."""

    path: str
    buckets: Sequence[str]
    params: Mapping[str, str | int] = field(default_factory=dict)
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Patience:
    """How long to insist; all are settings."""

    max_wait_seconds: float = 3600.0
    timeout_seconds: float = 60.0
    max_concurrency: int = 16


class Client:
    """The base of every vendor's client; shared by all threads of a tap."""

    vendor = "The vendor"
    wrong_credential = "{vendor} refuses the credential ({reason}). Check it in .env; nothing was downloaded."
    first_concurrency = FIRST
    """Requests that may be under way before the vendor has answered any."""

    def __init__(
        self, base_url: str, account: str, limiter: Limiter, stopping: threading.Event, patience: Patience | None = None
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._account = account
        self._limiter = limiter
        self._stopping = stopping
        self._patience = patience or Patience()
        self._local = threading.local()
        self._concurrencies: dict[str, Concurrency] = {}
        self._lock = threading.Lock()
        self._vendor_ahead_seconds = 0.0

    def read(
        self, call: Call, decode: Callable[[bytes], _Answer], meter: Meter, most_tries: float = float("inf")
    ) -> _Answer:
        """Return the decoded answer, however often it takes to get it.

        Raises:
            UnreachableError: there was none at `most_tries` tries.
            VendorDownError: there was none for `max_wait_seconds`.
            BadBodyError: it is still no JSON after some tries.
            ChangedEnvelopeError: it is JSON that `decode` does not know.
        """
        began, tries, bad_bodies, renewed = time.monotonic(), 0, 0, False
        while True:
            try:
                return decode_body(self._ask(call, meter), decode, f"{self.vendor} {call.path}")
            except WrongCredentialError:
                if renewed or not self.renew_credential():
                    raise
                renewed = True
            except TemporaryError as error:
                tries += 1
                bad_bodies += isinstance(error, BadBodyError)
                if bad_bodies >= BAD_BODY_TRIES:
                    raise
                if isinstance(error, UnreachableError) and tries >= most_tries:
                    raise
                self._pause(call, error, tries, began, meter)

    def concurrency(self, bucket: str) -> Concurrency:
        """How many requests against a bucket may be under way."""
        with self._lock:
            return self._concurrencies.setdefault(bucket, self._new_concurrency())

    def _new_concurrency(self) -> Concurrency:
        return Concurrency(self._patience.max_concurrency, self.first_concurrency)

    def now(self) -> int:
        """The vendor's time as its last answer told it, in epoch milliseconds: our clock may be wrong."""
        return int((time.time() + self._vendor_ahead_seconds) * 1000)

    def headers(self, call: Call) -> Mapping[str, str]:
        """Headers of a request, credential included."""
        return call.headers

    def renew_credential(self) -> bool:
        """Get a new token after a 401; whether there is one."""
        return False

    def limited_by(self, response: requests.Response, call: Call) -> str:
        """Name of the bucket that a 429 speaks of."""
        del response
        return call.buckets[0]

    def heard(self, response: requests.Response) -> None:
        """Take note of what the headers of any answer tell."""

    def seconds_asked(self, response: requests.Response) -> float:
        """How long a refusal asks us to wait at least."""
        told: str = response.headers.get("Retry-After", "")
        return float(told) if told.isdecimal() else 0.0

    def refusal(self, response: requests.Response, call: Call) -> Exception:
        """The error that a status from 400 to 499 means; vendors add what their error bodies say."""
        told = f"{self.vendor} answered {response.status_code} to {call.path}: {response.text[:300]}"
        if response.status_code == 401:
            return WrongCredentialError(self.wrong_credential.format(vendor=self.vendor, reason=told))
        if response.status_code == 403:
            return MissingPermissionError(told)
        if response.status_code == 404:
            return MissingObjectError(told)
        return RefusedRequestError(told)

    def _ask(self, call: Call, meter: Meter) -> bytes:
        concurrency = self.concurrency(call.buckets[0])
        waited = self._limiter.acquire(self._account, call.buckets)
        meter.request()
        left_at = time.monotonic()
        try:
            response = self._send(call)
            body = self._checked(response, call)
        except TemporaryError:
            concurrency.refused()
            raise
        concurrency.answered(time.monotonic() - left_at, waited)
        return body

    def _send(self, call: Call) -> requests.Response:
        timeouts = (CONNECT_SECONDS, self._patience.timeout_seconds)
        try:
            response = self._session().request(
                call.method,
                self._base_url + call.path,
                params=call.params,
                data=call.body,
                headers=self.headers(call),
                timeout=timeouts,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise UnreachableError(f"{self.vendor} {call.path}: {_reason(error)}") from error
        self._note_time(response)
        self.heard(response)
        return response

    def _checked(self, response: requests.Response, call: Call) -> bytes:
        status = response.status_code
        if status in {409, 429}:
            self._limiter.bucket(self._account, self.limited_by(response, call)).slow_down()
            raise self._to_wait_for(RateLimitedError(f"{self.vendor} {call.path}: {status}, too fast"), response)
        if status >= 500 or status in {408, 425}:
            raise self._to_wait_for(UnreachableError(f"{self.vendor} {call.path}: {status}"), response)
        if 300 <= status < 400:
            raise ChangedEnvelopeError(f"{self.vendor} {call.path} redirects to elsewhere: check the address setting.")
        if status >= 400:
            if _is_html(response.content):
                raise HtmlBodyError(f"{self.vendor} {call.path}: a web page with status {status}")
            raise self.refusal(response, call)
        return response.content

    def _to_wait_for(self, error: TemporaryError, response: requests.Response) -> TemporaryError:
        error.retry_after = self.seconds_asked(response)
        return error

    def _pause(self, call: Call, error: TemporaryError, tries: int, began: float, meter: Meter) -> None:
        gone = time.monotonic() - began
        longest = min(FIRST_PAUSE_SECONDS * 2 ** min(tries - 1, 20), LONGEST_PAUSE_SECONDS)
        seconds = max(error.retry_after, _random.uniform(longest / 2, longest))
        if gone + seconds > self._patience.max_wait_seconds:
            raise VendorDownError(
                f"{self.vendor} gave no good answer to {call.path} for {gone:.0f} s (the last: {error}). What was read "
                "is in; run the same command again later and it goes on from here (setting max_wait_seconds)."
            ) from error
        logger.warning("%s; trying again in %.1f s.", error, seconds)
        with meter.waiting(seconds):
            self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise StoppedError

    def _session(self) -> requests.Session:
        """A session per thread: they may not be shared."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session

    def _note_time(self, response: requests.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        self._vendor_ahead_seconds = told - time.time()


def decode_body(body: bytes, decode: Callable[[bytes], _Answer], what: str) -> _Answer:
    """Return what the body says.

    Raises:
        HtmlBodyError: it is a web page.
        TruncatedBodyError: it is JSON with its end missing, or garbled.
        ChangedEnvelopeError: it is JSON of another shape.
    """
    if _is_html(body):
        raise HtmlBodyError(f"{what}: a web page instead of JSON")
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise ChangedEnvelopeError(f"{what} answers in a new shape ({error}); nothing was skipped, tell us.") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise TruncatedBodyError(f"{what}: {error}") from error


def _is_html(body: bytes) -> bool:
    return body[:64].lstrip()[:1] == b"<"


def _reason(error: requests.RequestException) -> str:
    """What happened, in a few words: the library's text repeats address and object ids."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return f"the connection failed ({type(error).__name__})"

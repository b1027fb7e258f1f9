"""What a vendor may do instead of answering, and what becomes of it."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate
from typing import Any

import msgspec
import pytest
from tap_core import client as client_module
from tap_core.client import Call, Client, Patience
from tap_core.errors import (
    ChangedEnvelopeError,
    HtmlBodyError,
    MissingObjectError,
    MissingPermissionError,
    RefusedRequestError,
    StoppedError,
    TruncatedBodyError,
    VendorDownError,
    WrongCredentialError,
)
from tap_core.limiter import Limiter
from tap_core.meter import Meter

from tests.extractors.scripted_server import Answer, serving

PAGE = Answer(body=b'{"data": [{"id": 9007199254740993, "price": 1.10}], "more": false}')
HTML = Answer(body=b"\n <html><body>502</body></html>")
TRUNCATED = Answer(body=PAGE.body[:30])
CALL = Call("/things", ["things", "all"])


class Body(msgspec.Struct):
    data: list[msgspec.Raw]
    more: bool


DECODE = msgspec.json.Decoder(Body).decode


class Vendor:
    """Answers from a script; the last answer is given for ever."""

    def __init__(self, *script: Answer) -> None:
        self._script = list(script)
        self.asked = 0

    def answer(self, _path: str, _parameters: dict[str, str]) -> Answer:
        self.asked += 1
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "FIRST_PAUSE_SECONDS", 0.001)


def read(vendor: Vendor, made: type[Client] = Client, meter: Meter | None = None, **patience: float) -> Body:
    stopping = threading.Event()
    with serving(vendor.answer) as url:
        client = made(url, "main", Limiter(lambda _: 10_000, stopping), stopping, Patience(**patience))  # type: ignore[arg-type]
        return client.read(CALL, DECODE, meter or Meter())


@pytest.mark.parametrize(
    "trouble",
    [
        [Answer(429)] * 4,
        [Answer(500), Answer(503), Answer(502)],
        [Answer(409)],
        [Answer(body=PAGE.body, cut=True)] * 2,
        [Answer(hang=True)],
        [HTML, HTML],
        [Answer(404, HTML.body)],
        [TRUNCATED],
        [Answer(429), HTML, Answer(500), TRUNCATED],
        [Answer(429), Answer(429), Answer(503), Answer(503), HTML],
    ],
    ids=["429", "5xx", "409", "cut", "hang", "html", "html 404", "truncated", "all of it", "a page after long trouble"],
)
def test_trouble_is_waited_out_and_the_page_comes(trouble: list[Answer]) -> None:
    vendor, meter = Vendor(*trouble, PAGE), Meter()
    assert read(vendor, meter=meter, timeout_seconds=0.2).data
    assert vendor.asked == meter.requests == len(trouble) + 1
    assert meter.waits == len(trouble)
    assert meter.waiting_until is None


def test_decimals_and_long_numbers_stay_as_they_came() -> None:
    assert bytes(read(Vendor(PAGE)).data[0]) == b'{"id": 9007199254740993, "price": 1.10}'


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (HTML, HtmlBodyError, "a web page instead of JSON"),
        (TRUNCATED, TruncatedBodyError, "truncated"),
        (Answer(body=b'{"items": []}'), ChangedEnvelopeError, "new shape.*data"),
        (Answer(body=b"[]"), ChangedEnvelopeError, "new shape"),
        (Answer(401), WrongCredentialError, "Check it in .env"),
        (Answer(403, b"no scope"), MissingPermissionError, "no scope"),
        (Answer(404), MissingObjectError, "404"),
        (Answer(400, b"bad limit"), RefusedRequestError, "bad limit"),
        (Answer(302, headers={"Location": "http://elsewhere"}), ChangedEnvelopeError, "redirects"),
    ],
)
def test_what_cannot_be_waited_out_has_a_name(answer: Answer, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        read(Vendor(answer))


@pytest.mark.parametrize("trouble", [Answer(503), Answer(429), Answer(body=PAGE.body, cut=True)])
def test_a_vendor_that_stays_away_is_an_error_that_says_what_to_do(trouble: Answer) -> None:
    with pytest.raises(VendorDownError, match="run the same command again later"):
        read(Vendor(trouble), max_wait_seconds=0.05)


def test_a_wait_is_seen_while_it_lasts_and_as_long_as_the_vendor_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    meter, seen = Meter(), []
    monkeypatch.setattr(Client, "_sleep", lambda _, seconds: seen.append((seconds, meter.waiting_until)))
    read(Vendor(Answer(429, headers={"Retry-After": "7"}), PAGE), meter=meter)
    ((seconds, until),) = seen
    assert seconds == 7
    assert until is not None


def test_pauses_grow_and_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(client_module, "FIRST_PAUSE_SECONDS", 1.0)
    monkeypatch.setattr(Client, "_sleep", lambda _, seconds: pauses.append(seconds))
    read(Vendor(*[Answer(503)] * 10, PAGE))
    longest = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, longest, strict=True))


def test_a_renewed_token_is_tried_once() -> None:
    class Renewing(Client):
        renewed = 0

        def renew_credential(self) -> bool:
            Renewing.renewed += 1
            return True

    assert read(Vendor(Answer(401), PAGE), Renewing).data
    with pytest.raises(WrongCredentialError):
        read(Vendor(Answer(401)), Renewing)
    assert Renewing.renewed == 2


def test_the_vendors_clock_counts_not_ours() -> None:
    stopping, told = threading.Event(), time.time() - 86_400
    answer = Answer(body=PAGE.body, headers={"Date": formatdate(told, usegmt=True)})
    with serving(Vendor(answer).answer) as url:
        client = Client(url, "main", Limiter(lambda _: 1000, stopping), stopping)
        client.read(CALL, DECODE, Meter())
        assert client.now() == pytest.approx(told * 1000, abs=30_000)


def test_who_waits_is_let_go_when_the_run_ends() -> None:
    stopping = threading.Event()
    stopping.set()
    with serving(Vendor(Answer(503)).answer) as url:
        client = Client(url, "main", Limiter(lambda _: 1000, stopping), stopping)
        with pytest.raises(StoppedError):
            client.read(CALL, DECODE, Meter())


def test_trouble_shrinks_concurrency_and_the_pace() -> None:
    stopping = threading.Event()
    limiter = Limiter(lambda _: 1000, stopping)
    with serving(Vendor(*[PAGE] * 5, Answer(429), PAGE).answer) as url:
        client = Client(url, "main", limiter, stopping)
        read_one: Any = lambda: client.read(CALL, DECODE, Meter())  # noqa: E731
        for _ in range(5):
            read_one()
        before = client.concurrency("things").allowed()
        read_one()
    assert client.concurrency("things").allowed() < before
    assert limiter.bucket("main", "things")._share < 1  # type: ignore[attr-defined]
    assert limiter.bucket("main", "all")._share == 1  # type: ignore[attr-defined]

"""Streams of one tap at the same time: whole pages, honest checkpoints, and no stream that drags others down."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import pytest
from singer_sdk import typing as th
from tap_core.errors import MissingPermissionError, VendorDownError, WrongCredentialError
from tap_core.raw import Page, Progress, RawRecord, RecordMessage
from tap_core.stream import RawStream
from tap_core.tap import COMMON_SETTINGS, RawTap

Read = Callable[[threading.Event], Iterable[Page]]


class Told(RawStream):
    """Yields what a test tells it."""

    parallel = True

    def __init__(self, tap: RawTap, name: str, read: Read) -> None:
        super().__init__(tap, name)
        self._read = read

    def pages(self, bookmark: Mapping[str, Any]) -> Iterable[Page]:
        del bookmark
        return self._read(self.tap.stopping)

    def progress(self) -> Progress:
        return Progress(waiting_until="2026-01-01T00:00:00+00:00")


class TapTold(RawTap):
    name = "tap-told"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(*COMMON_SETTINGS).to_dict()
    reads: ClassVar[dict[str, Read]] = {}

    def discover_streams(self) -> list[Told]:
        return [Told(self, name, read) for name, read in self.reads.items()]


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def page(stream: str, number: int) -> Page:
    return Page([RecordMessage(stream, RawRecord("main", f"{number}", {}))], {"at": number})


def pages(stream: str, count: int) -> Read:
    return lambda _: (page(stream, number) for number in range(count))


def failing(error: Exception) -> Read:
    def read(_: threading.Event) -> Iterator[Page]:
        yield page("bad", 0)
        raise error

    return read


def run(
    reads: dict[str, Read], prepare: Callable[[TapTold], None] | None = None, state: dict[str, Any] | None = None
) -> tuple[int, list[dict[str, Any]]]:
    code, stdout = 0, io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stdout(stdout):
        tap = type("Tap", (TapTold,), {"reads": reads})(config={}, state=state or {})
        if prepare:
            prepare(tap)
        try:
            tap.sync_all()
        except SystemExit as end:
            code = int(end.code or 0)
    return code, [json.loads(line) for line in stdout.buffer.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def every_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_core.writer.STATE_SECONDS", 0)
    monkeypatch.setattr("tap_core.side_by_side.POLL_SECONDS", 0.01)
    monkeypatch.setattr("tap_core.side_by_side.PROGRESS_SECONDS", 0)


def test_no_checkpoint_says_more_than_the_pages_before_it() -> None:
    code, messages = run({name: pages(name, 40) for name in "abc"})
    sent: dict[str, int] = {}
    for message in messages:
        if message["type"] == "RECORD":
            assert int(message["record"]["id"]) == sent.get(message["stream"], -1) + 1
            sent[message["stream"]] = int(message["record"]["id"])
        elif message["type"] == "STATE":
            assert {name: mark["at"] for name, mark in message["value"]["bookmarks"].items()} == sent
    assert sent == {"a": 39, "b": 39, "c": 39}
    assert (code, messages[-1]["value"]["progress"]["finished"]) == (0, True)


def test_streams_run_at_the_same_time() -> None:
    both = threading.Barrier(2)

    def read(name: str) -> Read:
        def meet(_: threading.Event) -> Iterator[Page]:
            both.wait(10)
            yield page(name, 0)

        return meet

    assert run({"a": read("a"), "b": read("b")})[0] == 0


def test_a_stream_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    code, messages = run({"bad": failing(VendorDownError("it is down")), "good": pages("good", 30)})
    assert code == 1
    assert messages[-1]["value"]["bookmarks"] == {"bad": {"at": 0}, "good": {"at": 29}}
    assert messages[-1]["value"]["progress"]["finished"] is False
    assert "bad: it is down" in caplog.text
    assert "Not read to the end: bad." in caplog.text


def forbidden(_: threading.Event) -> Iterator[Page]:
    yield Page([], {"at": -1})
    raise MissingPermissionError("no scope")


def test_a_stream_that_is_not_ours_to_read_fails_nothing_and_leaves_no_bookmark() -> None:
    code, messages = run({"bad": forbidden, "good": pages("good", 3)})
    told = messages[-1]["value"]["progress"]
    assert (code, told["finished"], told["bad"]["note"]) == (0, True, "unavailable: no scope")
    assert set(messages[-1]["value"]["bookmarks"]) == {"good"}


@pytest.mark.parametrize(
    ("reads", "state"),
    [
        ({"bad": forbidden}, {}),
        ({"bad": forbidden, "good": pages("good", 3)}, {"bookmarks": {"bad": {"at": 7}}}),
        ({"bad": failing(MissingPermissionError("no scope")), "good": pages("good", 3)}, {}),
    ],
    ids=["all are unavailable", "read yesterday", "in mid-download"],
)
def test_a_permission_that_was_lost_is_no_success(reads: dict[str, Read], state: dict[str, Any]) -> None:
    code, messages = run(reads, state=state)
    assert (code, messages[-1]["value"]["progress"]["finished"]) == (1, False)


def test_an_end_without_a_word_is_never_taken_for_success() -> None:
    _, messages = run({"a": pages("a", 1)})
    assert [message["type"] for message in messages[:2]] == ["SCHEMA", "STATE"]
    assert messages[1]["value"]["progress"] == {"finished": False}


def test_a_wrong_credential_stops_all_streams(caplog: pytest.LogCaptureFixture) -> None:
    def endless(stopping: threading.Event) -> Iterator[Page]:
        while not stopping.is_set():
            yield page("endless", 0)

    code, messages = run({"endless": endless, "bad": failing(WrongCredentialError("renew the key"))})
    assert (code, messages[-1]["type"]) == (1, "STATE")
    assert "renew the key" in caplog.text


def test_a_stream_that_waits_is_seen_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_core.writer.QUIET_SECONDS", 0)
    seen = threading.Event()
    state = TapTold.writer.fget  # type: ignore[attr-defined]

    def watch(tap: TapTold) -> None:
        writer = state(tap)
        beat = writer.beat
        monkeypatch.setattr(writer, "beat", lambda: (beat(), seen.set()))

    def waiting(_: threading.Event) -> Iterator[Page]:
        seen.wait(10)
        yield page("slow", 0)

    _, messages = run({"slow": waiting}, watch)
    first = [message for message in messages if message["type"] == "STATE"][1]
    assert first["value"]["progress"]["slow"]["waiting_until"] == "2026-01-01T00:00:00+00:00"
    assert first["value"]["bookmarks"] == {}


def test_a_signal_ends_the_run_with_a_checkpoint() -> None:
    ended = threading.Event()

    def endless(stopping: threading.Event) -> Iterator[Page]:
        yield page("endless", 0)
        stopping.wait(10)
        ended.set()

    def prepare(tap: TapTold) -> None:
        tap._handle_termination(signal.SIGTERM, None)

    code, messages = run({"endless": endless}, prepare)
    assert code == 128 + signal.SIGTERM
    assert messages[-1]["type"] == "STATE"
    assert messages[-1]["value"]["progress"]["finished"] is False
    assert ended.wait(10)


def test_a_page_that_nobody_takes_keeps_no_thread_alive() -> None:
    before = threading.active_count()
    run({"bad": failing(WrongCredentialError("no")), **{name: pages(name, 500) for name in "abcd"}})
    for thread in threading.enumerate():
        if thread.name in "abcd":
            thread.join(10)
    assert threading.active_count() <= before

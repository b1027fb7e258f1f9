"""The base of every tap: streams in order, a safe stop, and an end that the loader can tell from a crash."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

import click
from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError, FatalAPIError
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from typing_extensions import override

from tap_core.errors import TemporaryError
from tap_core.raw import REJECTS_SCHEMA, REJECTS_STREAM
from tap_core.side_by_side import SideBySide
from tap_core.writer import MessageWriter

if TYPE_CHECKING:
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from tap_core.stream import RawStream

COMMON_SETTINGS = (
    th.Property(
        "account",
        th.StringType,
        default="main",
        description="Name of the account the data belong to; part of every key.",
    ),
    th.Property(
        "default_region",
        th.StringType,
        description="Two-letter country for phone numbers that carry no country of their own, for instance MX.",
    ),
    th.Property(
        "deny",
        th.ArrayType(th.StringType),
        default=[],
        description="Fields removed before anything is written, for instance ssn.",
    ),
)
_PR_SET_PDEATHSIG = 1


class RawTap(Tap):
    """A tap whose streams are `RawStream`s."""

    config_jsonschema: ClassVar[dict[str, Any]]
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
    ]
    _stop_signal: int | None = None
    _writer: MessageWriter | None = None

    @property
    def writer(self) -> MessageWriter:
        """The writer that all streams share, over the state of this run."""
        if self._writer is None:
            self._writer = MessageWriter(cast("dict[str, Any]", self._state))
        return self._writer

    @classmethod
    @override
    def invoke(cls, **options: Any) -> None:  # type: ignore[override]
        """Run as a command; what is imported by then is no garbage, and looking through it costs a quarter of a run."""
        gc.freeze()
        super().invoke(**options)

    @override  # type: ignore[misc]  # `final` in the SDK
    def sync_all(self) -> None:
        """Read the selected streams, in order or side by side, and say at the end that nothing was left out."""
        die_with_parent()
        try:
            self.prepare()
            self._sync_selected()
        except FatalAPIError as error:
            self.writer.state()
            self.logger.error(str(error))
            sys.exit(1)

    def prepare(self) -> None:
        """Find out before anything is read whether it can be.

        Raises:
            FatalAPIError: it cannot; the sentence is shown.
        """

    def check(self) -> list[str]:
        """Find out whether a run could read, and say what a person should know.

        Raises:
            FatalAPIError: it could not; the sentence is shown.
        """
        self.prepare()
        return [f"{self.name}: the settings can be used."]

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command with `--check`."""
        command = super().get_singer_command()
        help_text = "Try the credential and the permissions, say what is found, and load nothing."
        option = click.Option(["--check"], is_flag=True, help=help_text, callback=cls._check, expose_value=False)
        command.params.append(option)
        return command

    @classmethod
    def _check(cls, context: click.Context, _option: click.Option, asked: bool) -> None:
        if not asked:
            return
        given = context.params.get("config")
        try:
            tap = cls(config=given.config if given else None, parse_env_config=bool(given and given.parse_env))
            sentences, code = tap.check(), 0
        except (FatalAPIError, TemporaryError, ConfigValidationError) as error:
            sentences, code = [str(error)], 1
        click.echo("\n".join(sentences))
        context.exit(code)

    def _sync_selected(self) -> None:
        self.writer.schema(REJECTS_STREAM, REJECTS_SCHEMA, [])
        self.writer.state()  # from here on, the loader knows that an end without a word is no success
        streams = self.readings()
        for stream in streams:
            if not stream.parallel:
                stream.sync()
        self._sync_side_by_side([stream for stream in streams if stream.parallel])
        self.writer.state(finished=True)
        sys.stdout.buffer.flush()

    @cached_property
    def stopping(self) -> threading.Event:
        """Set when the run is ending: threads that wait for a vendor give up."""
        return threading.Event()

    def _sync_side_by_side(self, streams: list[RawStream]) -> None:
        failures = SideBySide(self, streams).run() if streams else {}
        if failures:
            self.writer.state()
            self.logger.error("Not read to the end: %s. The reasons stand above.", ", ".join(failures))
            sys.exit(1)

    def selected_streams(self) -> list[RawStream]:
        """Streams that the catalog selects, in the order in which they are declared."""
        return [stream for stream in self.streams.values() if stream.selected]  # type: ignore[misc]

    def readings(self) -> list[RawStream]:
        """What a run reads: the selected streams, or their parts where a tap reads several accounts."""
        return self.selected_streams()

    def stop_if_asked(self) -> None:
        """Leave between two pages, with a checkpoint, when a signal asked for it."""
        if self._stop_signal is not None:
            self.writer.state()
            self.logger.warning("Stopped by signal %d; the next run goes on from here.", self._stop_signal)
            sys.exit(128 + self._stop_signal)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Remember the first signal (a message must not be cut in half); obey the second at once."""
        if self._stop_signal is not None:
            os._exit(128 + signum)
        self._stop_signal = signum


def die_with_parent() -> None:
    """Ask Linux to end this process when the one that started it (Meltano) is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

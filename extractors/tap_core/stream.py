"""The base of every stream: a declaration plus `pages()`; reading is the stream's, writing is done here once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec
from singer_sdk import Stream
from typing_extensions import override

from tap_core.raw import RAW_KEY, RAW_SCHEMA, Page, Progress, RawRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_core.tap import RawTap


class RawStream(Stream):
    """A stream of raw records, read page by page from its bookmark."""

    tap: RawTap
    parallel: ClassVar[bool] = False
    """Whether it is read side by side with the tap's other parallel streams."""
    part: str | None = None
    """The account whose part of the stream this is, where a tap reads several; None: the whole stream."""

    def __init__(self, tap: RawTap, name: str | None = None) -> None:
        super().__init__(tap, schema=RAW_SCHEMA, name=name)
        self.tap = tap
        self.primary_keys = list(RAW_KEY)

    def pages(self, bookmark: Mapping[str, Any]) -> Iterable[Page]:
        """Yield what the source has beyond `bookmark`."""
        raise NotImplementedError

    def progress(self) -> Progress | None:
        """How far it is, asked for while no page comes."""
        return None

    def of_account(self, account: str) -> Self:
        """The part of this stream that belongs to an account, with a bookmark of its own."""
        part = type(self)(self.tap, self.name)
        part.part, part.ABORT_AT_RECORD_COUNT = account, self.ABORT_AT_RECORD_COUNT
        return part

    @property
    def label(self) -> str:
        """What a person reads in the log."""
        return self.name if self.part is None else f"{self.name} of {self.part}"

    @property
    def bookmark(self) -> dict[str, Any]:
        """The bookmark of the last committed run, empty at first."""
        found: dict[str, Any] = self.tap.state.get("bookmarks", {}).get(self.name, {})
        return found if self.part is None else found.get("accounts", {}).get(self.part, {})

    @override  # type: ignore[misc]  # `final` in the SDK
    def sync(self, context: Any = None) -> None:
        """Write every page with its checkpoint after it."""
        self.tap.writer.schema(self.name, RAW_SCHEMA, list(RAW_KEY))
        sent = 0
        for page in self.pages(self.bookmark):
            self.tap.writer.page(self.name, page, self.part)
            sent += len(page.messages)
            self.tap.stop_if_asked()
            if self.ABORT_AT_RECORD_COUNT is not None and sent >= self.ABORT_AT_RECORD_COUNT:
                break
        self.tap.writer.state()

    @override
    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        """Yield plain dicts, for the SDK's own tools."""
        for page in self.pages(self.bookmark):
            for message in page.messages:
                if isinstance(message.record, RawRecord) and message.stream == self.name:
                    yield msgspec.to_builtins(message.record)

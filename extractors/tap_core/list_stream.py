"""The base of every small stream that is listed whole in each run, so that deletions are known at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_core.api_stream import ApiStream
from tap_core.intervals import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_core.raw import Page, RecordMessage


class ListStream(ApiStream):
    """Reads everything each time; subclasses say how to read the pages."""

    def listed(self) -> Iterator[list[RecordMessage]]:
        """Yield the pages of the whole list; the records carry `self.version`."""
        raise NotImplementedError

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterator[Page]:
        self.version = self.next_version(self.tap.now(), bookmark.get("listed_at"))
        for messages in self.listed():
            yield self.page(messages, None)
        yield self.last_page({**self.tap.identity, "listed_at": to_text(self.version)})

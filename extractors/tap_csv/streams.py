"""The two streams: `imports`, a row per row of the files, and `files`, a row per version of a file."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec
from tap_core.phones import PhoneReader
from tap_core.raw import Page, Progress
from tap_core.stream import RawStream
from typing_extensions import override

from tap_csv import bookmarks
from tap_csv.errors import NoTableError, NotNowError, UnreadableError
from tap_csv.reading import FilePage, FileReading, Limits
from tap_csv.records import FILES
from tap_csv.sources import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_csv.bookmarks import FileBookmark
    from tap_csv.sources import Source
    from tap_csv.tap import TapCSV

logger = logging.getLogger("tap-csv")


class FilesStream(RawStream):
    """One row per version of a file; they are read, and sent, with the rows of `imports`."""

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterable[Page]:
        return ()


class ImportsStream(RawStream):
    """One row per row of every file."""

    tap: TapCSV

    @override
    def pages(self, bookmark: Mapping[str, Any]) -> Iterable[Page]:
        """Yield all files, one after another; a file that cannot be read is named, and the others go on."""
        sources = self.tap.sources
        files: dict[str, Any] = bookmark.get("files", {})
        total = sum(source.size for source in sources)
        config = self.tap.config
        self._phones = PhoneReader(config.get("default_region"))
        self._limits = Limits(config["page_rows"], config["max_row_bytes"])
        self._failures: list[Source] = []
        before = 0
        for source in sources:
            for page in self._read(source, bookmarks.load(files.get(source.path))):
                if page.bookmark is not None:
                    files = {**files, source.path: msgspec.to_builtins(page.bookmark)}
                progress = Progress(done=before + min(page.read_bytes, source.size), total=total, unit="bytes")
                yield Page(self._selected(page), None if page.bookmark is None else {"files": files}, progress)
            before += source.size
        self._tell_failures(sources)

    def _selected(self, page: FilePage) -> list[Any]:
        if self.tap.streams[FILES].selected:
            return list(page.messages)
        return [message for message in page.messages if message.stream != FILES]

    def _read(self, source: Source, known: FileBookmark | None) -> Iterator[FilePage]:
        settings = source.options.fingerprint()
        reading = FileReading(source, self._phones, self._limits, settings, version=known.version if known else 1)
        try:
            yield from self._pages_of(source, known, reading)
        except NoTableError as error:
            logger.warning("%s: %s", source.path, error)
        except UnreadableError as error:
            self._failed(source, str(error))
            yield reading.failed(str(error), lasting=not isinstance(error, NotNowError))
        except OSError as error:
            self._failed(source, reason_of(error))
            yield reading.failed(reason_of(error), lasting=False)
        except sqlite3.OperationalError as error:
            reason = f"There is no room for a temporary file ({error}). Set TMPDIR to a folder with more."
            self._failed(source, reason)
            yield reading.failed(reason, lasting=False)

    def _pages_of(self, source: Source, known: FileBookmark | None, reading: FileReading) -> Iterator[FilePage]:
        if known is not None and bookmarks.is_untouched(source, known, reading.settings):
            if known.refused:
                self._failed(source, known.refused)
            return
        if source.refusal is not None:
            raise source.refusal
        decision = bookmarks.decide(source, known, reading.settings)
        if decision.do == "note" and known is not None:
            touched = msgspec.structs.replace(known, bytes=source.size, modified_ns=source.modified_ns)
            yield FilePage([], touched, source.size)
            return
        reading.begin(known, decision)
        yield from reading.pages()
        logger.info("%s: %s", source.path, reading.report.summary())

    def _failed(self, source: Source, reason: str) -> None:
        logger.error("%s: %s", source.path, reason)
        self._failures.append(source)

    def _tell_failures(self, sources: list[Source]) -> None:
        """End the run as a failure if a file was not read that the user named, or if none was read at all."""
        named = [source.path for source in self._failures if source.named]
        if named:
            self.tap.give_up(
                f"Not read to the end: {', '.join(named)}. The reasons stand above; all other files are in."
            )
        elif sources and len(self._failures) == len(sources):
            self.tap.give_up("No file could be read. The reasons stand above.")

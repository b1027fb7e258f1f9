"""Reads one file from its bookmark to its end: pages of records and rejects, each with the bookmark that covers it.

A run that goes on in the middle of a file reads it from the start, silently up to the bookmark: only so are its
repeats, formats and line numbers those of an undisturbed run. That costs a fraction of the first reading.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from tap_csv.bookmarks import FileBookmark, Tail
from tap_csv.buffer import LineBuffer, Place, digest_text
from tap_csv.columns import find_columns
from tap_csv.errors import NoTableError
from tap_csv.layout import SAMPLE_BYTES, find_layout
from tap_csv.lines import LineSplitter
from tap_csv.records import file_reject
from tap_csv.report import Report
from tap_csv.rows import RowReader
from tap_csv.sending import RowSender, ids_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from tap_core.phones import PhoneReader
    from tap_core.raw import RecordMessage

    from tap_csv.bookmarks import Decision
    from tap_csv.columns import Columns
    from tap_csv.encodings import TextDecoder
    from tap_csv.layout import Layout
    from tap_csv.lines import Readable
    from tap_csv.rows import RowPage
    from tap_csv.sources import Source

MOST_TAIL_IDS = 1000
ID_BYTES = 4096


@dataclass(frozen=True)
class Limits:
    """How much is taken at once."""

    page_rows: int = 1000
    max_row_bytes: int = 16 * 1024 * 1024


@dataclass(slots=True)
class FilePage:
    """What was read, and the bookmark once it is committed (None: the bookmark stays)."""

    messages: list[RecordMessage]
    bookmark: FileBookmark | None
    read_bytes: int


class Rejoined:
    """A stream whose first bytes were taken as a sample, whole again."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""
        if self._start:
            data, self._start = self._start[:size], self._start[size:]
            return data
        return self._rest.read(size)


def take_sample(stream: BinaryIO) -> bytes:
    """Read the first megabyte, whole even where the stream gives less at a time."""
    pieces, left = [], SAMPLE_BYTES
    while left and (data := stream.read(left)):
        pieces.append(data)
        left -= len(data)
    return b"".join(pieces)


def file_id(path: str, version: int, sample: bytes) -> str:
    """Return the id of a version of a file; the start of the content tells apart what was under one path in turn."""
    return hashlib.sha256(f"{path}\0{version}\0".encode() + sample[:ID_BYTES]).hexdigest()[:12]


def row_reader(layout: Layout, decoder: TextDecoder, stream: Readable, *, size: int, limits: Limits) -> RowReader:
    """Return a reader of the rows in `size` bytes of a stream that stands at the first data row."""
    splitter = LineSplitter(stream, layout.encoding, size=size, max_bytes=limits.max_row_bytes)
    lines = LineBuffer(splitter, decoder, head=layout.head, first_line=layout.first_line)
    return RowReader(lines, layout.shape, page_rows=limits.page_rows, max_row_bytes=limits.max_row_bytes)


@dataclass
class FileReading:
    """One file and how far it is read."""

    source: Source
    phones: PhoneReader
    limits: Limits
    settings: str
    """Fingerprint of the options, for the bookmark."""
    version: int = 1
    resume: FileBookmark | None = None
    """None: read from the start and send everything."""

    def __post_init__(self) -> None:
        self.report = Report(self.source)
        self.counts = self.report.counts
        self._place = Place(0, 0, "")
        self._gone: set[str] = set()
        self._tail_ids: list[str] = []

    def begin(self, known: FileBookmark | None, decision: Decision) -> None:
        """Go on from the bookmark, or read a new version of a file that was read before."""
        self.resume = known if decision.do == "resume" else None
        self.report.file_id = known.file if known and not decision.why else ""
        if decision.why:
            self.version += 1
            self.report.add(sentence(decision.why))

    def pages(self) -> Iterator[FilePage]:
        """Yield the file's pages.

        Raises:
            UnreadableError: what was not yielded cannot be read.
            NoTableError: the file is none of ours.
            OSError: it cannot be read for a reason that may pass.
        """
        before = self.source.stat()
        with self.source.open() as stream:
            yield from self._read(take_sample(stream), stream)
        if self.source.stat() != before:
            self.report.add("The file changed while it was read; the next run compares it and reads what is new.")
        self.report.complete = True
        yield FilePage([self.report.message()], self._bookmark(done=True), self.source.size)

    def failed(self, reason: str, *, lasting: bool) -> FilePage:
        """Return the page that says why the file, or the rest of it, was not read.

        Where not even the columns are known it gets an id of its own: rows of earlier runs need what is said of theirs.
        """
        if self.report.columns is None:
            self.report.file_id = file_id(self.source.path, self.version, b"")
        self.report.add(reason)
        reject = file_reject(reason, file_id=self.report.file_id, path=self.source.path)
        bookmark = self._bookmark(refused=reason) if lasting else None
        return FilePage([self.report.message(), reject], bookmark, self.source.size)

    def _read(self, sample: bytes, stream: BinaryIO) -> Iterator[FilePage]:
        source = self.source
        self.report.file_id = self.report.file_id or file_id(source.path, self.version, sample)
        complete = len(sample) < SAMPLE_BYTES or len(sample) >= source.size
        before = self.resume
        layout = find_layout(
            sample[: source.size], source.options, complete=complete, before=before.read_as if before else None
        )
        if layout is None:
            self.report.add("The file is empty.")
            self._place = Place(len(sample), 0, digest_text(hashlib.sha256(sample)))
            return
        is_found = source.is_part or not source.named
        if is_found and source.path.lower().endswith(".txt") and not layout.is_table:
            raise NoTableError("This text holds no table and is left alone; name the file in `files` to load it.")
        with closing(self._start(layout, find_columns(layout, source.options, before.kind if before else None))):
            yield FilePage([] if self.resume else [self.report.message()], None, 0)
            self._reader = self._rows_of(layout.decoder, Rejoined(sample[len(layout.head) :], stream))
            for page in self._reader.pages():
                yield self._file_page(page)
            if self._reader.lines.offset < source.size and not source.is_part:
                self.report.add("The file became shorter while it was read.")
            yield from self._settle()

    def _start(self, layout: Layout, columns: Columns) -> RowSender:
        resume = self.resume
        self.report.describe(layout, columns)
        self._layout = layout
        self._sender = RowSender(columns, self.report, self.phones, resume)
        self._known_lines = resume.line if resume else 0
        self._gone = set(resume.tail.ids) if resume and resume.tail else set()
        return self._sender

    def _rows_of(self, decoder: TextDecoder, stream: Readable) -> RowReader:
        size = self.source.size - len(self._layout.head)
        return row_reader(self._layout, decoder, stream, size=size, limits=self.limits)

    def _file_page(self, page: RowPage) -> FilePage:
        self.report.look(page)
        messages = self._sender.send(page)
        self._note(messages)
        is_known = self._reader.lines.line - 1 <= self._known_lines
        return FilePage(messages, None if is_known else self._bookmark(), self._reader.lines.offset)

    def _settle(self) -> Iterator[FilePage]:
        """Send the rows held back that turned out to be no repeats, and take back an unfinished row that has grown."""
        if self._sender.must_compare:
            with self.source.open() as stream:
                stream.read(len(self._layout.head))
                again = self._rows_of(replace(self._layout.decoder), stream)
                for page in again.pages():
                    self._sender.compare(page)
                    yield FilePage([], None, self._reader.lines.offset)
        settled = self._sender.settled()
        while messages := list(islice(settled, self.limits.page_rows)):
            self._note(messages)
            yield FilePage(messages, None, self._reader.lines.offset)
        yield FilePage(self._sender.take_back(self._gone), None, self._reader.lines.offset)
        self._gone.clear()

    def _note(self, messages: list[RecordMessage]) -> None:
        """Remember which rows came from the unfinished end of the file, and which of the last run's came again."""
        unsettled = self._reader.unsettled
        if self._gone:
            self._gone.difference_update(ids_of(messages))
        if unsettled is not None and len(self._tail_ids) <= MOST_TAIL_IDS:
            self._tail_ids += ids_of(messages, after_line=unsettled.line)

    def _bookmark(self, *, done: bool = False, refused: str | None = None) -> FileBookmark:
        place, tail = self._place_now()
        return FileBookmark(
            file=self.report.file_id,
            kind=self.report.columns.kind.name if self.report.columns else "",
            bytes=self.source.size,
            modified_ns=self.source.modified_ns,
            settings=self.settings,
            offset=place.offset,
            line=place.line,
            digest=place.digest,
            done=done,
            rows=self.counts.rows,
            rejected=self.counts.rejected,
            repeated=self.counts.repeated,
            version=self.version,
            read_as=self.report.layout.read_as if self.report.layout else None,
            tail=tail,
            refused=refused,
        )

    def _place_now(self) -> tuple[Place, Tail | None]:
        if self.report.columns is None:
            return self._place, None
        reader, tail = self._reader, None
        place = whole = reader.lines.place
        if reader.unsettled is not None and len(self._tail_ids) <= MOST_TAIL_IDS:
            place, tail = reader.unsettled, Tail(sorted({*self._gone, *self._tail_ids}), whole.digest)
        elif self._gone:
            tail = Tail(sorted(self._gone), "")
        return place, tail


def sentence(text: str) -> str:
    """Return a clause as a sentence."""
    return f"{text[0].upper()}{text[1:]}."

"""Decides for each row of a file whether it is sent, held back, rejected or in already."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_core.raw import KEPT_REJECT_BYTES, RawRecord, RecordMessage

from tap_csv.keys import LOST_DIGITS, LostDigitsError, content_hash, key_of
from tap_csv.records import (
    IMPORTS,
    decode_record,
    encode_record,
    record_maker,
    reject_message,
    tombstone,
    without,
)
from tap_csv.repeats import Repeats
from tap_csv.rows import BadRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_core.phones import PhoneReader

    from tap_csv.bookmarks import FileBookmark
    from tap_csv.columns import Columns
    from tap_csv.report import Report
    from tap_csv.rows import Row, RowPage


class RowSender:
    """Takes the rows of one file in order."""

    def __init__(self, columns: Columns, report: Report, phones: PhoneReader, resume: FileBookmark | None) -> None:
        source = report.source
        self._columns = columns
        self._report = report
        self._account = source.options.account
        self._key_of, self._content_of = key_of(columns), content_hash(columns)
        self._record_of = record_maker(columns, phones, account=self._account, file_id=report.file_id, path=source.path)
        self._repeats = Repeats(source.size)
        self._compared = 0
        self._known_lines = resume.line if resume else 0
        """What begins in these lines was sent by an earlier run."""
        self._settled_lines = resume.line if resume and resume.done else 0
        """What was held back from these lines was settled by an earlier run."""

    def close(self) -> None:
        """Drop temporary data."""
        self._repeats.close()

    def send(self, page: RowPage) -> list[RecordMessage]:
        """Return messages for the rows that are not in yet; every row is counted and compared."""
        key_of, record_of, repeats = self._key_of, self._record_of, self._repeats
        may_have_come, known_lines = repeats.may_have_come, self._known_lines
        ordinal = self._report.counts.accepted
        messages: list[RecordMessage] = []
        for line, row in page.rows:
            try:
                key = key_of(row)
            except LostDigitsError:
                page.bad.append(self._lost_digits(page, line, row))
                continue
            if key is None:
                continue
            ordinal += 1
            if may_have_come(key):
                repeats.hold(ordinal, key, self._content_of(row), line, encode_record(record_of(key, line, row)))
            elif line > known_lines:
                messages.append(RecordMessage(IMPORTS, record_of(key, line, row)))
        self._report.counts.accepted = ordinal
        self._report.counts.rejected += len(page.bad)
        bad_rows = sorted(page.bad, key=lambda bad: bad.line)
        return messages + [self._reject(bad) for bad in bad_rows if bad.line > known_lines]

    @property
    def must_compare(self) -> bool:
        """Whether rows are held back, so that the file must be read once more."""
        return self._repeats.holds_any

    def compare(self, page: RowPage) -> None:
        """Take the rows of the file once more, in the same order."""
        self._repeats.compare(self._keyed_again(page), self._content_of)

    def settled(self) -> Iterator[RecordMessage]:
        """Yield the rows held back that are no repeats."""
        for row in self._repeats.settled():
            self._report.counts.repeated += row.times - 1
            if row.record is not None and row.line > self._settled_lines:
                record = decode_record(row.record)
                record.id += f":{row.twin}" if row.twin > 1 else ""
                yield RecordMessage(IMPORTS, record)

    def take_back(self, ids: Iterable[str]) -> list[RecordMessage]:
        """Return tombstones of rows that were the unfinished end of the file and are other rows now."""
        origin = {"file": self._report.file_id, "path": self._report.source.path}
        now = datetime.now(UTC).isoformat()
        return [RecordMessage(IMPORTS, tombstone(self._account, row_id, now, origin)) for row_id in sorted(ids)]

    def _keyed_again(self, page: RowPage) -> Iterator[tuple[int, str, Row]]:
        for _, row in page.rows:
            with suppress(LostDigitsError):
                if (key := self._key_of(row)) is not None:
                    self._compared += 1
                    yield self._compared, key, row

    def _lost_digits(self, page: RowPage, line: int, row: Row) -> BadRow:
        starts = [other for other, _ in page.rows if other > line] + [bad.line for bad in page.bad if bad.line > line]
        offset, raw = page.raw(line, min(starts, default=None))
        if self._columns.denied:
            raw = without(self._columns, row)
        reason = LOST_DIGITS.format(header=self._columns.own_id_rule)
        digest = hashlib.sha256(raw).hexdigest()
        return BadRow(line, offset, reason, raw[:KEPT_REJECT_BYTES], len(raw), digest, is_clean=True)

    def _reject(self, bad: BadRow) -> RecordMessage:
        hide = bool(self._columns.denied) and not bad.is_clean
        return reject_message(bad, file_id=self._report.file_id, path=self._report.source.path, hide=hide)


def ids_of(messages: Iterable[RecordMessage], after_line: int = 0) -> list[str]:
    """Return the ids of the rows that begin after a line."""
    records = [message.record for message in messages if isinstance(message.record, RawRecord)]
    return [record.id for record in records if (record.origin or {}).get("line", 0) > after_line]

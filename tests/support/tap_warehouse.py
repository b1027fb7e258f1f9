"""Does to dicts what the loader does to tables: what a tap wrote, as it would be staged."""

from __future__ import annotations

from typing import Any, ClassVar

Row = dict[str, Any]
Key = tuple[str, str]
DELETED = "_sdc_deleted_at"


class Warehouse:
    """Rows of each stream by account and id."""

    account: ClassVar[str | None] = None
    """Whose rows are meant if a test names no account; without it, everybody's."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Row]] = {}

    def load(self, messages: list[dict[str, Any]]) -> Warehouse:
        """Take messages in order."""
        for message in messages:
            if message["type"] == "RECORD" and message["stream"] != "_rejected_records":
                self._take(message)
            elif message["type"] == "ACTIVATE_VERSION":
                self._activate(message)
        return self

    def ids(self, stream: str, account: str | None = None) -> set[str]:
        """Ids of all rows, deleted or not."""
        return {row["id"] for row in self._rows(stream, account)}

    def alive(self, stream: str, account: str | None = None) -> dict[str, Row]:
        """Objects that are not deleted."""
        return {row["id"]: row["record"] for row in self._rows(stream, account) if not row.get(DELETED)}

    def deleted(self, stream: str, account: str | None = None) -> set[str]:
        """Ids that are."""
        return {row["id"] for row in self._rows(stream, account) if row.get(DELETED)}

    def _rows(self, stream: str, account: str | None) -> list[Row]:
        meant = account or self.account
        return [row for row in self.tables.get(stream, {}).values() if meant in (None, row["account"])]

    def _take(self, message: dict[str, Any]) -> None:
        row = {**message["record"], "version": message.get("version")}
        rows, key = self.tables.setdefault(message["stream"], {}), (row["account"], row["id"])
        if row.get(DELETED) and key in rows:
            row = {**rows[key], **row, "record": {**rows[key]["record"], **row["record"]}}
        rows[key] = row

    def _activate(self, message: dict[str, Any]) -> None:
        for row in self.tables.get(message["stream"], {}).values():
            if row["account"] == message["account"] and row["version"] != message["version"]:
                row.setdefault(DELETED, "listed no more")

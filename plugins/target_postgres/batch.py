"""What is held in memory between two commits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from target_postgres.table import Table


@dataclass
class Counts:
    """Rows by what became of them."""

    read: int = 0
    new: int = 0
    changed: int = 0
    repeated: int = 0
    rejected: int = 0
    deleted: int = 0

    @property
    def unchanged(self) -> int:
        """Rows that were already stored with the same content."""
        return self.read - self.new - self.changed - self.repeated - self.rejected


@dataclass(frozen=True)
class RejectedRecord:
    """A record that was refused, and why."""

    stream: str
    reason: str
    raw: bytes
    raw_length: int
    raw_sha256: bytes
    origin: dict[str, Any] | None = None


@dataclass
class StreamPart:
    """The rows of one stream in a batch, the last of each key."""

    stream: str
    table: Table | None
    version: int | None = None
    rows: dict[Any, bytes] = field(default_factory=dict)
    widen: set[str] = field(default_factory=set)
    read: int = 0
    repeated: int = 0
    rejects: list[RejectedRecord] = field(default_factory=list)
    batch_id: int | None = None

    def add(self, key: bytes | None, line: bytes) -> int:
        """Keep a row and return the bytes added."""
        self.read += 1
        slot: Any = key if key is not None else self.read
        before = self.rows.get(slot)
        self.rows[slot] = line
        if before is None:
            return len(line)
        self.repeated += 1
        return len(line) - len(before)


@dataclass
class Batch:
    """Everything that the next commit contains."""

    started: set[str] = field(default_factory=set)
    parts: dict[str, StreamPart] = field(default_factory=dict)
    state: dict[str, Any] | None = None
    progress: dict[str, Any] = field(default_factory=dict)
    sweeps: list[tuple[Table, str, int]] = field(default_factory=list)
    size: int = 0
    rows: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether a commit would change nothing."""
        return not (self.started or self.parts or self.state or self.progress or self.sweeps)

"""What is held in memory between two commits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import msgspec

    from target_postgres.messages import StreamProgress
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
    """The rows of one stream in a batch: the last of each key, and those that it replaced."""

    stream: str
    table: Table | None
    version: int | None = None
    rows: dict[Any, bytes] = field(default_factory=dict)
    replaced: dict[Any, list[bytes]] = field(default_factory=dict)
    widen: set[str] = field(default_factory=set)
    read: int = 0
    repeated: int = 0
    rejects: list[RejectedRecord] = field(default_factory=list)
    batch_id: int | None = None

    def add(self, key: bytes | None, line: bytes) -> None:
        """Keep a row; one that it replaces is kept too, in case Postgres refuses the later one."""
        self.read += 1
        slot: Any = key if key is not None else self.read
        before = self.rows.get(slot)
        self.rows[slot] = line
        if before is not None:
            self.repeated += 1
            self.replaced.setdefault(slot, []).append(before)

    def versions(self) -> list[list[bytes]]:
        """The rows of each key, oldest first."""
        return [[*self.replaced.get(slot, ()), row] for slot, row in self.rows.items()]


@dataclass
class Batch:
    """Everything that the next commit contains."""

    started: set[str] = field(default_factory=set)
    parts: dict[str, StreamPart] = field(default_factory=dict)
    state: dict[str, msgspec.Raw] | None = None
    progress: dict[str, StreamProgress] = field(default_factory=dict)
    sweeps: list[tuple[Table, str, int]] = field(default_factory=list)
    strict: bool = False
    size: int = 0
    rows: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether a commit would change nothing."""
        return self.state is None and not (self.started or self.parts or self.progress or self.sweeps)

"""What is held in memory between two commits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_postgres.rows import COPY_NULL

if TYPE_CHECKING:
    import msgspec

    from target_postgres.messages import StreamProgress
    from target_postgres.table import Table


_LIVING = b"\t" + COPY_NULL


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


@dataclass(frozen=True)
class Sweep:
    """The end of a full re-list: of one account, or of the whole stream."""

    table: Table
    stream: str
    version: int
    account: str | None
    since: int | None
    max_percent: int


@dataclass
class StreamPart:
    """The rows of one stream in a batch: the last of each key, and those that it replaced.

    `versions` names the re-list in which a key was shown, `relists` the accounts and versions that are under way.
    """

    stream: str
    table: Table | None
    rows: dict[Any, bytes] = field(default_factory=dict)
    replaced: dict[Any, list[bytes]] = field(default_factory=dict)
    versions: dict[bytes, int] = field(default_factory=dict)
    relists: set[tuple[str, int]] = field(default_factory=set)
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

    def show(self, account: str, key: bytes, version: int) -> None:
        """Remember that a re-list shows the key; a later row of it without a version takes nothing back."""
        self.versions[key] = version
        self.relists.add((account, version))

    def must_follow(self, key: bytes | None, line: bytes, version: int | None) -> bool:
        """Whether a row is for the next batch: a tombstone is merged into what is stored, and a key has one version."""
        if key is None or key not in self.rows:
            return False
        if version is not None and self.versions.get(key, version) != version:
            return True
        return self.table is not None and self.table.raw and not line.endswith(_LIVING)

    def histories(self) -> list[list[bytes]]:
        """The rows of each key, oldest first; each with its version where the part has any."""
        found = ([*self.replaced.get(slot, ()), row] for slot, row in self.rows.items())
        if not self.versions:
            return list(found)
        ends = (b"\t%b" % (str(self.versions[s]).encode() if s in self.versions else COPY_NULL) for s in self.rows)
        return [[row + end for row in rows] for rows, end in zip(found, ends, strict=True)]


@dataclass
class Batch:
    """Everything that the next commit contains."""

    started: set[str] = field(default_factory=set)
    parts: dict[str, StreamPart] = field(default_factory=dict)
    state: dict[str, msgspec.Raw] | None = None
    progress: dict[str, StreamProgress] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)
    strict: bool = False
    size: int = 0
    rows: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether a commit would change nothing."""
        return self.state is None and not (self.started or self.parts or self.progress or self.sweeps)

"""How far each uploaded file is: what the last run's bookmark says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stage_first import project
from stage_first.uploads import Uploads
from tap_csv.sources import shown_path

from sync_center.language.catalogues import N_
from sync_center.pages.imports.looking import SettingError, options

if TYPE_CHECKING:
    from stage_first.uploads import Upload

    from sync_center.database import Row
    from sync_center.panel import Panel

JOB = "download-csv"
DOWNLOADS = {JOB, "download-all"}
WAITING, IMPORTING, PARTLY = "waiting", "importing", "partly"
IMPORTED, CHANGED, REFUSED = "imported", "changed", "refused"
WORDS = {
    WAITING: N_("not imported yet"),
    IMPORTING: N_("being imported"),
    PARTLY: N_("imported in part"),
    IMPORTED: N_("imported"),
    CHANGED: N_("imported; changed since"),
    REFUSED: N_("could not be read"),
}
TONES = {
    WAITING: "attention", PARTLY: "attention", CHANGED: "attention",
    IMPORTING: "busy", IMPORTED: "good", REFUSED: "bad",
}  # fmt: skip
_DIGEST_LENGTH = 32


@dataclass(frozen=True)
class UploadState:
    """One file at this moment."""

    upload: Upload
    state: str
    rows: int = 0
    rejected: int = 0
    repeated: int = 0
    reason: str = ""
    elsewhere: str = ""
    """Another file with the same content that is imported already."""


@dataclass(frozen=True)
class Import:
    """Whether an import goes on, and how far it is."""

    is_running: bool
    run: Row | None

    @property
    def percent(self) -> int | None:
        """How far it is, in the bytes of all files."""
        done, total = (self.run["progress_done"], self.run["progress_total"]) if self.run else (None, None)
        return min(99, 100 * done // total) if done is not None and total else None


def uploads_of(panel: Panel) -> Uploads:
    """The uploaded files of this panel."""
    return Uploads(panel.settings.imports)


def read_import(panel: Panel) -> Import:
    """Whether files are being read now, whoever has started it."""
    run = panel.database.row("imports", "running")
    commands = [row for row in panel.processes.under_way() if row["name"] in DOWNLOADS]
    return Import(bool(run or commands), run)


def read_states(panel: Panel, uploads: list[Upload], is_running: bool) -> list[UploadState]:
    """The state of each file."""
    bookmarks = panel.database.rows("imports", "bookmarks")
    return [_state(panel, upload, bookmarks, is_running) for upload in uploads]


def _state(panel: Panel, upload: Upload, bookmarks: list[Row], is_running: bool) -> UploadState:
    path = shown_path(panel.settings.imports / upload.name, project.ROOT)
    own = [row for row in bookmarks if row["path"] == path or row["path"].startswith(f"{path}/")]
    others = [row["path"] for row in bookmarks if row not in own and _has_content(row, upload)]
    figures = {name: sum(row[name] for row in own) for name in ("rows", "rejected", "repeated")}
    reason = next((row["refused"] for row in own if row["refused"]), "")
    state = _word(panel, upload, own, is_running)
    return UploadState(upload, state, **figures, reason=reason, elsewhere=next(iter(others), ""))


def _has_content(row: Row, upload: Upload) -> bool:
    return bool(row["is_done"]) and row["digest"] == upload.sha256[:_DIGEST_LENGTH]


def _word(panel: Panel, upload: Upload, own: list[Row], is_running: bool) -> str:
    is_current = bool(own) and all(row["settings"] == _fingerprint(panel, upload) for row in own)
    if is_running and not (is_current and all(row["is_done"] for row in own)):
        return IMPORTING
    if not own:
        return WAITING
    if any(row["refused"] for row in own):
        return REFUSED
    if not all(row["is_done"] for row in own):
        return PARTLY
    return IMPORTED if is_current else CHANGED


def _fingerprint(panel: Panel, upload: Upload) -> str:
    try:
        return options(panel, upload).fingerprint()
    except SettingError:
        return ""

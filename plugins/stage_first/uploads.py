"""Files that were uploaded in the Sync Center: a folder of their own, with a list that tap-csv reads beside `files`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from local_postgres.lock import locked

from stage_first import project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VARIABLE = "TAP_CSV_UPLOADS"
_LIST = "files.json"
_OURS = {_LIST, "files.new", "lock"}
_Known = dict[str, dict[str, Any]]
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Upload:
    """One file, its checksum, and how it is read: `settings` are what an entry of `files` may say."""

    name: str
    bytes: int
    sha256: str
    uploaded_by: str
    uploaded_at: datetime
    is_wanted: bool = False
    """Whether somebody has said that it is to be imported; until then no download reads it."""
    settings: Mapping[str, Any] = field(default_factory=dict)


def folder_of(meltano_environment: str | None) -> Path:
    """Where they lie: the demo has its own, as it has its own database."""
    is_demo = meltano_environment == project.DEMO
    return (project.DATA / project.DEMO if is_demo else project.DATA) / "imports"


def variables(meltano_environment: str | None) -> dict[str, str]:
    """The variable by which tap-csv finds the list, if any file of it is to be imported."""
    uploads = Uploads(folder_of(meltano_environment))
    return {VARIABLE: str(uploads.list_file)} if any(upload.is_wanted for upload in uploads.all()) else {}


class Uploads:
    """The files of one folder; several may change it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.list_file = folder / _LIST

    def all(self) -> list[Upload]:
        """Every file that is still there, the newest first."""
        found = [_upload(name, about) for name, about in self._read().items() if (self.folder / name).is_file()]
        return found[::-1]

    def named(self, name: str) -> Upload | None:
        """The file of that name."""
        return next((upload for upload in self.all() if upload.name == name), None)

    def same(self, sha256: str) -> Upload | None:
        """The first uploaded file with that content."""
        return next((upload for upload in reversed(self.all()) if upload.sha256 == sha256), None)

    def add(self, partial: Path, name: str, *, sha256: str, who: str) -> Upload:
        """Take a complete file into the folder, under a name that is free."""
        about = {"bytes": partial.stat().st_size, "sha256": sha256, "uploaded_by": who}
        about |= {"uploaded_at": datetime.now(UTC).isoformat(timespec="seconds")}

        def write(known: _Known) -> Upload:
            free = _free_name(name, self.folder)
            os.replace(partial, self.folder / free)
            known[free] = about
            return _upload(free, about)

        return self._change(write)

    def settle(self, name: str, settings: Mapping[str, Any]) -> None:
        """Say how the file is read."""
        self._note(name, settings=dict(settings))

    def want(self, name: str) -> None:
        """Say that the next downloads read the file."""
        self._note(name, wanted=True)

    def remove(self, name: str) -> None:
        """Remove the file; what was read of it stays in the warehouse."""

        def write(known: _Known) -> None:
            if known.pop(name, None) is not None:
                (self.folder / name).unlink(missing_ok=True)

        self._change(write)

    def _read(self) -> _Known:
        try:
            found: _Known = json.loads(self.list_file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def _note(self, name: str, **about: Any) -> None:
        def write(known: _Known) -> None:
            if name in known:
                known[name] |= about

        self._change(write)

    def _change(self, write: Callable[[_Known], _Result]) -> _Result:
        """Change the list as a whole: who reads it sees the old one or the new one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder):
            known = self._read()
            result = write(known)
            new = self.list_file.with_suffix(".new")
            new.write_text(json.dumps(known, ensure_ascii=False, indent=1), "utf-8")
            os.replace(new, self.list_file)
        return result


def _upload(name: str, about: Mapping[str, Any]) -> Upload:
    at, is_wanted = datetime.fromisoformat(about["uploaded_at"]), bool(about.get("wanted"))
    settings = about.get("settings") or {}
    return Upload(name, about["bytes"], about["sha256"], about["uploaded_by"], at, is_wanted, settings)


def _free_name(name: str, folder: Path) -> str:
    """The name, with a number where it is taken: an earlier file is never overwritten."""
    stem, suffix = Path(name).stem, Path(name).suffix
    free, number = name, 1
    while free in _OURS or (folder / free).exists():
        number += 1
        free = f"{stem}-{number}{suffix}"
    return free

"""Files that were uploaded in the Sync Center: listed in a JSON file beside them, read after those of `files`."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from tap_csv.errors import SettingError
from tap_csv.sources import project_folder

logger = logging.getLogger("tap-csv")


def uploaded(listed_in: str | None) -> list[dict[str, Any]]:
    """Return an entry as in `files` for each file that somebody wants to be imported, the first uploaded first.

    Raises:
        SettingError: the list cannot be read.
    """
    if not listed_in:
        return []
    file = project_folder() / Path(listed_in).expanduser()
    try:
        listed = json.loads(file.read_text("utf-8")).items()
        wanted = {name: dict(about.get("settings") or {}) for name, about in listed if about.get("wanted")}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise SettingError(f"{listed_in}: the list of uploaded files cannot be read ({error}).") from error
    entries = [{**settings, "path": str(file.parent / name)} for name, settings in wanted.items()]
    return [entry for entry in entries if _is_there(entry["path"])]


def _is_there(path: str) -> bool:
    """Whether the file is still there; one that somebody has removed is said, and no failure."""
    found = Path(path).exists()
    if not found:
        logger.warning("%s was uploaded and is gone; what was read of it stays.", path)
    return found

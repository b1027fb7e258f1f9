"""The settings of one file: what `files` says about it, over what holds for every file."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tap_csv.errors import SettingError
from tap_csv.headers import normalise
from tap_csv.uploads import uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping

DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
SIGNS = '\r\n\t,;|"'
"""What must be the same bytes in every encoding but UTF-16."""
FORMATS = ("point", "comma", "iso", "dmy", "mdy")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FILE_KEYS = {"path", "kind", "account", "full_export", "encoding", "delimiter", "mapping", "formats", "time_zone"}


@dataclass(frozen=True)
class Options:
    """How one entry of `files` is to be read; None means: find out."""

    path: str
    account: str = "main"
    kind: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    time_zone: str | None = None
    mapping: dict[str, str | None] = field(default_factory=dict)
    """Normalised header to field; None: the column means nothing to us."""
    expected: frozenset[str] = frozenset()
    """Normalised headers that the mapping of this very file names."""
    formats: dict[str, str] = field(default_factory=dict)
    """Normalised header to `point`, `comma`, `iso`, `dmy` or `mdy`."""
    deny: frozenset[str] = frozenset()
    full_export: bool = False

    def fingerprint(self) -> str:
        """Change when a setting changes that decides what the rows become."""
        said = {**asdict(self), "path": None, "full_export": None, "deny": sorted(self.deny), "expected": None}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]


def options_of(config: Mapping[str, Any]) -> list[Options]:
    """Return one `Options` per entry of `files`, in order, and one per uploaded file.

    Raises:
        SettingError: no files, or a setting that cannot be meant.
    """
    entries = entries_of(config.get("files")) + uploaded(config.get("uploads"))
    if not entries:
        raise SettingError(
            "No files to read. Set `files` of tap-csv (or TAP_CSV_FILES in .env) to files, folders or globs, "
            "for instance TAP_CSV_FILES=exports/*.csv"
        )
    return [_options(entry, config) for entry in entries]


def entries_of(files: Any) -> list[dict[str, Any]]:
    """Return the entries of `files` as objects, in whichever form they were written."""
    if isinstance(files, str):
        text = files.strip()
        files = json.loads(text) if text.startswith("[") else re.split(r"[,\n]", text)
    entries = [{"path": entry} if isinstance(entry, str) else dict(entry) for entry in files or []]
    return [entry | {"path": entry["path"].strip()} for entry in entries if str(entry.get("path") or "").strip()]


def _options(entry: dict[str, Any], config: Mapping[str, Any]) -> Options:
    path = entry["path"]
    unknown = sorted(set(entry) - _FILE_KEYS)
    if unknown:
        raise SettingError(
            f"{path}: `{unknown[0]}` is no setting of a file; there are {', '.join(sorted(_FILE_KEYS))}."
        )
    both = {**config, **{name: value for name, value in entry.items() if value is not None}}
    return Options(
        path=path,
        account=both.get("account") or "main",
        kind=_kind(path, entry.get("kind")),
        encoding=_encoding(path, both.get("encoding")),
        delimiter=_delimiter(path, both.get("delimiter")),
        time_zone=_time_zone(path, both.get("time_zone")),
        mapping=_by_header(config.get("mapping")) | _by_header(entry.get("mapping")),
        expected=frozenset(_by_header(entry.get("mapping"))),
        formats=_formats(path, _by_header(config.get("formats")) | _by_header(entry.get("formats"))),
        deny=frozenset(normalise(header) for header in config.get("deny") or ()),
        full_export=bool(entry.get("full_export")),
    )


def _by_header(mapping: Any) -> dict[str, Any]:
    mapping = json.loads(mapping) if isinstance(mapping, str) else mapping
    return {normalise(header): value for header, value in (mapping or {}).items()}


def _kind(path: str, kind: str | None) -> str | None:
    if kind and not _KIND.fullmatch(kind):
        raise SettingError(
            f"{path}: kind `{kind}` must be lower case letters, digits and _, for instance kajabi_people."
        )
    return kind or None


def _encoding(path: str, encoding: str | None) -> str | None:
    if not encoding:
        return None
    try:
        name = codecs.lookup(encoding).name
        is_readable = name.startswith("utf-16") or SIGNS.encode(name).removeprefix(codecs.BOM_UTF8) == SIGNS.encode()
    except (LookupError, UnicodeError):
        is_readable = False
    if not is_readable:
        raise SettingError(
            f"{path}: `{encoding}` is no encoding that CSVs are read in; usual are utf-8, cp1252, utf-16, mac-roman."
        )
    return name


def _delimiter(path: str, delimiter: str | None) -> str | None:
    if not delimiter:
        return None
    found = DELIMITER_NAMES.get(delimiter, delimiter)
    if len(found) != 1 or found in '"\r\n\0':
        raise SettingError(
            f"{path}: the delimiter `{delimiter}` must be one character, or tab, comma, semicolon, pipe."
        )
    return found


def _time_zone(path: str, name: str | None) -> str | None:
    if not name:
        return None
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingError(f"{path}: there is no time zone `{name}`; write it like America/Mexico_City.") from None
    return name


def _formats(path: str, formats: dict[str, str]) -> dict[str, str]:
    for header, value in formats.items():
        if value not in FORMATS:
            raise SettingError(f"{path}: format `{value}` of column {header} must be one of {', '.join(FORMATS)}.")
    return formats

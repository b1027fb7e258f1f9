"""Changes `.env`: comments and other lines stay, nobody ever reads half of it, and only its owner may read it."""

from __future__ import annotations

import fcntl
import io
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream

from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 8192
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_OWNER_ONLY = 0o600


def write_settings(path: Path, values: Mapping[str, str]) -> None:
    """Set variables; an empty value leaves the name with nothing behind it.

    Raises:
        UsageError: a name or a value cannot stand in the file, or the file cannot be written.
    """
    for name, value in values.items():
        _check(name, value)
    path = Path(os.path.realpath(path))
    try:
        with _alone(path.parent):
            _replace(path, _changed(path, values))
    except OSError as error:
        raise UsageError(f"{path.name} cannot be written: {error.strerror}.") from error


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a setting.")
    if not value.isprintable():
        raise UsageError(f"{name} holds a line break or another character that cannot be seen: copy it again.")
    if len(value) > LONGEST:
        raise UsageError(f"{name} is longer than {LONGEST} characters.")
    if "${" in value:
        raise UsageError(f"{name} holds ${{, which .env would take for the name of another setting.")


def _changed(path: Path, values: Mapping[str, str]) -> str:
    """The text as it will be; of a name that stands there twice, the last line counts and is kept."""
    text = path.read_bytes().decode() if path.exists() else ""
    bindings = list(parse_stream(io.StringIO(text, newline="")))
    last = {binding.key: place for place, binding in enumerate(bindings) if binding.key in values}
    kept = []
    for place, (name, _, original, _) in enumerate(bindings):
        if name is None or name not in values:
            kept.append(original.string)
        elif last[name] == place:
            kept.append(_line(name, values[name], original.string))
    lines = "".join(kept)
    missing = [_line(name, value) for name, value in values.items() if name not in last]
    return (lines if not missing or not lines or lines.endswith("\n") else f"{lines}\n") + "".join(missing)


def _line(name: str, value: str, before: str = "") -> str:
    """A line of the file; blank lines that stood before the old one stay."""
    blank = before[: len(before) - len(before.lstrip())]
    return f"{blank}{name}={_quoted(value)}\n"


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name.lstrip('.')}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), _OWNER_ONLY)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of two who write at once the second sees what the first wrote."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

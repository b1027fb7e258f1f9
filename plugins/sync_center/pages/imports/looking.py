"""What tap-csv would make of an uploaded file: its own inspection, as plain texts that can be kept and shown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]
from stage_first import project
from stage_first.settings import dotenv
from tap_csv.archives import Limits
from tap_csv.errors import SettingError, UnreadableError
from tap_csv.inspection import SHOWN_ROWS, InspectedColumn, Inspection, inspect
from tap_csv.options import Options, options_of
from tap_csv.sources import find_sources, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stage_first.uploads import Upload
    from tap_csv.sources import Source

    from sync_center.panel import Panel

MOST_PARTS = 12
"""Of an archive so many parts are looked at."""
MOST_KEPT = 50
_DEFINITION = project.ROOT / "extractors" / "tap_csv" / "csv.meltano.yml"
_LISTS = {"deny"}


@dataclass(frozen=True)
class Look:
    """One file, or one part of an archive."""

    path: str
    size: int
    refusal: str = ""
    kind: str = ""
    kind_why: str = ""
    own_id: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    columns: list[InspectedColumn] = field(default_factory=list)
    first_rows: list[tuple[int, list[str]]] = field(default_factory=list)
    rows: int = 0
    to_reject: int = 0
    whole: bool = True
    problems: list[str] = field(default_factory=list)


def look(panel: Panel, upload: Upload, settings: Mapping[str, Any] | None = None) -> list[Look]:
    """What is detected with the file's settings, or with others that are not saved yet.

    Raises:
        SettingError: the settings cannot be meant.
    """
    config = tap_config(panel)
    entry = {**(upload.settings if settings is None else settings), "path": str(panel.settings.imports / upload.name)}
    key = ("look", upload.name, upload.sha256, json.dumps([entry, config], sort_keys=True))
    if key not in panel.known:
        _forget_the_oldest(panel)
        panel.known[key] = _look(config, entry)
    found: list[Look] = panel.known[key]
    return found


def options(panel: Panel, upload: Upload) -> Options:
    """How tap-csv understands the file's settings.

    Raises:
        SettingError: they cannot be meant.
    """
    entry = {**upload.settings, "path": str(panel.settings.imports / upload.name)}
    return options_of({**tap_config(panel), "files": [entry]})[0]


def tap_config(panel: Panel) -> dict[str, Any]:
    """The settings of tap-csv that hold for every file: its definition, then the variables."""
    environment = {**dotenv(panel.settings.environment), **panel.settings.child_environment}
    prefix = "TAP_CSV_"
    given = {name.removeprefix(prefix).lower(): value for name, value in environment.items() if name.startswith(prefix)}
    given = {name: value for name, value in given.items() if value and name not in {"files", "uploads"}}
    return {**_defined(), **{name: _list(value) if name in _LISTS else value for name, value in given.items()}}


@cache
def _defined() -> dict[str, Any]:
    (definition,) = yaml.safe_load(_DEFINITION.read_text("utf-8"))["plugins"]["extractors"]
    values = {setting["name"]: setting["value"] for setting in definition["settings"] if "value" in setting}
    return {**values, **definition.get("config", {})}


def _list(value: str) -> list[str]:
    return list(json.loads(value)) if value.startswith("[") else value.split(",")


def _look(config: Mapping[str, Any], entry: dict[str, Any]) -> list[Look]:
    limits = Limits(int(config["zip_max_part_bytes"]), int(config["zip_max_ratio"]))
    sources = find_sources(options_of({**config, "files": [entry]}), project.ROOT, limits)
    return [_look_at(source, config.get("default_region")) for source in sources[:MOST_PARTS]]


def _look_at(source: Source, region: str | None) -> Look:
    try:
        return _shown(inspect(source, region))
    except (UnreadableError, OSError) as error:
        return Look(Path(source.path).name, source.size, reason_of(error) if isinstance(error, OSError) else str(error))


def _shown(found: Inspection) -> Look:
    rows = found.rows[:SHOWN_ROWS]
    return Look(
        Path(found.source.path).name,
        found.source.size,
        kind=found.columns.kind.name,
        kind_why=found.columns.recognised.why,
        own_id=found.columns.own_id_rule,
        encoding=found.layout.encoding,
        delimiter=found.delimiter,
        header_line=found.layout.header_line,
        columns=found.inspected_columns(),
        first_rows=[(line, [found.shown(index, value) for index, value in enumerate(row)]) for line, row in rows],
        rows=found.total,
        to_reject=found.to_reject,
        whole=found.whole,
        problems=found.problems(),
    )


def _forget_the_oldest(panel: Panel) -> None:
    kept = [key for key in panel.known if isinstance(key, tuple) and key[0] == "look"]
    if len(kept) >= MOST_KEPT:
        panel.known.pop(kept[0], None)


__all__ = ["Look", "SettingError", "look", "options", "tap_config"]

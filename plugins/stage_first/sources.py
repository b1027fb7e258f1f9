"""The sources, as the definitions of their taps tell: what they are called, and when they are configured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]

from stage_first import project
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Source:
    """A source; one of the groups of `needs`, which are variables, makes it configured."""

    name: str
    label: str
    tap: str
    schema: str
    needs: tuple[tuple[str, ...], ...]
    reads_staging: bool = False
    """Whether the tap looks up what others have staged (annotation `reads_staging` of its definition)."""

    @property
    def job(self) -> str:
        """The job that downloads this source alone."""
        return f"download-{self.name}"

    def is_configured(self, environment: Mapping[str, str]) -> bool:
        """Whether all variables of a group are set."""
        return any(not _missing(group, environment) for group in self.needs)

    def missing(self, environment: Mapping[str, str]) -> list[str]:
        """The variables to set: of the group that was begun the rest, else the first group."""
        missing = [_missing(group, environment) for group in self.needs]
        begun = [rest for rest, group in zip(missing, self.needs, strict=True) if len(rest) < len(group)]
        return min(begun, key=len) if begun else missing[0]

    def hint(self, environment: Mapping[str, str]) -> str:
        """The same as a sentence."""
        wanted = self.missing(environment)
        is_begun = any(len(wanted) < len(group) and set(wanted) < set(group) for group in self.needs)
        ways = "" if is_begun or len(self.needs) == 1 else " (.env.example tells other ways)"
        return f"set {' and '.join(wanted)} in .env{ways}"


@cache
def all_sources() -> tuple[Source, ...]:
    """Every source that has a tap, by name."""
    return tuple(sorted(map(_source, tap_definitions().values()), key=lambda source: source.name))


@cache
def tap_definitions() -> dict[str, dict[str, Any]]:
    """What `*.meltano.yml` says of each tap, by its name."""
    files = sorted(project.ROOT.glob("extractors/*/*.meltano.yml"))
    taps = [tap for file in files for tap in yaml.safe_load(file.read_text("utf-8"))["plugins"]["extractors"]]
    return {tap["name"]: tap for tap in taps}


def configured(environment: Mapping[str, str], only: Sequence[str] = ()) -> list[Source]:
    """The sources to download.

    Raises:
        UsageError: none is configured, or one of `only` is not.
    """
    chosen = [source_named(name) for name in only] or list(all_sources())
    found = [source for source in chosen if source.is_configured(environment)]
    missing = [f"{source.name} ({source.hint(environment)})" for source in chosen if source not in found]
    if only and missing:
        raise UsageError(f"Not configured: {'; '.join(missing)}.")
    if not found:
        raise UsageError("\n  ".join(["No source is configured; .env.example says where to find what:", *missing]))
    return found


def source_named(name: str) -> Source:
    """The source of that name.

    Raises:
        UsageError: there is none.
    """
    for source in all_sources():
        if source.name == name:
            return source
    names = ", ".join(source.name for source in all_sources())
    raise UsageError(f"There is no source {name!r}. There are: {names}.")


def _source(tap: dict[str, Any]) -> Source:
    name = tap["name"]
    prefix, groups = name.replace("-", "_").upper(), tap.get("settings_group_validation", [])
    given = {setting["name"] for setting in tap["settings"] if "value" in setting}
    needs = tuple(tuple(f"{prefix}_{needed.upper()}" for needed in group if needed not in given) for group in groups)
    reads_staging = tap.get("annotations", {}).get("stage_first", {}).get("reads_staging", False)
    return Source(name.removeprefix("tap-"), tap.get("label", name), name, tap["load_schema"], needs, reads_staging)


def _missing(group: tuple[str, ...], environment: Mapping[str, str]) -> list[str]:
    return [variable for variable in group if not environment.get(variable, "").strip()]

"""The settings of each source as the definition of its tap tells them: variables, what they mean, which are secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stage_first.sources import tap_definitions

if TYPE_CHECKING:
    from stage_first.sources import Source

_WRITABLE = {"string", "integer", "boolean", "date_iso8601"}
"""Kinds that a line of text can say."""


@dataclass(frozen=True)
class Setting:
    """A setting; `is_needed`: one of the ways to configure the source asks for it."""

    variable: str
    name: str
    description: str
    is_secret: bool
    is_needed: bool
    default: str


def settings_of(source: Source) -> list[Setting]:
    """The settings of a source that a person may write, the needed ones first."""
    needed = {variable for group in source.needs for variable in group}
    tap = tap_definitions()[source.tap]
    found = [_setting(source, setting, needed) for setting in tap["settings"]]
    return sorted((one for one in found if one), key=lambda one: not one.is_needed)


def _setting(source: Source, setting: dict[str, Any], needed: set[str]) -> Setting | None:
    variable = f"{source.tap.replace('-', '_').upper()}_{setting['name'].upper()}"
    default = setting.get("value")
    if variable not in needed and setting.get("kind") not in _WRITABLE:
        return None
    if isinstance(default, str) and default.startswith("$"):  # the warehouse's address is not a source's
        return None
    return Setting(
        variable=variable,
        name=setting["name"],
        description=setting.get("description", ""),
        is_secret=bool(setting.get("sensitive")),
        is_needed=variable in needed,
        default="" if default is None else str(default).lower() if isinstance(default, bool) else str(default),
    )

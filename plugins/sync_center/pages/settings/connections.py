"""How each source stands: which settings are written, what its last test said. No secret leaves this file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stage_first.settings import UsageError, written_settings
from stage_first.source_settings import Setting, settings_of
from stage_first.sources import Source, all_sources

from sync_center.processes import Command, log_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync_center.database import Row
    from sync_center.panel import Panel

_MOST_LINES = 12


@dataclass(frozen=True)
class Field:
    """A setting as a page may know it: a secret's value is not in it."""

    setting: Setting
    value: str
    is_set: bool
    is_fixed: bool
    """The panel's own environment says it, and wins over `.env`."""


@dataclass(frozen=True)
class Test:
    """The last test of a credential."""

    is_under_way: bool
    is_fine: bool
    command: Row
    lines: list[str]


@dataclass(frozen=True)
class Connection:
    """A source."""

    source: Source
    is_configured: bool
    fields: list[Field]
    test: Test | None

    @property
    def needed(self) -> list[Field]:
        """What a way to configure it asks for."""
        return [field for field in self.fields if field.setting.is_needed]

    @property
    def further(self) -> list[Field]:
        """What may stay as it is."""
        return [field for field in self.fields if not field.setting.is_needed]


def check_command(source: Source) -> Command:
    """`stage-first check --only <source>`."""
    return Command(f"check-{source.name}", "stage-first", ("check", "--only", source.name))


def connections(panel: Panel) -> list[Connection]:
    """All sources."""
    commands = {row["name"]: row for row in panel.database.rows("settings", "checks")}
    running = {row["name"] for row in panel.processes.under_way()}
    return [_connection(panel, source, commands, running) for source in all_sources()]


def _connection(panel: Panel, source: Source, commands: Mapping[str, Row], running: set[str]) -> Connection:
    name = check_command(source).name
    environment = panel.environment()
    fixed = panel.settings.child_environment
    fields = [_field(setting, environment, fixed) for setting in settings_of(source)]
    test = _test(commands[name], name in running) if name in commands else None
    return Connection(source, source.is_configured(environment), fields, test)


def _field(setting: Setting, environment: Mapping[str, str], fixed: Mapping[str, str]) -> Field:
    value = environment.get(setting.variable, "")
    return Field(setting, "" if setting.is_secret else value, bool(value.strip()), bool(fixed.get(setting.variable)))


def _test(row: Row, is_under_way: bool) -> Test:
    lines = [] if is_under_way else list(log_lines(row["log_path"], _MOST_LINES))
    return Test(is_under_way, row["exit_code"] == 0, row, lines)


def changes(panel: Panel, source: Source, given: Mapping[str, str], removed: set[str]) -> dict[str, str]:
    """What of a form is to be written: an empty secret stays as it is, unless it is to be removed.

    Raises:
        UsageError: the panel's own environment says a setting, so that `.env` could not change it.
    """
    written, found = written_settings(panel.settings.environment), {}
    for setting in settings_of(source):
        if setting.variable not in given:
            continue
        value = given[setting.variable]
        if setting.is_secret and setting.variable in removed:
            found[setting.variable] = ""
        elif value != written.get(setting.variable, "") and (value or not setting.is_secret):
            found[setting.variable] = value
    fixed = [name for name in found if panel.settings.child_environment.get(name)]
    if fixed:
        raise UsageError(f"{fixed[0]} is set where the panel was started; that wins over .env, so change it there.")
    return found

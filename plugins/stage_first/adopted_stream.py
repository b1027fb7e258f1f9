"""The tap's own stream, so that an adopted row is what a download would make of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from tap_core import raw_json
from tap_core.api_stream import ApiStream, Facts

from stage_first.settings import UsageError

if TYPE_CHECKING:
    from stage_first.sources import Source

_LATEST_SECONDS = 100_000_000_000
"""A larger number of a moment counts milliseconds."""


@dataclass(frozen=True)
class Paths:
    """Where id and times stand in the payload, with points between names; None: where the tap knows them to be."""

    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None

    def facts(self, own: Any, fields: dict[str, Any]) -> Facts:
        """The facts of a payload.

        Raises:
            KeyError: it has no id.
        """
        found = own(fields) if self.id is None else Facts(_text(fields, self.id))
        if self.created_at:
            found = found._replace(created_at=_moment(raw_json.value_at(fields, self.created_at.split("."))))
        if self.updated_at:
            found = found._replace(updated_at=_moment(raw_json.value_at(fields, self.updated_at.split("."))))
        return found


def adopted_stream(source: Source, name: str, account: str | None, paths: Paths) -> ApiStream:
    """The stream of the source's tap, for an account.

    Raises:
        UsageError: there is no such stream, or nobody says which account it is.
    """
    tap = tap_of(source)
    stream = tap.streams.get(name)
    if not isinstance(stream, ApiStream):
        names = ", ".join(key for key, known in tap.streams.items() if isinstance(known, ApiStream))
        raise UsageError(f"{source.label} has no stream {name!r} of API objects. It has: {names or 'none'}.")
    part = stream.of_account(account or _usual_account(tap, source))
    own = part.facts
    part.facts = lambda fields: paths.facts(own, fields)  # type: ignore[method-assign]
    return part


def tap_of(source: Source) -> Any:
    """The source's tap with the settings of the environment, found by the name of its command."""
    (script,) = entry_points(group="console_scripts", name=source.tap)
    tap_class = getattr(import_module(script.module), script.attr.partition(".")[0])
    return tap_class(config={}, parse_env_config=True, validate_config=False)


def _usual_account(tap: Any, source: Source) -> str:
    """The account under which the tap would store it with the settings in `.env`."""
    try:
        return str(tap.account)
    except Exception as error:
        raise UsageError(
            f"Which account of {source.label} is the table of? Give --account (it is part of every key), the same as "
            "downloads will have: for GoHighLevel the location id."
        ) from error


def _text(fields: dict[str, Any], path: str) -> str:
    value = raw_json.value_at(fields, path.split("."))
    if value is None or isinstance(value, dict | list) or value == "":
        raise KeyError(path)
    return str(value)


def _moment(value: Any) -> str | None:
    """A moment as ISO 8601; numbers are seconds or milliseconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if value > _LATEST_SECONDS else value
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    return value if isinstance(value, str) and value else None

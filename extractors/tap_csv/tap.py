"""The tap for CSV exports: its settings and its two streams."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError
from tap_core.tap import COMMON_SETTINGS, RawTap
from typing_extensions import override

from tap_csv.archives import Limits
from tap_csv.errors import SettingError
from tap_csv.inspection_report import inspect_sources
from tap_csv.options import entries_of, options_of
from tap_csv.sources import Source, find_sources, project_folder
from tap_csv.streams import FilesStream, ImportsStream
from tap_csv.uploads import uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_core.stream import RawStream

_BY_HEADER = th.CustomType({"type": ["object", "string"], "additionalProperties": {"type": ["string", "null"]}})


class TapCSV(RawTap):
    """Reads CSV exports of any origin: every row, exactly, resumable."""

    name = "tap-csv"
    package_name = "stage-first"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "files",
            th.CustomType({"type": ["array", "string", "null"], "items": {"type": ["string", "object"]}}),
            description="Files, folders, globs and ZIP archives: a list, or a text separated by commas or new lines. "
            "An entry may be an object: path, kind, account, full_export, encoding, delimiter, time_zone, mapping, "
            "formats.",
        ),
        th.Property(
            "uploads",
            th.StringType,
            description="List of the files that were uploaded in the Sync Center (JSON, which it keeps beside them); "
            "they are read after `files`.",
        ),
        th.Property(
            "mapping", _BY_HEADER, description="Header to field, for every file; null: the column means nothing."
        ),
        th.Property(
            "formats",
            _BY_HEADER,
            description="Header to the way its amounts (point, comma) or dates (iso, dmy, mdy) are written, where the "
            "values leave it open.",
        ),
        th.Property("encoding", th.StringType, description="Encoding of every file; found out for each if empty."),
        th.Property("delimiter", th.StringType, description="Delimiter of every file; found out for each if empty."),
        th.Property("time_zone", th.StringType, description="Zone of dates that name none, like America/Mexico_City."),
        th.Property("page_rows", th.IntegerType, default=1000, description="Rows between two points to resume from."),
        th.Property(
            "max_row_bytes",
            th.IntegerType,
            default=16 * 1024 * 1024,
            description="A longer row is rejected with its first 64 KB.",
        ),
        th.Property(
            "zip_max_part_bytes",
            th.IntegerType,
            default=100 * 1024**3,
            description="A part of an archive that unpacks to more is not read to its end.",
        ),
        th.Property(
            "zip_max_ratio",
            th.IntegerType,
            default=250,
            description="A large part of an archive that unpacks to more times its size is not read to its end.",
        ),
        *COMMON_SETTINGS,
    ).to_dict()

    @cached_property
    def sources(self) -> list[Source]:
        """What there is to read.

        Raises:
            ConfigValidationError: the settings cannot be meant, or a named file does not exist.
        """
        return self.find(self.config)

    def find(self, config: Mapping[str, Any]) -> list[Source]:
        """Return the sources that settings name."""
        limits = Limits(self.config["zip_max_part_bytes"], self.config["zip_max_ratio"])
        try:
            return find_sources(options_of(config), project_folder(), limits)
        except SettingError as error:
            raise ConfigValidationError(str(error), errors=[str(error)]) from error

    @override
    def discover_streams(self) -> Sequence[RawStream]:
        return [FilesStream(self, "files"), ImportsStream(self, "imports")]

    @override  # type: ignore[misc]  # `final` in the SDK
    def sync_all(self) -> None:
        """Read all files, once it is sure that the settings can be meant."""
        _ = self.sources
        super().sync_all()

    def give_up(self, sentence: str) -> None:
        """End as a failure that keeps what was read: the checkpoint is written, the end of the run is not."""
        self.writer.state()
        self.logger.error(sentence)
        sys.exit(1)

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command with `--inspect FILE`."""
        command = super().get_singer_command()
        help_text = "Show how FILE (or folder, glob, ZIP) would be read, and load nothing."
        inspect = click.Option(["--inspect"], metavar="FILE", help=help_text, callback=cls._inspect, expose_value=False)
        command.params.append(inspect)
        return command

    @classmethod
    def _inspect(cls, context: click.Context, _option: click.Option, path: str | None) -> None:
        if path is None:
            return
        given = context.params.get("config")
        tap = cls(config=given.config if given else None, parse_env_config=bool(given and given.parse_env))
        listed = entries_of(tap.config.get("files")) + uploaded(tap.config.get("uploads"))
        configured = [entry for entry in listed if project_folder() / entry["path"] == project_folder() / path]
        sources = tap.find({**tap.config, "files": configured or [{"path": path}], "uploads": None})
        context.exit(0 if inspect_sources(sources, tap.config.get("default_region")) else 1)


if __name__ == "__main__":
    TapCSV.cli()

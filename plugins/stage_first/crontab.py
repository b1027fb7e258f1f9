"""The schedules of `meltano.yml` as crontab lines, and the embedded server as a systemd unit, for this very folder."""

from __future__ import annotations

import getpass
import shlex
from typing import TYPE_CHECKING

import yaml  # type: ignore[import-untyped]

from stage_first import project
from stage_first.sources import all_sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MERGING = ("unify",)
"""Jobs whose lines come commented out: downloading never merges, and when to merge is the user's decision."""
_HEAD = """# Stage First: append with `(crontab -l; stage-first crontab) | crontab -`, change with `crontab -e`.
# Times are of the machine's zone. Runs that overlap are safe: the second says so and stops.
# Keep the log small with /etc/logrotate.d/stage-first:
#   {log} {{
#     weekly
#     rotate 8
#     compress
#     copytruncate
#     missingok
#   }}
PATH={bin}:/usr/local/bin:/usr/bin:/bin
@reboot {command} start >> {log} 2>&1"""
_UNIT = """[Unit]
Description=Stage First, embedded Postgres
After=network.target

[Service]
Type=forking
User={user}
WorkingDirectory={root}
ExecStart={command} start
ExecStop={command} stop

[Install]
WantedBy=multi-user.target"""


def crontab(environment: Mapping[str, str]) -> str:
    """The lines; those of a source that is not configured come commented out, too."""
    log = _for_cron(project.DATA / "logs" / "cron.log")
    head = _HEAD.format(log=log, bin=project.BIN, command=_for_cron(project.BIN / "stage-first"))
    return "\n".join([head, *(_line(schedule, log, environment) for schedule in schedules())])


def schedules() -> list[dict[str, str]]:
    """The schedules of `meltano.yml`: name, job, interval."""
    found: list[dict[str, str]] = yaml.safe_load((project.ROOT / "meltano.yml").read_text("utf-8"))["schedules"]
    return found


def systemd_unit() -> str:
    """The unit."""
    root, bin_folder = (str(path).replace("%", "%%") for path in (project.ROOT, project.BIN))
    return _UNIT.format(user=getpass.getuser(), root=root, command=f'"{bin_folder}/stage-first"')


def _line(schedule: dict[str, str], log: str, environment: Mapping[str, str]) -> str:
    job = schedule["job"]
    run = f"{schedule['interval']} {_for_cron(project.BIN / 'meltano')} run {job} >> {log} 2>&1"
    if job in MERGING:
        return f"# Merging is for you to decide; without the # it happens by itself:\n# {run}"
    for source in all_sources():
        if source.job == job and not source.is_configured(environment):
            return f"# For {source.label} {source.hint(environment)}, then take away the #:\n# {run}"
    return run


def _for_cron(path: Path) -> str:
    """A path as cron's shell reads it: cron itself turns % into a line break."""
    return shlex.quote(str(path)).replace("%", "\\%")

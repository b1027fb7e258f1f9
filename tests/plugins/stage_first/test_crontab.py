"""The crontab lines run what `meltano.yml` schedules, from anywhere, and merge nothing by themselves."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml
from stage_first import project
from stage_first.crontab import crontab, systemd_unit

SCHEDULES = yaml.safe_load((project.ROOT / "meltano.yml").read_text())["schedules"]
JOBS = {job["name"] for job in yaml.safe_load((project.ROOT / "meltano.yml").read_text())["jobs"]}


CONFIGURED = {"TAP_STRIPE_API_KEY": "rk_live_..."}


def active_lines(environment: dict[str, str] = CONFIGURED) -> list[str]:
    return [line for line in crontab(environment).splitlines() if not line.startswith("#")]


def test_every_download_has_a_line_that_cron_can_run() -> None:
    path, reboot, *runs = active_lines()
    assert path.startswith(f"PATH={project.BIN}:")
    assert reboot.startswith("@reboot ")
    assert [line.split()[:5] for line in runs] == [s["interval"].split() for s in SCHEDULES if s["job"] != "unify"]
    for line in (reboot.removeprefix("@reboot "), *(line.split(maxsplit=5)[5] for line in runs)):
        command, *words = shlex.split(line)
        assert Path(command).is_absolute()
        assert Path(command).exists()
        assert words[-3:-1] == [">>", str(project.DATA / "logs" / "cron.log")]


def test_downloading_never_merges() -> None:
    assert {schedule["job"] for schedule in SCHEDULES} <= JOBS
    assert not [line for line in active_lines() if "unify" in line]
    assert [line for line in crontab({}).splitlines() if line.startswith("# 30 6") and "run unify" in line]


def test_a_source_that_is_not_configured_waits() -> None:
    assert not [line for line in active_lines({}) if "download-stripe" in line]
    assert "set TAP_STRIPE_API_KEY in .env" in crontab({})


def test_a_folder_with_blanks_and_per_cent_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "BIN", Path("/srv/100% ours/.venv/bin"))
    assert "'/srv/100\\% ours/.venv/bin/meltano' run download-all" in crontab({})
    assert 'ExecStart="/srv/100%% ours/.venv/bin/stage-first" start' in systemd_unit()

"""The demo never sees the user's credentials, and Meltano is told so too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from stage_first import doors, project, settings


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".env").write_text("TAP_STRIPE_API_KEY=rk_live_mine\nTAP_GHL_PRIVATE_TOKEN=pit-mine\nDBT_THREADS=3\n")
    demo = tmp_path / "settings.env"
    demo.write_text("TAP_STRIPE_API_KEY=rk_test_sandbox\n")
    monkeypatch.setattr(project, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setattr(project, "DATA", tmp_path / "data")
    monkeypatch.setattr(project, "DEMO_SETTINGS", demo)
    return demo


def test_the_demo_has_its_own_settings_of_taps(files: Path) -> None:
    assert files.exists()
    assert settings.dotenv("demo") == {"TAP_STRIPE_API_KEY": "rk_test_sandbox", "DBT_THREADS": "3"}
    assert settings.dotenv("prod")["TAP_STRIPE_API_KEY"] == "rk_live_mine"


@pytest.mark.parametrize("arguments", [["--environment=demo", "--help"], ["--environment", "demo", "--help"]])
def test_meltano_reads_them_instead_of_env(arguments: list[str], files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _program, command: started.append(command))
    monkeypatch.setattr(sys, "argv", ["meltano", *arguments])
    doors.meltano()
    assert started[0][3:] == ["--env-file", str(files), *arguments]

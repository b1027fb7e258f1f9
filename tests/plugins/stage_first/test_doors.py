"""dbt is started from any folder, whoever starts it."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from unittest import mock

import pytest
from stage_first.publishing import run_dbt


def test_dbt_finds_its_project_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = {"DBT_TARGET_PATH": str(tmp_path / "target"), "DBT_LOG_PATH": str(tmp_path / "logs")}
    with mock.patch.dict(os.environ, folders), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dbt's own
        for name in ("DBT_PROJECT_DIR", "DBT_PROFILES_DIR"):
            os.environ.pop(name, None)
        assert run_dbt(["ls", "--select", "publish", "--quiet"]).succeeded
    assert "stage_first.marts.publish" in capsys.readouterr().out

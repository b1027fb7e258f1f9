"""The command `local-postgres`."""

from __future__ import annotations

import logging

import psycopg
import pytest
from click.testing import CliRunner
from local_postgres import LocalServerError, waiting
from local_postgres.cli import main


def test_start_status_url_and_stop(existing, monkeypatch):
    monkeypatch.setenv("LOCAL_POSTGRES_FOLDER", str(existing.folder))
    monkeypatch.setenv("LOCAL_POSTGRES_PORT", str(existing.port))
    runner = CliRunner()

    def say(*words: str) -> tuple[int, str]:
        result = runner.invoke(main, words)
        return result.exit_code, result.output.strip()

    code, said = say("start")
    assert (code, f"ready on 127.0.0.1:{existing.port}" in said) == (0, True)
    assert say("status")[0] == 0
    assert say("url", "--database", "other") == (0, existing.url("other"))
    with psycopg.connect(say("url")[1]) as connection:
        assert connection.execute("select id from kept").fetchall() == [("before",)]
    assert say("stop") == (0, "PostgreSQL is stopped.")
    assert say("status")[0] == 3


def test_an_error_is_one_plain_sentence(place):
    result = CliRunner().invoke(main, ["url", "--folder", str(place / "none")])
    assert result.exit_code == 1
    assert result.output.startswith("Error: There is no ")


def test_a_long_wait_says_what_for_and_ends(monkeypatch, caplog):
    monkeypatch.setattr(waiting, "REPORT_SECONDS", -1.0)
    answers = iter([False, False, True])
    with caplog.at_level(logging.INFO):
        waiting.wait_for("the tide", lambda: next(answers))
    assert caplog.messages == ["waiting for the tide (0 s)"] * 2
    with pytest.raises(LocalServerError, match="the tide, in vain"):
        waiting.wait_for("the tide", lambda: False, limit=0)

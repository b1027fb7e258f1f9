"""What a person types, as it is typed: Meltano, dbt and `stage-first`, on both kinds of Postgres."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.folder import write_folder
from sandbox.people import World
from support import debian_postgres
from support.databases import fresh_database
from support.pipes import BIN, PROJECT, query

if TYPE_CHECKING:
    from collections.abc import Iterator


class Shell:
    """A shell without a profile, as cron has it: no PATH to speak of, no variables but those given."""

    def __init__(self, database_url: str, files: list[Path], home: Path) -> None:
        self.url = database_url
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "DATABASE_URL": database_url,
            "TAP_CSV_FILES": ",".join(map(str, files)),
            "TAP_CSV_DEFAULT_REGION": "MX",
        }

    def type(self, command: str, *arguments: str, folder: Path = PROJECT, code: int = 0) -> str:
        """Run a command of the environment and return all that it says."""
        done = subprocess.run(
            [BIN / command, *arguments],
            cwd=folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
        assert done.returncode == code, done.stdout[-4000:]
        return done.stdout


@pytest.fixture(scope="module", params=["embedded", "debian-15"])
def shell(
    request: pytest.FixtureRequest, server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Shell, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("typed")
    expected = write_folder(folder / "exports", World(3, 300))
    files = [folder / "exports" / name for name in expected["files"]]
    if request.param == "embedded":
        with fresh_database(server, template) as url:
            yield Shell(url, files, folder), expected
    elif not debian_postgres.BIN.is_dir():
        pytest.skip("PostgreSQL 15 of Debian is not installed (apt install postgresql-15)")
    else:
        with debian_postgres.debian_postgres() as url:
            yield Shell(url, files, folder), expected


class TestTyped:
    """In the order in which a person types it; each step stands on the one before."""

    def test_download(self, shell: tuple[Shell, dict[str, Any]], tmp_path: Path) -> None:
        typed, expected = shell
        typed.type("meltano", "run", "tap-csv", "target-postgres", folder=tmp_path)
        figures = query(
            typed.url, "select status, rows_read, rows_rejected from ops.sync_runs where stream = 'imports'"
        )
        rows, rejects = expected["rows"], expected["rejects"]
        assert figures == [("succeeded_with_rejects", rows + rejects, rejects)]
        assert query(typed.url, "select count(*) from staging_csv.imports") == [(rows,)]
        assert query(typed.url, "select count(*) from ops.rejected_records") == [(rejects,)]

    def test_download_again_loads_nothing(self, shell: tuple[Shell, dict[str, Any]]) -> None:
        typed, _ = shell
        before = query(typed.url, "select max(batch_id) from ops.batches where rows_read > 0")
        typed.type("meltano", "run", "tap-csv", "target-postgres")
        assert query(typed.url, "select max(batch_id) from ops.batches where rows_read > 0") == before

    def test_unify(self, shell: tuple[Shell, dict[str, Any]]) -> None:
        typed, expected = shell
        typed.type("meltano", "run", "unify")
        records = query(typed.url, "select count(*) from unified.client_records")[0][0]
        clients = query(typed.url, "select count(*) from unified.clients")[0][0]
        assert 0 < clients < records <= expected["rows"]
        assert query(typed.url, "select sum(rows_new) from unified.pending_unification") == [(None,)]

    def test_dbt_build_typed_in_transform_changes_nothing(self, shell: tuple[Shell, dict[str, Any]]) -> None:
        typed, _ = shell
        before = query(typed.url, "select count(*) from ops.publish_log")
        typed.type("dbt", "build", folder=PROJECT / "transform")
        assert query(typed.url, "select count(*) from ops.publish_log") == before
        runs = query(typed.url, "select status from ops.sync_runs where source = 'unify'")
        assert runs == [("succeeded",), ("succeeded",)]

    @pytest.mark.parametrize("shell", ["embedded", pytest.param("debian-15", marks=pytest.mark.soak)], indirect=True)
    def test_dbt_docs(self, shell: tuple[Shell, dict[str, Any]], tmp_path: Path) -> None:
        typed, _ = shell
        typed.type("dbt", "docs", "generate", "--target-path", str(tmp_path), folder=PROJECT / "transform")
        manifest = json.loads((tmp_path / "manifest.json").read_text())
        assert "source.stage_first.staging_csv.imports" in ancestors(manifest, "model.stage_first.clients")
        catalog = json.loads((tmp_path / "catalog.json").read_text())
        assert "model.stage_first.clients" in catalog["nodes"]

    def test_status(self, shell: tuple[Shell, dict[str, Any]]) -> None:
        typed, expected = shell
        status = {row["source"]: row for row in json.loads(typed.type("stage-first", "status", "--json"))}
        assert status["csv"]["state"] in {"succeeded", "succeeded_with_rejects"}
        assert status["csv"]["pending"] == 0
        assert status["csv"]["rejected"] == expected["rejects"]
        assert status["unify"]["state"] == "succeeded"
        assert "csv" in typed.type("meltano", "invoke", "stage-first:status")

    def test_nothing_is_in_public(self, shell: tuple[Shell, dict[str, Any]]) -> None:
        typed, _ = shell
        assert query(typed.url, "select tablename from pg_tables where schemaname = 'public'") == []


def ancestors(manifest: dict[str, Any], node: str) -> set[str]:
    """Everything that a node is made from."""
    parents = manifest["parent_map"].get(node, [])
    return set(parents).union(*(ancestors(manifest, parent) for parent in parents)) if parents else set()


def test_a_database_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    shell = Shell("postgresql://ana:secret@127.0.0.1:9/shop", [], tmp_path)
    said = shell.type("meltano", "run", "tap-csv", "target-postgres", code=1)
    assert "Check DATABASE_URL" in said
    assert "secret" not in said
    assert "Traceback" not in said

"""Runs dbt on the copy of the project, in this process."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stage_first import settings
from warehouse.address import libpq_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_QUIETLY = ("--quiet", "--no-write-json", "--log-level-file", "none")


class BuildError(RuntimeError):
    """The resolver failed; the message says where."""


def build(project: Path, url: str, *arguments: str) -> dict[str, str]:
    """`dbt build` without tests, and each node's status.

    Raises:
        BuildError: a model failed.
    """
    return run_dbt(project, url, "build", "--exclude-resource-type", "test", "unit_test", *arguments)


def run_dbt(project: Path, url: str, *arguments: str) -> dict[str, str]:
    """A command of dbt, and each node's status.

    Raises:
        BuildError: it failed.
    """
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(project), "--profiles-dir", str(project)]
    with _set(_environment(project, url)), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dbt's own
        done = dbtRunner().invoke([*arguments, *folders, *_QUIETLY])
    nodes = getattr(done.result, "results", [])
    if not done.success:
        faults = [f"{node.node.name}: {node.message}" for node in nodes if node.status in {"error", "fail"}]
        raise BuildError("\n".join(["dbt failed.", *faults, str(done.exception or "")]).strip())
    return {node.node.name: str(node.status) for node in nodes}


def _environment(project: Path, url: str) -> dict[str, str]:
    return {
        **libpq_environment(url),
        "STAGE_FIRST_ROLE": settings.prepare_warehouse(url),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_TARGET_PATH": str(project.parent / "target"),
        "DBT_LOG_PATH": str(project.parent / "logs"),
    }


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

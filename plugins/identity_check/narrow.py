"""Leaves out of the copied dbt project what the identity of records does not need: dbt then starts in half the time."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from pathlib import Path

TABLES = ("client_records", "client_aliases", "merge_conflicts", "shared_identifiers")
"""Where people read who is who."""
_NAMES = re.compile(r"'(\w+)'")
_PUBLISH = """{{ config(materialized='publish', schema='unified_internal') }}
%s
select 'client_records' as table_name, count(*) as row_count from {{ ref('client_records') }}
"""


def keep_only_identity(project: Path) -> None:
    """Remove all models that say nothing about who is who, and all tests; `publish` replaces what is left."""
    shutil.rmtree(project / "tests")
    models = {path.stem: path for path in project.glob("models/**/*.sql")}
    published = _named_in(models["publish"], models)
    macros = [name for path in project.glob("macros/**/*.sql") for name in _named_in(path, models)]
    needed = _needed(models, {*TABLES, *macros, "int_batches_resolved"} - {"publish"})
    depends = (f"-- depends_on: {{{{ ref('{name}') }}}}" for name in sorted(published & needed))
    models["publish"].write_text(_PUBLISH % "\n".join(depends), "utf-8")
    for name in models.keys() - needed - {"publish"}:
        models[name].unlink()
    for path in project.glob("**/*.yml"):
        if path.parent != project:
            _keep_descriptions(path, {*needed, "publish"})


def _needed(models: dict[str, Path], tables: set[str]) -> set[str]:
    """The tables and whatever they read, in any kind of run."""
    needed: set[str] = set()
    waiting = set(tables)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= _named_in(models[name], models) - needed
    return needed


def _named_in(path: Path, models: dict[str, Path]) -> set[str]:
    return {name for name in _NAMES.findall(path.read_text("utf-8")) if name in models}


def _keep_descriptions(path: Path, models: set[str]) -> None:
    described = yaml.safe_load(path.read_text("utf-8"))
    described.pop("unit_tests", None)
    if "models" in described:
        described["models"] = [model for model in described["models"] if model["name"] in models]
    path.write_text(yaml.safe_dump(_without_tests(described)), "utf-8")


def _without_tests(described: Any) -> Any:
    if isinstance(described, dict):
        return {key: _without_tests(value) for key, value in described.items() if key != "data_tests"}
    return [_without_tests(entry) for entry in described] if isinstance(described, list) else described

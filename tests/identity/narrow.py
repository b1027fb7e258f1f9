"""Leaves out of the copied dbt project what the identity of records does not need, so that a build takes a third."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from identity_check.build import TABLES

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = re.compile(r"'(\w+)'")
_PUBLISH = """{{ config(materialized='publish', schema='unified_internal') }}
%s
select 'client_records' as table_name, count(*) as row_count from {{ ref('client_records') }}
"""


def publish_only_identity(project: Path) -> None:
    """Let `publish` replace only those tables that say who is who, and what the next run needs to know for them."""
    models = {path.stem: path for path in project.glob("models/**/*.sql")}
    published = _named_in(models["publish"], models)
    kept = sorted(published & {*_needed(models), "int_batches_resolved"})
    models["publish"].write_text(
        _PUBLISH % "\n".join(f"-- depends_on: {{{{ ref('{name}') }}}}" for name in kept), "utf-8"
    )


def _needed(models: dict[str, Path]) -> set[str]:
    """The tables and whatever they read, in any kind of run."""
    needed: set[str] = set()
    waiting = set(TABLES)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= _named_in(models[name], models) - needed
    return needed


def _named_in(path: Path, models: dict[str, Path]) -> set[str]:
    return {name for name in _NAMES.findall(path.read_text("utf-8")) if name in models}

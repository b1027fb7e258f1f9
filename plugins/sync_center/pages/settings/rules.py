"""`/settings/rules`: which rules decide who is who; each change has a reason, and can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Form, HTTPException, Request, Response
from stage_first.rules import KEYS, Rule, Seed, effective, seeds
from stage_first.rules_changes import remove_rule, set_rule, withdraw_rule
from stage_first.rules_checks import COMMENT
from stage_first.settings import UsageError

from sync_center.language.catalogues import N_
from sync_center.pages.settings.sections import Fields, page, saved, show, texts_of, who
from sync_center.panel import panel_of
from sync_center.security import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stage_first.rules import Value

_SAVED = N_("Saved; it counts with the next unify. Preview shows its effect.")


@dataclass(frozen=True)
class SeedWords:
    """What a page says of a seed."""

    title: str
    text: str


WORDS = {
    "identity_rules": SeedWords(
        N_("Kinds and limits"),
        N_(
            "Which kinds of identifier join records, the smallest priority first. "
            "A value under more names than the limit is shared and joins nobody."
        ),
    ),
    "blocked_identifiers": SeedWords(
        N_("Block list"), N_("Values that say nothing about a person: placeholders, shared inboxes. They join nobody.")
    ),
    "source_priority": SeedWords(
        N_("Source priority"), N_("Whose values win where sources differ: the smallest number.")
    ),
    "identity_options": SeedWords(N_("Options"), N_("How values are compared.")),
    "accounts": SeedWords(
        N_("Accounts"), N_("Which business each account belongs to. Records of two businesses are never joined.")
    ),
    "identifier_fields": SeedWords(
        N_("Fields with identifiers"), N_("Custom fields and metadata that hold the id of another system.")
    ),
}
COLUMNS = {
    "kind": N_("kind"), "priority": N_("priority"), "exclusive": N_("exclusive"), "max_names": N_("limit of names"),
    "per_account": N_("per account"), "value": N_("value"), "source": N_("source"), "account": N_("account"),
    "business": N_("business"), "stream": N_("stream"), "place": N_("place"), "field": N_("field"),
    "option": N_("option"),
}  # fmt: skip


@dataclass(frozen=True)
class SeedView:
    """A seed with its rules as they stand."""

    seed: Seed
    words: SeedWords
    rules: list[Rule]

    @property
    def columns(self) -> list[str]:
        """The columns that say something; the reason has its own place."""
        return [name for name in self.seed.types if name != COMMENT]


@page.get("/settings/rules", role="viewer", name="rules")
def rules(request: Request) -> Response:
    """All rules."""
    with panel_of(request).database.connection() as connection:
        views = [SeedView(seeds()[name], words, effective(connection, seeds()[name])) for name, words in WORDS.items()]
    return show(request, "rules.html", "rules", views=views, columns=COLUMNS, cell=cell)


@page.get("/settings/rules/{name}", role="owner", name="edit_rule")
def edit(request: Request, name: str) -> Response:
    """The form for a row; the key of a row that there is stands in the address."""
    seed = _seed(name)
    key = {column: request.query_params.get(column, "") for column in seed.key}
    return _form(request, seed, key if any(key.values()) else None)


@page.post("/settings/rules/{name}", role="owner", name="save_rule")
def save(request: Request, name: str, fields: Fields) -> Response:
    """Change a row, or add one."""
    seed, given = _seed(name), texts_of(fields)
    cells = {column: given.get(column, "") for column in seed.types if column != COMMENT}
    return _change(request, seed, cells, given.get("because", ""), set_rule, "change rule")


@page.post("/settings/rules/{name}/remove", role="owner", name="remove_rule")
def remove(request: Request, name: str, fields: Fields) -> Response:
    """Let a row count no more."""
    seed, given = _seed(name), texts_of(fields)
    cells = {column: given.get(column, "") for column in seed.key}
    return _change(request, seed, cells, given.get("because", ""), remove_rule, "remove rule")


@page.post("/settings/rules-undo", role="owner", name="undo_rule")
def undo(request: Request, override_id: Annotated[int, Form()]) -> Response:
    """Take a change back: the file's own row counts again."""
    panel = panel_of(request)
    with panel.database.connection() as connection:
        withdraw_rule(connection, override_id, who(request))
        audit.note(connection, who(request), "undo rule", str(override_id))
    return saved(request, N_("Taken back; it counts with the next unify."), to="rules")


def _change(
    request: Request, seed: Seed, cells: dict[str, str], because: str, change: Callable[..., str], action: str
) -> Response:
    panel = panel_of(request)
    try:
        with panel.database.connection() as connection, connection.transaction():
            change(connection, seed.name, cells, because, who(request))
            audit.note(connection, who(request), action, seed.name)
    except UsageError as error:
        return _form(request, seed, {name: cells[name] for name in seed.key}, cells, because, str(error))
    return saved(request, _SAVED, to="rules")


def _form(
    request: Request,
    seed: Seed,
    key: Mapping[str, str] | None,
    cells: Mapping[str, str] | None = None,
    because: str = "",
    error: str = "",
) -> Response:
    with panel_of(request).database.connection() as connection:
        rule = _find(effective(connection, seed), seed, key) if key else None
    if cells is None:
        cells = {name: cell(value) for name, value in (rule.shown if rule else {}).items()}
    told = {"seed": seed, "words": WORDS[seed.name], "columns": COLUMNS, "rule": rule, "cells": cells}
    return show(request, "rule.html", "rules", status=409 if error else 200, **told, because=because, error=error)


def _find(rules: list[Rule], seed: Seed, key: Mapping[str, str]) -> Rule | None:
    return next((rule for rule in rules if seed.key_of(rule.shown) == seed.key_of(key)), None)


def _seed(name: str) -> Seed:
    if name not in KEYS:
        raise HTTPException(404)
    return seeds()[name]


def cell(value: Value) -> str:
    """A value as a form has it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

"""What can be decided on a client's page: pin, split off, merge, and the undo of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Form, Request, Response
from stage_first.decisions import withdraw
from stage_first.decisions_people import different_people, same_person
from stage_first.decisions_policies import pin
from stage_first.decisions_records import not_theirs, split_off
from stage_first.settings import UsageError

from sync_center.database import fetch
from sync_center.language.catalogues import N_
from sync_center.page import Page
from sync_center.pages.clients import words
from sync_center.pages.clients.profile import client_today, read_profile
from sync_center.pages.clients.search import find_clients
from sync_center.panel import panel_of
from sync_center.rendering import done, language_of, render
from sync_center.security import audit
from sync_center.security.guard import current_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_center.database import Connection

    Act = Callable[[Connection, str], object]

page = Page("clients", N_("Clients"), order=30)
MOST_PROPOSED = 5
_Text = Annotated[str, Form(max_length=2000)]


@page.post("/clients/{client_id}/pin", role="operator", name="client_pin")
def pin_value(request: Request, client_id: str, record: _Text = "", field: _Text = "", because: _Text = "") -> Response:
    """Let the value of one record win."""
    text = language_of(request).text

    def act(connection: Connection, who: str) -> object:
        _check_no_pin(connection, record, field, text)
        return pin(connection, record, field, because, who)

    return _decide(request, client_id, "pin", because, text("Pinned. It wins from the next unify on."), record, act)


@page.post("/clients/{client_id}/split", role="operator", name="client_split")
def split(
    request: Request, client_id: str, record: _Text = "", how: _Text = "", other: _Text = "", because: _Text = ""
) -> Response:
    """Take a record out: a value that links it, or all, is not theirs, or two records are of different people."""
    kind, _, value = how.removeprefix("value ").partition(" ")

    def act(connection: Connection, who: str) -> object:
        if how == "different":
            return different_people(connection, record, other, because, who)
        if how.startswith("value "):
            return not_theirs(connection, record, kind, value, because, who)
        return split_off(connection, record, because, who)

    said = language_of(request).text("Decided. The record leaves with the next unify, unless something else joins it.")
    return _decide(request, client_id, "split", because, said, record, act)


@page.get("/clients/{client_id}/merge", role="operator", name="client_merge")
def choose(request: Request, client_id: str, q: str = "", after: str = "", other: str = "") -> Response:
    """Find the other client, then look at both."""
    panel = panel_of(request)
    try:
        today, chosen = client_today(panel, client_id), client_today(panel, other)
        if today is None:
            return render(request, "clients/unknown.html", status=404, client_id=client_id, is_lost=False)
        profile = read_profile(panel, today)
    except UsageError:
        return render(request, "clients/unknown.html", status=404, client_id=client_id, is_lost=True)
    if chosen is not None and chosen != today:
        both = [profile, read_profile(panel, chosen)]
        return render(request, "clients/merge.html", client=profile.client, both=both, words=words)
    near = list(dict.fromkeys(one for each in profile.explanation.nearly for one in each.client_ids))[:MOST_PROPOSED]
    told: dict[str, Any] = {
        "client": profile.client,
        "both": None,
        "q": q,
        "found": find_clients(panel, q, after) if q else None,
        "proposed": [row for one in near for row in panel.database.rows("clients", "client", client_id=one)],
    }
    return render(request, "clients/merge.html", **told)


@page.post("/clients/{client_id}/merge", role="operator", name="merge_clients")
def merge(request: Request, client_id: str, other: _Text = "", because: _Text = "") -> Response:
    """Say that two clients are one person."""
    panel, text = panel_of(request), language_of(request).text
    said = text("Decided. The two are one client from the next unify on.")
    chosen = _today(request, other)
    if chosen is None:
        return done(request, text("Nobody was merged: choose the other client."), to="clients", tone="error")
    first = panel.database.row("clients", "founding_of", client_id=chosen)
    return _decide(
        request, client_id, "merge", because, said, "",
        lambda connection, who: same_person(connection, client_id, str(first and first["record_key"]), because, who),
    )  # fmt: skip


@page.post("/clients/{client_id}/undo", role="operator", name="client_undo")
def undo(request: Request, client_id: str, decisions: _Text = "", because: _Text = "") -> Response:
    """Withdraw decisions."""
    language = language_of(request)
    numbers = [int(word) for word in decisions.split()[:50] if word.isdecimal() and len(word) < 16]
    if not numbers:
        return done(request, language.text("Nothing was undone."), to="clients", tone="error")
    reason = because.strip() or language.text("undone in the Sync Center")
    said = language.text("Undone. What counted already is taken back by the next unify.")
    return _decide(
        request, client_id, "undo", reason, said, "", lambda connection, who: withdraw(connection, numbers, reason, who)
    )


def _decide(request: Request, client_id: str, name: str, because: str, said: str, record: str, act: Act) -> Response:
    """Do it and go back to the client; what cannot be done is said there."""
    text, today = language_of(request).text, _today(request, client_id)
    if today is None:
        why = text("Nothing was decided: this client is not known any more.")
        return done(request, why, to="clients", tone="error")
    why_not = _try(request, today, name, because, record, act)
    if why_not:
        why_not = text("Nothing was decided: %(why)s", why=why_not)
    return done(request, why_not or said, to="client", client_id=today, tone="error" if why_not else "success")


def _try(request: Request, today: str, name: str, because: str, record: str, act: Act) -> str:
    """Do it in one transaction with its line in the audit, or say why it cannot be done."""
    text, user = language_of(request).text, current_user(request)
    if user is None or not because.strip():
        return text("say why.")
    with panel_of(request).database.connection() as connection:
        asked = {"record_key": record, "client_id": today}
        if record and not fetch(connection, "clients", "holds_record", **asked)[0]["holds"]:
            return text("that record belongs to another client by now.")
        try:
            with connection.transaction():
                act(connection, user.name)
                audit.note(connection, user.name, name, today)
        except UsageError as error:
            return str(error)
    return ""


def _check_no_pin(connection: Connection, record: str, field: str, text: Callable[[str], str]) -> None:
    """The command says the same in English, and how to withdraw in a terminal."""
    if fetch(connection, "clients", "other_pin", record_key=record, field=field):
        raise UsageError(text("another value is pinned already; undo that pin first."))


def _today(request: Request, client_id: str) -> str | None:
    try:
        return client_today(panel_of(request), client_id)
    except UsageError:
        return None

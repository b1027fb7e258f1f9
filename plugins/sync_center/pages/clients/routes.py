"""`/clients`: search, a client's page, the raw rows behind it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from stage_first.settings import UsageError
from starlette.routing import NoMatchFound

from sync_center.pages.clients import words
from sync_center.pages.clients.acts import page
from sync_center.pages.clients.graph import graph_of, links_of
from sync_center.pages.clients.profile import Profile, client_today, raw_of, read_profile
from sync_center.pages.clients.search import find_clients
from sync_center.panel import panel_of
from sync_center.rendering import language_of, render

if TYPE_CHECKING:
    from sync_center.panel import Panel

MOST_RECORDS = 20


@page.get("/clients", role="viewer", name="clients")
def search(request: Request, q: str = "", after: str = "") -> Response:
    """Clients by what was typed; all by name if nothing was."""
    return render(request, "clients/search.html", q=q, after=after, found=find_clients(panel_of(request), q, after))


@page.get("/clients/{client_id}", role="viewer", name="client")
def show(request: Request, client_id: str, was: str = "", records: str = "") -> Response:
    """A client; an old id leads to the client of today."""
    panel = panel_of(request)
    try:
        today = client_today(panel, client_id)
        if today is None:
            return unknown(request, client_id)
        if today != client_id:
            return RedirectResponse(f"{panel.renderer.url_for('client', client_id=today)}?was={client_id}", 303)
        profile = read_profile(panel, today)
        was = was if was != today and client_today(panel, was) == today else ""
    except UsageError:
        return unknown(request, client_id, is_lost=True)
    most = None if records == "all" else MOST_RECORDS
    return render(request, "clients/client.html", **_shown(request, profile, most), was=was, most=most)


@page.get("/clients/{client_id}/raw", role="viewer", name="client_raw")
def raw(request: Request, client_id: str, record: str = "") -> Response:
    """The JSON behind a record, as it was downloaded."""
    panel = panel_of(request)
    try:
        today = client_today(panel, client_id)
        found = raw_of(panel, today, record) if today else None
    except UsageError:
        return unknown(request, client_id, is_lost=True)
    if today is None:
        return unknown(request, client_id)
    return render(request, "clients/raw.html", client_id=today, record_key=record, found=found)


def unknown(request: Request, client_id: str, *, is_lost: bool = False) -> Response:
    """Nobody is known by that id, or nothing is known at all."""
    return render(request, "clients/unknown.html", status=404, client_id=client_id, is_lost=is_lost)


def _shown(request: Request, profile: Profile, most: int | None) -> dict[str, Any]:
    """What the template needs beside the profile: the picture, and words."""
    language, panel = language_of(request), panel_of(request)
    contested = {(row["kind"], row["value"]) for row in profile.conflicts if row["status"] != "solved"}
    links = links_of(profile.explanation, contested)
    kinds = {link.kind: words.kind_name(link.kind, language) for link in links}
    names = {one.record_key: one.name or one.record_key for one in profile.records}
    return {
        "profile": profile,
        "client": profile.client,
        "links": links,
        "graph": graph_of(profile.explanation, links, kinds),
        "record_names": names,
        "anchors": {one.record_key: f"record-{place}" for place, one in enumerate(profile.records[:most], start=1)},
        "words": words,
        "case_address": lambda case_id: _case_address(panel, case_id),
    }


def _case_address(panel: Panel, case_id: str) -> str:
    with contextlib.suppress(NoMatchFound):
        return str(panel.renderer.url_for("conflict", case_id=case_id))
    return ""

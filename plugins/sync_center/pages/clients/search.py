"""Finds clients by what somebody types: any name, e-mail, phone or id, whole or in part."""

from __future__ import annotations

import re
import unicodedata
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg import sql
from stage_first.decisions import check_unified
from stage_first.decisions_values import clients_named, record_named
from stage_first.queries import queries
from stage_first.settings import UsageError

from sync_center.database import FOLDER, fetch
from sync_center.pages.clients.search_index import search_index

if TYPE_CHECKING:
    from sync_center.database import Connection, Row
    from sync_center.pages.clients.search_index import Freshness
    from sync_center.panel import Panel

MOST = 1001
"""Hits that are looked at: above a thousand nobody counts."""
PAGE = 50
_LONGEST, _MOST_WORDS, _SHORT, _MOST_EXACT = 200, 8, 2, 20
_PHONE = re.compile(r"[+(]?[\d\s().\-/+]{4,}")
_MEANT_WHOLE = re.compile(r"[@:/_]|\d{4}|^\w{15,}$")
"""What may be a whole e-mail, phone, id or record key; names are not asked for as such."""


@dataclass(frozen=True)
class Found:
    """A page of clients."""

    freshness: Freshness
    clients: list[Row] = field(default_factory=list)
    count: int = 0
    next_after: str = ""
    can_look_inside: bool = True
    words: list[str] = field(default_factory=list)

    def also(self, client: Row) -> list[str]:
        """What of a client was found that its row does not show."""
        shown = _normal(" ".join(filter(None, (client["name"], client["email"], client["phone"]))))
        hidden = [word for word in self.words if word not in shown]
        own = [*client["emails"][1:], *client["phones"][1:], *(one for ids in client["ids"].values() for one in ids)]
        told = [value for value in own if any(word in _normal(value) for word in hidden)]
        names = [name for name in client["words"].strip().split("  ") if any(word in name for word in hidden)]
        return (told or [name.title() for name in names])[:3]


def find_clients(panel: Panel, typed: str, after: str = "") -> Found:
    """The clients that are meant by what was typed; all in the order of their names if nothing was."""
    freshness, typed = search_index(panel).freshness(), typed.replace("\0", " ").strip()[:_LONGEST]
    if not freshness.is_unified:
        return Found(freshness)
    with panel.database.connection() as connection:
        inside = can_look_inside(connection)
        words = _words(connection, typed)
        asked = {"after": _uuid(after), "most": MOST, "page": PAGE + 1}
        if not typed:
            rows = fetch(connection, "clients", "browse", **asked)
        elif words:
            rows = _search(connection, typed, words, asked, inside=inside)
        else:
            rows = []
    more = str(rows[PAGE - 1]["client_id"]) if len(rows) > PAGE else ""
    count = rows[0]["hit_count"] if rows else 0
    return Found(freshness, rows[:PAGE], count, more, inside, words)


def can_look_inside(connection: Connection) -> bool:
    """Whether parts of words are found, not only beginnings of names."""
    return bool(fetch(connection, "clients", "can_look_inside")[0]["can_look_inside"])


def _search(connection: Connection, typed: str, words: list[str], asked: Row, *, inside: bool) -> list[Row]:
    whole = " ".join(words)
    asked = {**asked, "exact": _exact(connection, typed), "whole": whole, "beginning": f"{whole}%"}
    if not inside:
        return fetch(connection, "clients", "search_beginnings", **asked)
    asked["look_inside"] = all(len(word) > _SHORT or not word.isascii() for word in words)
    asked |= {f"start_{place}": f"% {word}%" for place, word in enumerate(words)}
    asked |= {f"part_{place}": f"%{word}%" for place, word in enumerate(words)}
    conditions = {f"{one}s": _all_like(one, len(words)) for one in ("start", "part")}
    query = sql.SQL(queries(FOLDER / "clients.sql")["search"]).format(**conditions)
    # Planned anew each time: words differ in how rare they are.
    return connection.execute(query, asked, prepare=False).fetchall()


def _all_like(name: str, count: int) -> sql.Composable:
    """One condition for each word: `like all (..)` would not use the index."""
    return sql.SQL(" and ").join(
        sql.SQL("words like {}").format(sql.Placeholder(f"{name}_{place}")) for place in range(count)
    )


def _words(connection: Connection, typed: str) -> list[str]:
    """What was typed, word by word, as it is looked for; a phone is one word, without the zeros before it."""
    if _PHONE.fullmatch(typed) and (digits := re.sub(r"\D", "", typed).lstrip("0")):
        return [digits]
    asked = {"words": typed.split()[:_MOST_WORDS]}
    return [row["word"] for row in fetch(connection, "clients", "normal_words", **asked)]


def _exact(connection: Connection, typed: str) -> list[str]:
    """The clients that a whole value means, written as people write it, old ids included."""
    if not _MEANT_WHOLE.search(typed):
        return []
    try:
        check_unified(connection)
    except UsageError:
        return []
    record = record_named(connection, typed)
    return [record.client_id] if record else list(dict.fromkeys(clients_named(connection, typed)))[:_MOST_EXACT]


def _normal(text: str) -> str:
    letters = "".join(one for one in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(one))
    return re.sub(r"[\W_]+", " ", letters)


def _uuid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None

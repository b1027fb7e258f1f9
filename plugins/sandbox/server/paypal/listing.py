"""Lists by page, as all addresses but the report and the disputes have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.server.paypal.query import Query

BASE = "https://api-m.paypal.com"
Object = dict[str, Any]
_Fact = TypeVar("_Fact")


def link(path: str, rel: str = "self", method: str = "GET") -> dict[str, str]:
    """Link to an address."""
    return {"href": f"{BASE}{path}", "rel": rel, "method": method}


class Sizes(NamedTuple):
    """How many rows a page may have, how many pages there may be, and how many rows one has by itself."""

    rows: int
    pages: int
    usual: int


def page(query: Query, name: str, facts: Sequence[_Fact], write: Callable[[_Fact], Object], sizes: Sizes) -> Object:
    """Answer one page; without `total_required` nothing says how many there are."""
    rows = query.number("page_size", sizes.usual, sizes.rows)
    number = query.number("page", 1, sizes.pages)
    last = max(1, -(-len(facts) // rows))
    answer: Object = {name: [write(fact) for fact in facts[(number - 1) * rows : number * rows]]}
    if query.yes("total_required"):
        answer |= {"total_items": len(facts), "total_pages": -(-len(facts) // rows)}
    wanted = {"self": number, "first": 1, "prev": number - 1, "next": number + 1, "last": last}
    shown = {rel: to for rel, to in wanted.items() if 1 <= to <= last or rel == "self"}
    answer["links"] = [
        link(f"{query.path}?{urlencode({**query.values, 'page_size': rows, 'page': to})}", rel)
        for rel, to in shown.items()
    ]
    return answer

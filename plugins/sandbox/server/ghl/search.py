"""A page of a search: by number within the first 10,000 records, or behind a cursor through all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sandbox.server.ghl import errors, filters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.server.ghl.filters import Fields
    from sandbox.server.ghl.index import Index, Key

LARGEST_PAGE = 500
WINDOW = 10_000
_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """What a search asks for."""

    limit: int
    page: int
    after: list[Any] | None
    filters: list[Any]
    sort: tuple[tuple[str, bool], ...]
    """Fields, and whether each descends."""
    text: str


class Found(NamedTuple):
    """A page: the sort values and the id of each record (its `searchAfter`), and how many there are in all."""

    cursors: list[list[Any]]
    total: int


def read_wish(body: dict[str, Any], limit_name: str, default_sort: str, fields: Fields) -> Wish:
    """Read the body; keys that the search does not know, `startAfter` among them, change nothing."""
    limit: Any = body.get(limit_name)
    page: Any = body.get("page")
    after: Any = body.get("searchAfter")
    if not _whole(limit) or limit < 1:
        raise errors.unprocessable(f"{limit_name} must be a positive number")
    if limit > LARGEST_PAGE:
        raise errors.unprocessable(f"{limit_name} must not be greater than {LARGEST_PAGE}")
    if page is not None and (not _whole(page) or page < 1):
        raise errors.unprocessable("page must not be less than 1")
    if after is not None and not (isinstance(after, list) and after):
        raise errors.unprocessable("searchAfter must be an array")
    if after and page is not None:
        raise errors.bad_request("page should not be provided when using searchAfter")
    if not after and (page or 1) * limit > WINDOW:
        raise errors.bad_request(f"Result window is too large, page * {limit_name} must not exceed {WINDOW}")
    sort = _sort(body.get("sort"), default_sort, fields)
    text = body.get("query") or ""
    if after and len(after) != len(sort) + 1:
        raise errors.bad_request("searchAfter must have one value for each field of sort")
    if not isinstance(text, str) or len(text) > filters.LONGEST_VALUE:
        raise errors.unprocessable("query must be shorter than or equal to 75 characters")
    given = body.get("filters") or []
    return Wish(limit, page or 1, after, [given] if isinstance(given, dict) else given, sort, text)


def _whole(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _sort(given: Any, default: str, fields: Fields) -> tuple[tuple[str, bool], ...]:
    if not given:
        return ((default, True),)
    if not isinstance(given, list) or len(given) > 2:
        raise errors.unprocessable("sort must contain no more than 2 elements")
    for one in given:
        if not isinstance(one, dict) or one.get("direction") not in ("asc", "desc"):
            raise errors.unprocessable("direction must be one of the following values: asc, desc")
        if one.get("field") not in fields.sortable:
            raise errors.bad_request(f"Invalid field {one.get('field')} in sort")
    return tuple((one["field"], one["direction"] == "desc") for one in given)


class Search:
    """Searches one index; lists that no index holds are remembered until something changes."""

    def __init__(self, index: Index[Any], fields: Fields) -> None:
        self._index = index
        self._fields = fields
        self._lists: OrderedDict[bytes, Any] = OrderedDict()

    def page(self, body: dict[str, Any], limit_name: str, default_sort: str) -> Found:
        """Give the page that a body asks for."""
        wish = read_wish(body, limit_name, default_sort, self._fields)
        field, descending = wish.sort[0]
        if len(wish.sort) == 1 and field in self._fields.indexed:
            return self._by_date(wish, field, descending)
        return self._by_values(wish)

    def _by_date(self, wish: Wish, field: str, descending: bool) -> Found:
        keys: Sequence[Key] = getattr(self._index, self._fields.indexed[field])
        span, rest = filters.split(wish.filters, field)
        first, end = bisect_left(keys, (span.first, "")), bisect_right(keys, (span.last, "\x7f"))
        if rest or wish.text:
            fits = self._fits(rest, wish.text)
            keys = self._remembered(wish, lambda: [key for key in keys[first:end] if fits(key[1])])
            first, end = 0, len(keys)
        total, skipped = max(end - first, 0), (wish.page - 1) * wish.limit
        if descending:
            end = min(end, bisect_left(keys, _key(wish.after))) if wish.after else end - skipped
            page = keys[max(first, end - wish.limit) : max(first, end)][::-1]
        else:
            first = max(first, bisect_right(keys, _key(wish.after))) if wish.after else first + skipped
            page = keys[first : min(end, first + wish.limit)]
        return Found([list(key) for key in page], total)

    def _by_values(self, wish: Wish) -> Found:
        rows = self._remembered(wish, lambda: self._sorted(wish))
        directions = [descending for _, descending in wish.sort]
        start = (wish.page - 1) * wish.limit
        if wish.after:
            start = bisect_left(rows, True, key=lambda row: _beyond(row, wish.after or [], directions))
        return Found([list(row) for row in rows[start : start + wish.limit]], len(rows))

    def _sorted(self, wish: Wish) -> list[tuple[Any, ...]]:
        fits = self._fits(wish.filters, wish.text)
        rows = [
            (*(self._sortable(fact, field) for field, _ in wish.sort), identity)
            for identity, fact in self._index.shown.items()
            if fits(identity)
        ]
        rows.sort(key=lambda row: row[-1])
        for place in reversed(range(len(wish.sort))):
            rows.sort(key=lambda row: row[place], reverse=wish.sort[place][1])
        return rows

    def _sortable(self, fact: Any, field: str) -> Any:
        if attribute := self._fields.dates.get(field):
            return getattr(fact, attribute)
        value = self._fields.value(fact, field)
        return "" if value is None else value

    def _fits(self, given: list[Any], text: str) -> Callable[[str], bool]:
        shown, fits, wanted = self._index.shown, filters.compiled(given, self._fields), text.lower()
        if not wanted:
            return lambda identity: fits(shown[identity])
        return lambda identity: fits(shown[identity]) and wanted in self._fields.text(shown[identity])

    def _remembered(self, wish: Wish, make: Callable[[], Any]) -> Any:
        about = msgspec.json.encode((wish.filters, wish.sort, wish.text, self._index.version))
        if about not in self._lists:
            self._lists[about] = make()
            if len(self._lists) > _REMEMBERED:
                self._lists.popitem(last=False)
        return self._lists[about]


def _key(after: list[Any] | None) -> Any:
    moment, identity = after or [0, ""]
    return filters.moment(moment), str(identity)


def _beyond(row: tuple[Any, ...], cursor: list[Any], directions: list[bool]) -> bool:
    for value, reached, descending in zip(row, cursor, directions, strict=False):
        known = "" if reached is None else reached
        if value != known:
            return bool(value < known) if descending else bool(value > known)
    return bool(row[-1] > cursor[-1])

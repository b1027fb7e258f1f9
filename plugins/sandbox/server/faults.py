"""Faults on order: the next requests of a path go wrong in a named way."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

KINDS = (
    "rate_limit",
    "server_error",
    "unavailable",
    "unauthorized",
    "forbidden",
    "cut",
    "truncated",
    "html",
    "hang",
    "advance",
)
"""rate_limit 429, server_error 500, unavailable 503, unauthorized 401 and forbidden 403, in the vendor's own words;
cut ends the connection in mid-body, truncated is half of the JSON as if it were all, html a page with status 200,
hang never answers, advance lets a day pass before the answer."""


@dataclass(slots=True)
class Fault:
    """`kind` happens to the next `count` requests whose path matches, after `skip` of them went well."""

    kind: str
    path: str = "*"
    count: int = 1
    skip: int = 0


@dataclass(slots=True)
class Faults:
    """What is still to go wrong."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, kind: str, path: str = "*", count: int = 1, skip: int = 0) -> None:
        """Order a fault; `path` is a pattern such as `/stripe/v1/customers*`."""
        if kind not in KINDS:
            msg = f"There is no fault {kind!r}; choose one of {', '.join(KINDS)}."
            raise ValueError(msg)
        self.waiting.append(Fault(kind, path, count, skip))

    def clear(self) -> None:
        """Let everything go well again."""
        self.waiting.clear()

    def next(self, path: str) -> str | None:
        """Give the kind of fault that this request meets."""
        for fault in self.waiting:
            if not fnmatchcase(path, fault.path):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.count -= 1
            if not fault.count:
                self.waiting.remove(fault)
            return fault.kind
        return None

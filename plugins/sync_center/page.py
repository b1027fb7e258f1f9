"""A page: its place in the navigation, its routes, each with the role that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from fastapi import APIRouter, Depends, Request

from sync_center.security.guard import Guard, posted_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_center.live import LiveView
    from sync_center.panel import Panel
    from sync_center.security.roles import Role
    from sync_center.security.tokens import Scope

    Badge = Callable[[Panel], int]

_Endpoint = TypeVar("_Endpoint", bound="Callable[..., Any]")


class _Decorator(Protocol):
    def __call__(self, endpoint: _Endpoint, /) -> _Endpoint: ...


class Route(NamedTuple):
    """A route as it was declared; without a guard it is for strangers' servers."""

    method: str
    path: str
    name: str
    guard: Guard | None


class Page:
    """Every module of `pages` has one as `page`; the application finds it and needs no other word.

    Args:
        name: also the name of its catalogue, its folder of templates and its file of queries.
        label: what the navigation says (English, marked with `N_`); without it the page is not in the navigation.
        order: the place in the navigation.
        start: the name of the route that the navigation leads to.
        badge: how many things wait there, counted with every change of the database.
    """

    def __init__(
        self, name: str, label: str = "", *, order: int = 0, start: str | None = None, badge: Badge | None = None
    ) -> None:
        self.name = name
        self.label = label
        self.order = order
        self.start = start or name
        self.badge = badge
        self.router = APIRouter()
        self.routes: list[Route] = []
        self.live: LiveView | None = None
        """What of the page is sent anew when the database changes."""
        self.large: set[str] = set()
        self.foreign: set[str] = set()

    def get(self, path: str, *, role: Role | None, name: str, scope: Scope | None = None) -> _Decorator:
        """A route that reads; everything that it shows can be asked for again by its address."""
        return self._route("GET", path, Guard(role, scope=scope), name)

    def post(
        self,
        path: str,
        *,
        role: Role | None,
        name: str,
        scope: Scope | None = None,
        is_large: bool = False,
        is_foreign: bool = False,
    ) -> _Decorator:
        """A route that changes something.

        Args:
            path: below the root.
            role: the least that the user must have; None: no login (login itself, the inbox with its own secret).
            name: for `url_for`.
            scope: what a token must open to call it.
            is_large: whether its body may be larger than a form. The route is called before the body is read: it reads
                the stream itself, and passes the form's token (a field, or the header `x-form-token`) to `check_token`.
            is_foreign: whether strangers' servers call it, so that neither origin nor form token can be asked for.
        """
        self.large |= {path} if is_large else set()
        self.foreign |= {path} if is_foreign else set()
        guard = None if is_foreign else Guard(role, scope=scope)
        return self._route("POST", path, guard, name)

    def _route(self, method: str, path: str, guard: Guard | None, name: str) -> _Decorator:
        def pass_user(request: Request) -> None:
            assert guard is not None  # noqa: S101
            guard.check_user(request)

        def pass_guard(request: Request, token: str = Depends(posted_token)) -> None:
            assert guard is not None  # noqa: S101
            guard.check(request, token)

        def decorate(endpoint: _Endpoint) -> _Endpoint:
            dependencies = [Depends(pass_user if path in self.large else pass_guard)] if guard else []
            self.router.add_api_route(
                path, endpoint, methods=[method], name=name, dependencies=dependencies, response_model=None
            )
            self.routes.append(Route(method, path, name, guard))
            return endpoint

        return decorate

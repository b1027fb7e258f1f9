"""The path below which a proxy shows the panel, whether the proxy takes it away or passes it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class PrefixMiddleware:
    """Tells the application its root path."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the whole path in it."""
        if scope["type"] == "http" and self._root_path:
            path = scope["path"]
            whole = path if path.startswith(f"{self._root_path}/") else self._root_path + path
            scope = {**scope, "root_path": self._root_path, "path": whole}
        await self._app(scope, receive, send)

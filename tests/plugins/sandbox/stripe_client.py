"""A client that knows Stripe's protocol and nothing of ours."""

from __future__ import annotations

from typing import Any

import requests
from sandbox.server import SandboxServer

VERSION = "2026-06-24.dahlia"
PATHS = {"checkout_sessions": "checkout/sessions"}


class Client:
    def __init__(self, sandbox: SandboxServer, key: str = "sk_test_sandbox", **headers: str) -> None:
        self.base = f"{sandbox.url}/stripe"
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {key}", "Stripe-Version": VERSION, **headers})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.session.close()

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(f"{self.base}{path}", params=params, timeout=5)

    def ok(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.get(path, **(params or {}))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def error(self, path: str, status: int, params: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.get(path, **(params or {}))
        assert response.status_code == status, response.text
        error: dict[str, Any] = response.json()["error"]
        return error

    def everything(self, stream: str, **params: Any) -> list[dict[str, Any]]:
        """Follow `starting_after` to the end, and nested lists by their own address."""
        path, found = f"/v1/{PATHS.get(stream, stream)}", []
        asked = {"limit": 100, **({"status": "all"} if stream == "subscriptions" else {}), **params}
        while True:
            page = self.ok(path, asked)
            found += [self.whole(one) for one in page["data"]]
            if not page["has_more"]:
                return found
            asked["starting_after"] = page["data"][-1]["id"]

    def whole(self, one: dict[str, Any]) -> dict[str, Any]:
        for nested in (value for value in one.values() if isinstance(value, dict) and value.get("object") == "list"):
            while nested["has_more"]:
                more = self.ok(nested["url"], {"limit": 100, "starting_after": nested["data"][-1]["id"]})
                nested.update(data=nested["data"] + more["data"], has_more=more["has_more"])
        return one

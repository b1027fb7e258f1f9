"""A client that knows PayPal's protocol and nothing of ours."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from sandbox.server import SandboxServer

DAY = 86_400
MONTH = 31 * DAY
CREDENTIALS = ("sandbox_client", "sandbox_secret")
Row = dict[str, Any]


def zulu(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def by_key(rows: list[Row]) -> dict[str, Row]:
    """Name rows as DESIGN does: twins get `:2` in order of amount."""
    found, twins = {}, defaultdict(list)
    for row in rows:
        info = row["transaction_info"]
        parts = (info["transaction_id"], info["transaction_event_code"], info["transaction_initiation_date"])
        twins[":".join(parts)].append(row)
    for key, same in twins.items():
        same.sort(key=lambda row: float(row["transaction_info"]["transaction_amount"]["value"]))
        found.update({f"{key}:{place}" if place > 1 else key: row for place, row in enumerate(same, 1)})
    return found


class Client:
    def __init__(self, sandbox: SandboxServer) -> None:
        self.sandbox = sandbox
        self.base = f"{sandbox.url}/paypal"
        self.session = requests.Session()
        self.requests = 0
        self.renew()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.session.close()

    def token(self, auth: tuple[str, str] = CREDENTIALS, grant: str = "client_credentials") -> requests.Response:
        body = {"grant_type": grant}
        return requests.post(f"{self.base}/v1/oauth2/token", data=body, auth=auth, timeout=5)

    def renew(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def get(self, path: str, **params: Any) -> requests.Response:
        self.requests += 1
        return self.session.get(f"{self.base}{path}", params=params, timeout=5)

    def ok(self, path: str, **params: Any) -> dict[str, Any]:
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def error(self, path: str, status: int, **params: Any) -> dict[str, Any]:
        response = self.get(path, **params)
        assert response.status_code == status, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def report(self, start: int, end: int, **params: Any) -> requests.Response:
        asked = {"start_date": zulu(start), "end_date": zulu(end), "fields": "all", "page_size": 500}
        return self.get("/v1/reporting/transactions", **{**asked, "balance_affecting_records_only": "N", **params})

    def window(self, start: int, end: int, **params: Any) -> list[Row]:
        """Give all rows of a window, halved as long as it is too large."""
        answer = self.report(start, end, **params)
        if answer.status_code == 400 and answer.json()["name"] == "RESULTSET_TOO_LARGE":
            assert end > start, "a second cannot be halved"
            middle = (start + end) // 2
            return self.window(start, middle, **params) + self.window(middle + 1, end, **params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows: list[Row] = page["transaction_details"]
        for number in range(2, page["total_pages"] + 1):
            rows += self.report(start, end, page=number, **params).json()["transaction_details"]
        return rows

    def rows(self, **params: Any) -> list[Row]:
        """Give all rows of three years."""
        now = self.sandbox.clock.now
        end = now - self.sandbox.paypal.lag
        found = []
        for start in range(now - 3 * 365 * DAY, end, MONTH):
            found += self.window(start, min(start + MONTH - 1, end), **params)
        return found

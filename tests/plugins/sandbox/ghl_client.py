"""A client that knows GoHighLevel's protocol and nothing of ours."""

from __future__ import annotations

from typing import Any

import requests
from sandbox.server import SandboxServer

LOCATION, TOKEN = "loc_sandbox", "pit-sandbox"
VERSION = "2021-07-28"
SEARCHES = {
    "contacts": ("/contacts/search", "pageLimit", "dateUpdated"),
    "opportunities": ("/opportunities/search", "limit", "date_updated"),
}
LISTS = {
    "payment_transactions": ("/payments/transactions", "data"),
    "payment_subscriptions": ("/payments/subscriptions", "data"),
    "invoices": ("/invoices/", "invoices"),
}
SMALL = {
    "location": (f"/locations/{LOCATION}", "location"),
    "custom_fields": (f"/locations/{LOCATION}/customFields?model=all", "customFields"),
    "custom_values": (f"/locations/{LOCATION}/customValues", "customValues"),
    "tags": (f"/locations/{LOCATION}/tags", "tags"),
    "users": (f"/users/?locationId={LOCATION}", "users"),
    "pipelines": (f"/opportunities/pipelines?locationId={LOCATION}", "pipelines"),
}


class Client:
    def __init__(self, sandbox: SandboxServer, token: str = TOKEN, location: str = LOCATION) -> None:
        self.base, self.location = f"{sandbox.url}/ghl", location
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {token}", "Version": VERSION})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.session.close()

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(f"{self.base}{path}", params=params, timeout=5)

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.session.post(f"{self.base}{path}", json=body, timeout=5)

    def token(self, **form: str) -> requests.Response:
        known = {"client_id": "sandbox_client", "client_secret": "sandbox_secret", "grant_type": "refresh_token"}
        return self.session.post(f"{self.base}/oauth/token", data={**known, **form}, timeout=5)

    def search(self, stream: str = "contacts", **body: Any) -> dict[str, Any]:
        path, limit, _ = SEARCHES[stream]
        answer = self.post(path, **{"locationId": self.location, limit: 100, **body})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def pages(self, stream: str = "contacts", **body: Any) -> list[dict[str, Any]]:
        """Follow `searchAfter` of the last record until a page is empty."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.search(stream, **body)[stream]
            if not page:
                return found
            assert page[-1]["searchAfter"] != body.get("searchAfter"), "the cursor repeats"
            body["searchAfter"] = page[-1]["searchAfter"]
            found += page

    def everything(self, stream: str) -> dict[str, dict[str, Any]]:
        """Give a stream by id, as a tap would hold it; `searchAfter` is left out."""
        if stream in SEARCHES:
            by_date = [{"field": SEARCHES[stream][2], "direction": "asc"}]
            found = self.pages(stream, sort=by_date)
        elif stream in LISTS:
            found = self._by_offset(*LISTS[stream])
        else:
            path, key = SMALL[stream]
            answer = self.get(path).json()[key]
            found = answer if isinstance(answer, list) else [answer]
        rows = [{key: value for key, value in one.items() if key != "searchAfter"} for one in found]
        held = {one.get("id") or one["_id"]: one for one in rows}
        assert len(held) == len(rows), "an object came twice"
        return held

    def _by_offset(self, path: str, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            asked = {"altId": self.location, "altType": "location", "limit": 100, "offset": len(found)}
            page = self.get(path, **asked).json()[key]
            found += page
            if not page:
                return found

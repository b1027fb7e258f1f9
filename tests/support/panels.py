"""A running panel for tests: the real application behind a real server, people who are logged in, browsers."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import uvicorn
from sync_center.application import make_application
from sync_center.security import users
from sync_center.settings import Settings

from support.databases import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser, Page, Playwright

PASSWORD = "correct horse battery"
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


class Panel:
    """One panel and its database."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self.settings = settings
        self.application = make_application(settings)
        self._visitors: list[Visitor] = []

    @property
    def database_url(self) -> str:
        """The address of its warehouse."""
        return self.settings.database_url

    def query(self, text: str, *parameters: Any) -> list[Any]:
        """Rows of a query on its database."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    def add_user(self, name: str, role: str) -> None:
        """Make a user with the password of all tests."""
        panel = self.application.state.panel
        with panel.database.connection() as connection:
            users.add(connection, name, role, PASSWORD)

    def visitor(self, **headers: str) -> Visitor:
        """Somebody who is not logged in."""
        self._visitors.append(Visitor(self.url, headers))
        return self._visitors[-1]

    def close(self) -> None:
        """Let all visitors go."""
        for visitor in self._visitors:
            visitor.client.close()

    def logged_in(self, role: str = "owner", **headers: str) -> Visitor:
        """Somebody of that role, who is also called so."""
        with contextlib.suppress(Exception):
            self.add_user(role, role)
        visitor = self.visitor(**headers)
        visitor.log_in(role)
        return visitor


class Visitor:
    """A browser without script: keeps cookies, sends forms as our own pages do."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, headers={"origin": url, **headers}, timeout=30)

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Fill the form and send it."""
        return self.post("/login", {"name": name, "password": password}, seen="/login")

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A page."""
        return self.client.get(path, **options)

    def post(
        self, path: str, data: Mapping[str, Any] | None = None, *, seen: str = "/", **options: Any
    ) -> httpx.Response:
        """A form as the page `seen` has it, with its token."""
        return self.client.post(path, data={"form_token": self.form_token(seen), **(data or {})}, **options)

    def form_token(self, seen: str = "/") -> str:
        """What the forms of that page carry."""
        found = _TOKEN.search(self.get(seen).text)
        assert found, f"{seen} has no form"
        return found.group(1)

    def text(self, path: str) -> str:
        """What a page says, without its tags."""
        page = re.sub(r"<(script|style|svg).*?</\1>", "", self.get(path).text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@contextmanager
def running_panel(database_url: str, environment: Mapping[str, str], **settings: Any) -> Iterator[Panel]:
    """A panel on a port of its own, ended afterwards."""
    port = free_port()
    told = Settings(database_url, port=port, child_environment=dict(environment), **settings)
    panel = Panel(f"http://127.0.0.1:{port}{told.root_path}", told)
    config = uvicorn.Config(
        panel.application, port=port, log_level="error", timeout_graceful_shutdown=1, proxy_headers=True, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert thread.is_alive(), "the panel did not start"
        assert time.monotonic() < deadline, "the panel did not start in time"
        time.sleep(0.02)
    yield panel
    panel.close()
    server.should_exit = True
    thread.join(10)


class Watched:
    """A page of a browser; whatever it complains about fails the test, a breach of the policy too."""

    def __init__(self, page: Page, panel: Panel) -> None:
        self.page = page
        self.panel = panel
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._see)

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"} and "ERR_" not in message.text:
            self.complaints.append(message.text)

    def _see(self, request: Any) -> None:
        if not request.url.startswith((self.panel.url, "data:")):
            self.complaints.append(f"asked for {request.url}")

    def open(self, path: str = "/") -> Page:
        """Go to a page of the panel."""
        self.page.goto(self.panel.url + path)
        return self.page

    def log_in(self, name: str = "owner") -> Page:
        """Log in as a person does."""
        with contextlib.suppress(Exception):
            self.panel.add_user(name, name)
        self.open("/login")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(lambda url: "/login" not in url)
        return self.page

    def is_too_wide(self) -> bool:
        """Whether the page scrolls sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def violations(self) -> list[str]:
        """What axe finds, each in a line."""
        from axe_playwright_python.sync_playwright import Axe

        before = len(self.complaints)
        found = Axe().run(self.page).response["violations"]
        del self.complaints[before:]  # axe's own script breaks the policy once
        return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def chromium(playwright: Playwright) -> Browser:
    """Debian's Chromium; nothing is downloaded."""
    program = shutil.which("chromium")
    assert program, "install chromium (Debian: apt install chromium)"
    return playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])


@contextmanager
def browser_page(browser: Browser, panel: Panel, **options: Any) -> Iterator[Watched]:
    """A page of a fresh browser profile; at the end nothing may have been complained about."""
    context = browser.new_context(**{"viewport": WIDE, "locale": "en-US", "bypass_csp": False, **options})
    watched = Watched(context.new_page(), panel)
    try:
        yield watched
    finally:
        context.close()
    assert watched.complaints == []

"""Lineage: dbt's documentation behind the login, in a sandbox that leaves it nothing of the panel."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from stage_first import project
from sync_center.pages import lineage
from sync_center.security.headers import POLICY

if TYPE_CHECKING:
    from pathlib import Path

    from support.panels import Panel, Watched

DOCS = """<!doctype html><html lang="en"><title>docs</title><body><script>
let seen = [];
try { seen.push("cookie " + document.cookie); } catch { seen.push("no cookie"); }
document.body.append(eval("'it ' + 'runs'"), ", ", seen.join());
fetch("/settings").then(() => document.body.append(", net"), () => document.body.append(", no net"));
</script></body></html>"""


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(project, "TRANSFORM", tmp_path)
    (tmp_path / "target").mkdir()
    return tmp_path / "target" / "static_index.html"


@pytest.mark.usefixtures("fake_commands")
def test_without_documentation_a_button_writes_it(panel: Panel, target: Path) -> None:
    operator, viewer = panel.logged_in("operator"), panel.logged_in("viewer")
    assert "There is no documentation yet" in viewer.text("/lineage")
    assert 'action="/lineage"' not in viewer.get("/lineage").text
    assert viewer.get("/lineage/docs.html").status_code == 404
    assert operator.post("/lineage").status_code == 303
    deadline = time.monotonic() + 10
    while panel.query("select 1 from ops.panel_commands where finished_at is null"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ((arguments, log),) = panel.query("select arguments, log_path from ops.panel_commands where name = 'docs-generate'")
    assert arguments == ["meltano", "invoke", "dbt-postgres:docs-generate"]
    with open(log, encoding="utf-8") as said:
        assert "meltano invoke dbt-postgres:docs-generate" in said.read()
    target.write_text(DOCS)
    assert "Open the documentation" in viewer.text("/lineage")


def test_the_documentation_is_behind_the_login_with_a_policy_of_its_own(panel: Panel, target: Path) -> None:
    target.write_text(DOCS)
    viewer = panel.logged_in("viewer")
    assert panel.visitor().get("/lineage/docs.html").status_code == 303
    for encoding in ("gzip", "identity"):
        answer = viewer.get("/lineage/docs.html", headers={"accept-encoding": encoding})
        assert answer.text == DOCS
        assert answer.headers["content-security-policy"] == lineage.POLICY
        assert answer.headers["x-frame-options"] == "DENY"
    assert viewer.get("/lineage").headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    target.write_text("newer")
    assert viewer.get("/lineage/docs.html").text == "newer"


def test_it_runs_in_a_browser_and_reaches_nothing_of_the_panel(wide: Watched, target: Path) -> None:
    target.write_text(DOCS)
    wide.log_in()
    wide.open("/lineage/docs.html")
    wide.page.wait_for_function("document.body.textContent.includes('net')")
    assert wide.page.inner_text("body") == "it runs, no cookie, no net"
    wide.complaints.clear()  # the blocked request is told

"""Runs, whoever started them; their bookmarks, refused rows and logs; what was published; what the panel started."""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support.databases import fresh_database
from support.panels import Panel, Watched, browser_page, running_panel
from sync_center.pages.runs.bookmarks import MOST_LINES, difference
from sync_center.pages.runs.logs import read_log
from warehouse.lease import machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
RAW = b'\x00\xff{"name": "<script>alert(1)</script>"}'
TABLES = "ops.sync_runs, ops.batches, ops.rejected_records, ops.publishes, ops.panel_commands, ops.panel_audit"


@pytest.fixture(scope="module")
def shared_world(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("world")
    shell = {"TAP_STRIPE_API_KEY": "key", "TAP_CSV_FILES": "exports"}
    with fresh_database(server, template) as url, running_panel(url, shell, logs=folder, imports=folder) as panel:
        yield panel


@pytest.fixture
def world(shared_world: Panel) -> Panel:
    """A panel on a warehouse in which nothing has run."""
    shared_world.query(f"truncate {TABLES} cascade")
    return shared_world


def insert(panel: Panel, table: str, key: str, row: dict[str, Any]) -> int:
    """Insert a row and return its key."""
    names, places = ", ".join(row), ", ".join("%s" for _ in row)
    text = f"insert into ops.{table} ({names}) values ({places}) returning {key}"
    found: int = panel.query(text, *row.values())[0][0]
    return found


def add_run(panel: Panel, source: str = "stripe", *streams: str, at: datetime = NOON, **columns: Any) -> str:
    """A run as the loader writes it, a minute long; streams begin one second after the other."""
    run_id = columns.pop("run_id", None) or str(uuid.uuid4())
    told = {"status": "succeeded", "started_by": "cron", "rows_read": 10, "rows_new": 4, **columns}
    for number, stream in enumerate(streams or ("customers",)):
        begun, ended = at + timedelta(seconds=number), at + timedelta(minutes=1)
        row = {"run_id": run_id, "source": source, "stream": stream, "started_at": begun, "finished_at": ended, **told}
        insert(panel, "sync_runs", "run_id", row)
    return run_id


def add_reject(panel: Panel, run_id: str, raw: bytes = RAW, source: str = "stripe", **columns: Any) -> int:
    row = {
        "run_id": run_id, "source": source, "stream": "customers", "reason": "nested too deeply", "raw": raw,
        "raw_length": len(raw), "raw_sha256": hashlib.sha256(raw).digest(), **columns,
    }  # fmt: skip
    return insert(panel, "rejected_records", "reject_id", row)


def listed(panel: Panel, address: str = "/runs") -> list[str]:
    """The runs that a page lists."""
    return re.findall(
        r'<td data-label="Began"><a href="/runs/(\w+/[0-9a-f-]+)"', panel.logged_in("viewer").get(address).text
    )


def test_a_run_from_anywhere_is_listed_once_with_its_streams_added_up(world: Panel) -> None:
    viewer = world.logged_in("viewer")
    assert "Nothing has run yet" in viewer.text("/runs")
    run_id = add_run(world, "stripe", "customers", "charges", rows_rejected=1, status="succeeded_with_rejects")
    other = add_run(world, "ghl", "contacts", run_id=run_id)
    assert other == run_id, "one Meltano may load two sources"
    text = viewer.text("/runs")
    assert "Stripe complete, some rows refused 20 8 2 60 seconds cron" in text
    assert sorted(listed(world)) == [f"ghl/{run_id}", f"stripe/{run_id}"]


def test_the_filters_are_in_the_address(world: Panel) -> None:
    stripe = add_run(world)
    ghl = add_run(
        world, "ghl", "contacts", at=NOON - timedelta(days=1), status="failed", started_by="eva", error="It says why."
    )
    dead = add_run(
        world, "ghl", "contacts", at=NOON - timedelta(days=2), status="running", finished_at=None, heartbeat_at=NOON
    )
    assert listed(world, "/runs?source=stripe") == [f"stripe/{stripe}"]
    assert listed(world, "/runs?state=failed") == listed(world, "/runs?who=eva") == [f"ghl/{ghl}"]
    assert listed(world, "/runs?state=dead") == [f"ghl/{dead}"]
    assert listed(world, "/runs?day=2026-03-09") == [f"ghl/{ghl}"]
    assert listed(world, "/runs?source=ghl&who=cron&state=&day=") == [f"ghl/{dead}"]
    assert "No run is like that" in world.logged_in("viewer").text("/runs?source=stripe&who=eva")
    assert "It says why." in world.logged_in("viewer").text("/runs?who=eva")


def test_all_runs_are_met_once_page_by_page(world: Panel) -> None:
    expected = {f"stripe/{add_run(world, at=NOON + timedelta(seconds=number // 3))}" for number in range(120)}
    met: list[str] = []
    address: str | None = "/runs?source=stripe"
    while address:
        page = world.logged_in("viewer").get(address).text
        met += listed(world, address)
        found = re.search(r'href="([^"]+)">Older runs', page)
        address = html.unescape(found[1]) if found else None
    assert (len(met), set(met)) == (120, expected)


@pytest.mark.parametrize("query", ["after=nonsense", "day=2026-99-99", "after=2026-01-01~nonsense", "source=%00"])
def test_an_address_that_nobody_wrote_is_refused_with_a_page(world: Panel, query: str) -> None:
    assert world.logged_in("viewer").get(f"/runs?{query}").status_code == 400


def test_the_last_day_of_the_calendar_is_no_error(world: Panel) -> None:
    assert world.logged_in("viewer").get("/runs?day=9999-12-31").status_code == 200


def test_the_timeline_has_a_bar_and_a_row_for_each_day(world: Panel) -> None:
    today = datetime.now(UTC)
    add_run(world, at=today - timedelta(minutes=2))
    add_run(world, at=today - timedelta(days=3), status="failed", rows_new=900)
    page = world.logged_in("viewer").get("/runs").text
    assert page.count('class="bar-rows') == page.count('class="bar-time') == 30
    assert page.count("bar-time is-bad") == 1
    day = (today - timedelta(days=3)).date()
    row = re.search(
        rf'<a href="/runs\?day={day}">[^<]+</a></th><td>1</td><td>1</td><td>900</td><td>60 seconds</td>', page
    )
    assert row


def test_a_runs_page_says_all_that_is_known_of_it(world: Panel) -> None:
    before = {"since": "2026-03-01", "intervals": [{"to": "a"}, {"to": "b"}], "same": 1}
    after = {"since": "2026-03-10", "intervals": [{"to": "a"}, {"to": "c"}], "same": 1, "new": [1, 2]}
    add_run(world, at=NOON - timedelta(days=1), bookmark=json.dumps(before))
    run_id = add_run(
        world, bookmark=json.dumps(after), requests=31, waits=2, note="Nothing is missing.", host="server-1", pid=4711,
        progress_done=10, progress_total=20, progress_unit="records",
    )  # fmt: skip
    world.query(
        "insert into ops.batches (run_id, source, stream, rows_read, rows_new, rows_changed)"
        " values (%s, 'stripe', 'customers', 10, 4, 2)", run_id,
    )  # fmt: skip
    viewer = world.logged_in("viewer")
    text, page = viewer.text(f"/runs/stripe/{run_id}"), viewer.get(f"/runs/stripe/{run_id}").text
    for said in (
        "started by cron server-1, process 4711", "requests 31", "Nothing is missing.",
        "10 of 20 records", "6 rows of it wait to be unified", "3 values changed",
    ):  # fmt: skip
        assert said in text
    for place, was, now in (("since", "2026-03-01", "2026-03-10"), ("intervals / 2 / to", "b", "c")):
        assert re.search(rf">{place}</th>.*?<del>{was}</del>.*?<mark>{now}</mark>", page)
    assert "Log" not in re.findall(r"<h2[^>]*>([^<]+)", page), "a log is for operators"


def test_a_run_that_goes_on_is_asked_for_again(world: Panel) -> None:
    now = datetime.now(UTC)
    columns = {"status": "running", "finished_at": None, "heartbeat_at": now, "progress_done": 5, "progress_total": 20}
    run_id = add_run(world, at=now - timedelta(minutes=1), waiting_until=now + timedelta(hours=1), **columns)
    page = world.logged_in("viewer").get(f"/runs/stripe/{run_id}").text
    assert 'hx-trigger="every 2s"' in page
    assert 'value="25"' in page
    assert "as the vendor asks" in page
    assert "hx-trigger" not in world.logged_in("viewer").get(f"/runs/stripe/{add_run(world)}").text


def test_a_run_that_is_not_there_is_no_page(world: Panel) -> None:
    run_id = add_run(world)
    for path in (
        f"ghl/{run_id}",
        f"stripe/{uuid.uuid4()}",
        f"stripe/{run_id}/rejects/1/raw",
        f"stripe/{run_id}/rejects.xml",
    ):
        assert world.logged_in("operator").get(f"/runs/{path}").status_code == 404
    assert world.logged_in("operator").get("/runs/publishes/1").status_code == 404


def test_a_bookmark_may_be_anything(world: Panel) -> None:
    assert difference(None, None) == ([], [], 0)
    assert difference({}, {"a": {}}).changed[-1] == ("a", None, "{}")
    assert [line.place for line in difference([{"a": 1}], [{"a": 2}]).changed] == ["1 / a"]
    many = difference({}, {f"file {number}": number for number in range(3 * MOST_LINES)})
    assert (len(many.changed), many.left_out) == (MOST_LINES, 2 * MOST_LINES)
    run_id = add_run(world, bookmark=json.dumps({f"file {number}": "<b>" for number in range(5000)}))
    assert len(world.logged_in("viewer").get(f"/runs/stripe/{run_id}").text) < 200_000


def test_refused_rows_are_shown_as_text_and_given_back_byte_for_byte(world: Panel) -> None:
    run_id = add_run(world, rows_rejected=1, status="succeeded_with_rejects")
    reject = add_reject(world, run_id, origin=json.dumps({"path": "exports/a.csv", "line": 7}), raw_length=5000)
    viewer = world.logged_in("viewer")
    page = viewer.get(f"/runs/stripe/{run_id}").text
    assert "<script>alert" not in page
    assert r"\0\xff{&#34;name&#34;: &#34;&lt;script&gt;" in page
    assert "exports/a.csv" in page
    assert "line 7" in page
    assert "the first 39 bytes are kept" in page
    answer = viewer.get(f"/runs/stripe/{run_id}/rejects/{reject}/raw")
    assert answer.content == RAW
    assert answer.headers["content-disposition"] == f'attachment; filename="refused-{reject}.bin"'
    other = add_run(world, "ghl", "contacts")
    assert viewer.get(f"/runs/ghl/{other}/rejects/{reject}/raw").status_code == 404, "it is another run's"


def test_all_refused_rows_come_as_a_file(world: Panel) -> None:
    run_id = add_run(world, rows_rejected=251, status="succeeded_with_rejects")
    add_reject(world, run_id)
    for number in range(250):
        add_reject(world, run_id, b"=cmd()" + str(number).encode(), reason="@sum")
    viewer = world.logged_in("viewer")
    lines = [json.loads(line) for line in viewer.get(f"/runs/stripe/{run_id}/rejects.jsonl").text.splitlines()]
    assert (len(lines), base64.b64decode(lines[0]["raw_base64"]), lines[1]["raw"]) == (251, RAW, "=cmd()0")
    rows = list(csv.DictReader(io.StringIO(viewer.get(f"/runs/stripe/{run_id}/rejects.csv").text)))
    assert [base64.b64decode(row["raw_base64"]) for row in rows[:2]] == [RAW, b"=cmd()0"]
    assert (rows[1]["raw"], rows[1]["reason"]) == ("'=cmd()0", "'@sum"), "a spreadsheet must not compute it"
    first = viewer.get(f"/runs/stripe/{run_id}").text
    assert first.count("Its bytes as a file") == 25
    more = re.search(r'href="([^"]+)">More<', first)
    assert more
    assert viewer.get(html.unescape(more[1])).text.count("Its bytes as a file") == 25


def add_command(panel: Panel, name: str, *, at: datetime = NOON, **columns: Any) -> int:
    row = {
        "name": name, "arguments": ["meltano", "run", name], "started_by": "eva", "started_at": at,
        "machine": machine(), "finished_at": at + timedelta(minutes=5), "exit_code": 0, **columns,
    }  # fmt: skip
    return insert(panel, "panel_commands", "command_id", row)


def test_a_command_and_its_runs_lead_to_each_other(world: Panel) -> None:
    own = add_run(world, at=NOON + timedelta(seconds=5), started_by="eva")
    alone = add_command(world, "download-stripe", run_id=own)
    of_all = add_run(world, "ghl", "contacts", at=NOON + timedelta(minutes=21), started_by="eva")
    everything = add_command(world, "download-all", at=NOON + timedelta(minutes=20))
    add_run(world, "ghl", "contacts", at=NOON + timedelta(minutes=22))
    stopped = add_command(world, "unify", at=NOON + timedelta(minutes=30), stopped_by="omar", exit_code=130)
    operator = world.logged_in("operator")
    assert f"/commands/{alone}" in operator.get(f"/runs/stripe/{own}").text
    assert f"/commands/{everything}" in operator.get(f"/runs/ghl/{of_all}").text
    page = operator.get("/runs/commands").text
    assert re.findall(r"/commands/(\d+)", page) == [str(stopped), str(everything), str(alone)]
    assert re.findall(r'href="/runs/(\w+/[0-9a-f-]{36})', page) == [f"ghl/{of_all}", f"stripe/{own}"]
    assert "stopped by omar" in page
    assert world.logged_in("viewer").get("/runs/commands").status_code == 403


LOG = """2026-03-10T12:00:00Z [info     ] meltano    began
2026-03-10T12:00:01Z [warning  ] meltano    careful
2026-03-10T12:00:02Z error    tap-x: it broke
Traceback (most recent call last):
  <b>of it</b>
2026-03-10T12:00:03Z info     tap-x: it ended
"""


def test_the_log_is_read_from_its_end_and_by_level(world: Panel, tmp_path: Path) -> None:
    file = world.settings.logs / "7-download-stripe.log"
    file.write_text("2026 [info] old\n" * 500_000 + LOG)
    run_id = add_run(world, started_by="eva")
    add_command(world, "download-stripe", run_id=run_id, log_path=str(file))
    operator = world.logged_in("operator")
    page = operator.get(f"/runs/stripe/{run_id}").text
    assert "&lt;b&gt;of it&lt;/b&gt;" in page
    assert "The end of it; the whole log is a file." in page
    assert page.count('<span data-level="') == 400
    worst = operator.get(f"/runs/stripe/{run_id}/log?level=error").text
    assert re.findall(r'<span data-level="error">([^<]*)', worst)[1:] == [
        "Traceback (most recent call last):", "  &lt;b&gt;of it&lt;/b&gt;"
    ]  # fmt: skip
    assert "careful" not in worst
    assert operator.get(f"/runs/stripe/{run_id}/log.txt").content == file.read_bytes()
    assert world.logged_in("viewer").get(f"/runs/stripe/{run_id}/log").status_code == 403
    empty = tmp_path / "empty.log"
    empty.write_bytes(b"")
    assert read_log(empty).lines == []


def test_only_logs_are_shown(world: Panel, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    run_id = add_run(world, started_by="eva")
    add_command(world, "download-stripe", run_id=run_id, log_path=str(secret))
    operator = world.logged_in("operator")
    assert "a secret" not in operator.get(f"/runs/stripe/{run_id}").text
    assert operator.get(f"/runs/stripe/{run_id}/log.txt").status_code == 404


@pytest.fixture
def started(world: Panel, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    def start(command: Any, _who: str) -> bool:
        found.append(" ".join(command.typed(None)))
        return True

    monkeypatch.setattr(world.application.state.panel.processes, "start", start)
    return found


def test_a_download_can_be_tried_again_and_says_what_it_reads(world: Panel, started: list[str]) -> None:
    run_id = add_run(world, rows_rejected=1)
    operator = world.logged_in("operator")
    assert "It reads what changed at the vendor since".lower() in operator.text(f"/runs/stripe/{run_id}/again").lower()
    assert operator.post(f"/runs/stripe/{run_id}/again").headers["location"] == "/runs"
    assert operator.post(f"/runs/stripe/{run_id}/anew").status_code == 303
    assert started == ["meltano run download-stripe", "meltano run --full-refresh download-stripe"]
    files = add_run(world, "csv", "imports", rows_rejected=1)
    add_reject(world, files, source="csv", origin=json.dumps({"path": "exports/a.csv", "line": 7}))
    text = operator.text(f"/runs/csv/{files}/again")
    assert "exports/a.csv 1 row" in text
    assert "A file that has changed is read again from its start" in text
    now = datetime.now(UTC)
    add_run(world, at=now, status="running", finished_at=None, heartbeat_at=now)
    operator.post(f"/runs/stripe/{run_id}/again")
    assert "Stripe is being downloaded already." in operator.text("/runs")
    paypal = add_run(world, "paypal", "transactions")
    operator.post(f"/runs/paypal/{paypal}/again")
    assert "This source cannot be downloaded from here" in operator.text("/runs")
    assert len(started) == 2


def add_publish(panel: Panel, kind: str = "publish", at: datetime = NOON, **columns: Any) -> int:
    row = {
        "invocation_id": uuid.uuid4(),
        "published_by": "eva",
        "published_at": at,
        "kind": kind,
        "rows_inserted": 7,
        **columns,
    }
    found = insert(panel, "publishes", "publish_id", row)
    panel.query("insert into ops.published_tables values (%s, 'clients', true, 7, 0, 0)", found)
    return found


def test_publishes_and_roll_backs_are_told_with_their_tables(world: Panel) -> None:
    run_id = add_run(world, "unify", "dbt", at=NOON - timedelta(seconds=20))
    first = add_publish(world, mode="full", rules_version="3f2a")
    second = add_publish(world, at=NOON + timedelta(hours=1), mode="incremental")
    undo = add_publish(world, "roll_back", at=NOON + timedelta(hours=2))
    world.query("update ops.publishes set rolled_back_by = %s where publish_id = %s", undo, second)
    operator, viewer = world.logged_in("operator"), world.logged_in("viewer")
    text = viewer.text("/runs/publishes")
    assert [word in text for word in ("rolled back", "undone", "published", "everything anew")] == [True] * 4
    assert f"/runs/publishes/{first}" in viewer.get(f"/runs/unify/{run_id}").text
    assert f"/runs/unify/{run_id}" in viewer.get(f"/runs/publishes/{first}").text
    assert "clients 7 0 0 was empty before" in viewer.text(f"/runs/publishes/{first}")
    assert f"undid publish {second}" in viewer.text(f"/runs/publishes/{undo}")
    pages = [operator.get(f"/runs/publishes/{number}").text for number in (first, second, undo)]
    assert ["/confirm/roll-back" in page for page in pages] == [True, False, False], "the last that stands"
    assert "/confirm/roll-back" not in viewer.get(f"/runs/publishes/{first}").text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_a_phone_is_wide_enough(world: Panel, browser: Browser, theme: str) -> None:
    bookmark = json.dumps(
        {f"exports/a very long name of a file {number}": "2026-01-01T00:00:00" for number in range(20)}
    )
    run_id = add_run(
        world, rows_rejected=2, status="failed", bookmark=bookmark, error="It broke.", at=datetime.now(UTC)
    )
    add_reject(world, run_id, b"x" * 3000)
    publish = add_publish(world, mode="full")
    file = world.settings.logs / "8-download-stripe.log"
    file.write_text(LOG + "y" * 500)
    add_command(world, "download-stripe", run_id=run_id, log_path=str(file))
    paths = [f"/runs/stripe/{run_id}", f"/runs/stripe/{run_id}/again", f"/runs/stripe/{run_id}/log", "/runs"]
    paths += ["/runs/publishes", f"/runs/publishes/{publish}", "/runs/commands"]
    with browser_page(browser, world, color_scheme=theme, viewport={"width": 390, "height": 844}) as phone:
        phone.log_in("operator")
        found = {path: _look(phone, path) for path in paths}
    assert {path: said for path, said in found.items() if said} == {}


def _look(watched: Watched, path: str) -> list[str]:
    page = watched.open(path)
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
    return watched.violations() + (["too wide"] if watched.is_too_wide() else [])

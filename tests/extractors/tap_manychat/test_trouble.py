"""Faults in the middle of a download, and runs that are cut off: nothing is lost, nothing committed is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import connect
from sandbox.server import SandboxServer
from sandbox.server.wire import Request, Response
from support.databases import fresh_database
from support.desk import Desk

from tests.extractors.tap_manychat.harness import (
    FIND,
    GET_INFO,
    Outcome,
    ids_file,
    load,
    lookups,
    requests_of,
    run,
    stage,
    stage_contacts,
    staged,
    truth,
)

FAULTS = ["rate_limit", "server_error", "unavailable", "cut", "truncated", "html", "hang"]


def stage_everything(desk: Desk, sandbox: SandboxServer) -> None:
    """Ids of the CSV export, and contacts of another source."""
    rows = [{"id": f"manychat_subscribers:{one}", "record": {}} for one in truth(sandbox)]
    stage(desk, "staging_csv.imports", rows)
    stage_contacts(desk, sandbox)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_in_mid_run_costs_nothing_but_time(sandbox: SandboxServer, tmp_path: Path, kind: str) -> None:
    count = 1 if kind == "hang" else 3
    for path, skip in ((GET_INFO, 20), ("/fb/page/getTags", 0)):
        sandbox.faults.add(kind, f"/manychat{path}", count, skip)
    world = truth(sandbox)
    outcome = run(f"{sandbox.url}/manychat", subscriber_ids_file=ids_file(tmp_path, world), timeout_seconds=1)
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert sandbox.faults.waiting == []
    assert outcome.progress["subscribers"]["waits"] == count
    assert {row["id"]: row["record"] for row in outcome.records("subscribers")} == world
    assert len(outcome.records("subscribers")) == len(world)
    assert not any(row["record"]["found"] is not True for row in outcome.records("lookups"))


def test_a_fault_while_emails_are_looked_up(sandbox: SandboxServer, desk: Desk) -> None:
    stage_everything(desk, sandbox)
    for skip, kind in ((10, "rate_limit"), (40, "cut"), (70, "html")):
        sandbox.faults.add(kind, f"/manychat{FIND}", 2, skip)
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, outcome.lines)
    assert outcome.exit_code == 0
    assert staged(desk) == truth(sandbox)


def test_an_error_that_never_ends_is_no_deletion(
    sandbox: SandboxServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    stage_everything(desk, sandbox)
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    sandbox.clock.now += 8 * 86_400
    sandbox.faults.add("unavailable", f"/manychat{GET_INFO}", 10_000, skip=5)
    down = run(f"{sandbox.url}/manychat", database_url=desk.url, max_wait_seconds=1)
    load(desk, down.lines)
    assert (down.exit_code, down.finished) == (1, False)
    assert "Not read to the end: subscribers" in caplog.text
    assert staged(desk) == truth(sandbox)
    sandbox.faults.clear()
    asked = len(sandbox.log)
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    assert 0 < requests_of(sandbox, asked).count(GET_INFO) <= len(truth(sandbox))


def stored(sandbox: SandboxServer, desk: Desk, count: int) -> list[str]:
    """Store subscribers; return their ids in the order in which they are asked for again a week later."""
    ids = sorted(truth(sandbox))[:count]
    stage(desk, "staging_csv.imports", [{"id": f"manychat_subscribers:{one}", "record": {}} for one in ids])
    load(desk, run(f"{sandbox.url}/manychat", database_url=desk.url).lines)
    sandbox.clock.now += 8 * 86_400
    return ids


def test_a_page_that_knows_nobody_any_more_deletes_nobody(
    sandbox: SandboxServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    ids = stored(sandbox, desk, 60)
    for one in ids[5:]:
        sandbox.manychat.audience().remove(one, sandbox.clock.now)
    for _ in range(2):
        outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
        load(desk, outcome.lines)
        assert (outcome.exit_code, outcome.finished) == (1, False)
        assert (staged(desk).keys(), staged(desk, deleted=True)) == (set(ids), {})
    assert "ManyChat says of 21 stored subscribers one after another that they do not exist" in caplog.text
    assert {row["found"] for row in lookups(desk).values()} == {True}
    times = sum(("subscriber_id", ids[0]) in logged.params for logged in sandbox.log)
    assert times == 2, "what came before the row is in"
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url, most_gone_in_a_row=60)
    load(desk, outcome.lines)
    assert outcome.exit_code == 0
    assert (staged(desk).keys(), staged(desk, deleted=True).keys()) == (set(ids[:5]), set(ids[5:]))


def test_many_who_are_gone_among_the_living_are_tombstones(sandbox: SandboxServer, desk: Desk) -> None:
    ids = stored(sandbox, desk, 60)
    alive = {ids[20], ids[41]}
    for one in set(ids) - alive:
        sandbox.manychat.audience().remove(one, sandbox.clock.now)
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    load(desk, outcome.lines)
    assert outcome.exit_code == 0
    assert (staged(desk).keys(), staged(desk, deleted=True).keys()) == (alive, set(ids) - alive)


def test_killed_at_any_checkpoint_the_next_run_goes_on_with_what_is_due(
    sandbox: SandboxServer, server: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_manychat.base.PAGE_SIZE", 20)
    for part in (0.2, 0.5, 0.8):
        with fresh_database(server, template) as url, connect(url, autocommit=True) as connection:
            desk = Desk(url, "staging_manychat", connection, tmp_path)
            stage_everything(desk, sandbox)
            whole = run(f"{sandbox.url}/manychat", database_url=url)
            killed_and_run_again(sandbox, desk, whole, int(part * len(whole.states)))


def killed_and_run_again(sandbox: SandboxServer, desk: Desk, whole: Outcome, checkpoint: int) -> None:
    """What the loader had at the checkpoint is not asked for again, and what the next run sends completes the world."""
    lines, bookmark = whole.until(checkpoint)
    load(desk, lines)
    tried = {row[0] for row in desk.query("select id from staging_manychat.lookups")}
    asked = len(sandbox.log)
    again = run(f"{sandbox.url}/manychat", bookmark, database_url=desk.url)
    load(desk, again.lines)
    assert again.finished
    assert tried
    values = {value for logged in sandbox.log[asked:] for _, value in logged.params}
    assert not {seed.partition(":")[2] for seed in tried} & values
    assert requests_of(sandbox, asked).count(GET_INFO) < len(truth(sandbox))
    assert staged(desk) == truth(sandbox)
    asked = len(sandbox.log)
    run(f"{sandbox.url}/manychat", again.state, database_url=desk.url)
    assert len(requests_of(sandbox, asked)) <= 30


def test_killed_without_a_warehouse_the_bookmark_goes_on(
    sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_manychat.base.PAGE_SIZE", 10)
    ids = list(truth(sandbox))
    path = ids_file(tmp_path, ids)
    whole = run(f"{sandbox.url}/manychat", subscriber_ids_file=path)
    for checkpoint in range(1, len(whole.states), 3):
        _, state = whole.until(checkpoint)
        done = state["bookmarks"].get("subscribers", {}).get("asked", 0)
        again = run(f"{sandbox.url}/manychat", state, subscriber_ids_file=path)
        assert [row["id"] for row in again.records("subscribers")] == ids[done:]
    assert len(whole.states) > 8


def test_a_connection_to_the_warehouse_that_breaks_is_made_anew(
    sandbox: SandboxServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage_contacts(desk, sandbox)
    whole = run(f"{sandbox.url}/manychat", database_url=desk.url)
    ended: list[int] = []
    answer = sandbox.manychat.answer

    def breaking(request: Request) -> Response:
        if FIND in request.path and not ended:
            ended.extend(end_connections(desk.url, "tap-manychat"))
        return answer(request)

    monkeypatch.setattr(sandbox.manychat, "answer", breaking)
    outcome = run(f"{sandbox.url}/manychat", database_url=desk.url)
    assert ended
    assert (outcome.exit_code, outcome.finished) == (0, True)
    assert {row["id"] for row in outcome.records("lookups")} == {row["id"] for row in whole.records("lookups")}


def end_connections(url: str, application: str) -> list[int]:
    """End what an application has open, as a server that starts anew would."""
    query = "select pid, pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name ~ %s"
    with connect(url) as connection:
        rows = connection.execute(f"{query} and datname = current_database()", [application]).fetchall()
    return [pid for pid, _ in rows]

"""Conflicts: every answer, who may give it, two people at once, many by a rule, and Undo that gives back what was."""

from __future__ import annotations

import os
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from stage_first.decisions_people import different_people
from support.databases import fresh_database
from support.panels import PHONE, Panel, browser_page, running_panel
from support.studio import charge
from warehouse.connection import connect

from tests.transform.conftest import TRANSFORM, Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser
    from support.panels import Visitor

    Choices = dict[str, Any]

BAD_NAME = "<script>document.title='broken'</script> O'Neil & Co"
NOTHING = "00000000-0000-4000-8000-000000000000"
PEOPLE = {
    "ana": {"Name": "Ana López", "Email": "ana@x.mx", "Phone": "+525510000001"},
    "ana_chat": {"Name": "ANA LOPEZ", "Email": "ana.l@y.mx", "Phone": "+525510000001"},
    "luz": {"Name": "Luz Sol", "Email": "luz@x.mx", "Phone": "+525510000002"},
    "luz_shop": {"Name": "Luz Sol", "Email": "luz@y.mx", "Phone": "+525510000002"},
    "eva": {"Name": "Eva Paz", "Email": "eva@x.mx", "Phone": "+525510000003"},
    "leo": {"Name": "Leo Paz", "Email": "leo@x.mx", "Phone": "+525510000003"},
    "paz_chat": {"Name": "", "Phone": "+525510000003", "Subscriber ID": "77"},
    "bad": {"Name": BAD_NAME, "Email": "bad@x.mx", "Phone": "+525510000004"},
    "bad_two": {"Name": "Sara Gil", "Email": "sara@x.mx", "Phone": "+525510000004"},
    **{f"alone{number}": {"Name": f"Nobody {number}", "Email": f"alone{number}@x.mx"} for number in range(30)},
}
PATHS = ("/conflicts", "/conflicts/recent", "/conflicts/rule/same_name")
STATE = "select case_id::text, state, waiting_ids, undone_ids from ops.conflict_cases order by case_id"


@pytest.fixture(scope="module")
def panel(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel on people about whom somebody has to decide; unify is the real command."""
    folder: Path = tmp_path_factory.mktemp("conflicts")
    with fresh_database(server, template) as url:
        shell = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "MELTANO_"))}
        shell |= {"DATABASE_URL": url, "STAGE_FIRST_DATA": str(folder / "data")}
        warehouse = Warehouse(url, TRANSFORM, folder)
        with warehouse.connection:
            warehouse.load("people", PEOPLE)
            customer = {"billing_details": {"email": "ana@x.mx"}}
            warehouse.load_api("stripe.charges", {f"ch_{n}": charge(1000, **customer) for n in range(3)}, "shop")
            warehouse.build()
        with running_panel(url, shell, logs=folder / "logs") as running:
            yield running


@pytest.fixture
def operator(panel: Panel) -> Iterator[Visitor]:
    """An operator, before whom nothing was decided."""
    yield panel.logged_in("operator")
    panel.query("truncate ops.merge_decisions, ops.conflict_acts restart identity")
    panel.query("update ops.conflict_cases set waiting_ids = '{}', undone_ids = '{}'")
    panel.query("update ops.conflict_queue set decision_id = 0, withdrawn_at = 'epoch'")


def case_of(panel: Panel, phone: str) -> str:
    return str(
        panel.query("select case_id::text from unified.merge_conflicts where value = %s", f"+52551000000{phone}")[0][0]
    )


def form(visitor: Visitor, case_id: str) -> Choices:
    """The hidden fields of a case's form."""
    page = visitor.get(f"/conflicts/{case_id}").text
    return dict(re.findall(r'name="(seen|form_token|queue_of)" value="([^"]*)"', page))


def clients_of(panel: Panel, case_id: str) -> list[str]:
    rows = panel.query("select client_ids::text[] from ops.conflict_cases where case_id = %s", case_id)
    return list(rows[0][0])


def decide(visitor: Visitor, case_id: str, **choices: Any) -> Any:
    return visitor.client.post(f"/conflicts/{case_id}", data={**form(visitor, case_id), **choices})


def written(panel: Panel) -> list[tuple[Any, ...]]:
    query = "select decision, coalesce(record_key, kind || ' ' || value), decided_by, reason from ops.merge_decisions"
    return list(panel.query(f"{query} where withdrawn_at is null order by decision_id"))


def test_the_queue_tells_counts_by_reason_and_money_first(panel: Panel, operator: Visitor) -> None:
    said = operator.text("/conflicts")
    assert "each has an own e-mail 3" in said
    assert "could be either's 1" in said
    assert "$30.00" in said
    first, *_ = re.findall(r'class="row" href="/conflicts/([0-9a-f-]+)', operator.get("/conflicts").text)
    assert first == case_of(panel, "1")
    assert "need you 4" in said


def test_the_address_filters_and_searches(panel: Panel, operator: Visitor) -> None:
    def found(query: str) -> set[str]:
        page = operator.get(f"/conflicts?{query}").text
        return set(re.findall(r'class="row" href="/conflicts/([0-9a-f-]+)', page))

    assert found("q=lopez") == found("q=ANA%20L%C3%B3pez") == found("q=0000001") == {case_of(panel, "1")}
    assert found("reason=ambiguous") == {case_of(panel, "3")}
    assert found("rule=same_name") == {case_of(panel, "1"), case_of(panel, "2")}
    assert found("kind=email") == found("state=solved") == found("q=%25") == found("q=_") == set()
    assert "Nothing matches" in operator.text("/conflicts?q=nobody-at-all")


def test_a_case_tells_differences_origins_and_what_each_answer_does(panel: Panel, operator: Visitor) -> None:
    said = operator.text(f"/conflicts/{case_of(panel, '1')}")
    assert "Proposed: same person. All have the same name." in said
    assert "Joins 2 clients with 3 payments and 5 records." in said
    assert "csv/people" in said
    page = operator.get(f"/conflicts/{case_of(panel, '1')}").text
    assert page.count('data-mark="contested"') >= 3
    assert 'data-mark="differs"' in page
    assert 'name="answer" value="same" required data-key="s" aria-keyshortcuts="s" >' in page


def test_a_script_in_a_name_is_text(panel: Panel, operator: Visitor) -> None:
    for path in ("/conflicts", f"/conflicts/{case_of(panel, '4')}"):
        page = operator.get(path).text
        assert "&lt;script&gt;document.title" in page
        assert "<script>document" not in page


@pytest.mark.parametrize(
    ("phone", "choices", "decisions"),
    [
        ("1", {"answer": "same", "reason": "they told us"}, [("same_person", "csv:imports:main:people:ana")]),
        ("1", {"answer": "different"}, [("different_people", "csv:imports:main:people:ana")]),
        ("1", {"answer": "shared"}, [("shared", "phone_e164 +525510000001")]),
        ("1", {"answer": "later", "until": "2999-01-31"}, [("later", "phone_e164 +525510000001")]),
        ("3", {"answer": "same"}, [("same_person", "csv:imports:main:people:eva")] * 2),
        (
            "3", {"answer": "different"},
            [("different_people", f"csv:imports:main:people:{one}") for one in ("eva", "eva", "leo")],
        ),
    ],
    ids=lambda value: value["answer"] if isinstance(value, dict) else None,
)  # fmt: skip
def test_each_answer_is_written_marked_at_once_and_undone_exactly(
    panel: Panel, operator: Visitor, phone: str, choices: Choices, decisions: list[tuple[str, str]]
) -> None:
    operator.get("/conflicts")
    before, case_id = panel.query(STATE), case_of(panel, phone)
    done = decide(operator, case_id, **choices)
    assert done.status_code == 303
    assert sorted(row[:2] for row in written(panel)) == sorted(decisions)
    assert {row[2] for row in written(panel)} == {"operator"}
    assert {row[3] for row in written(panel)} == {choices.get("reason", "No reason given, in the Sync Center.")}
    said = operator.text(f"/conflicts/{case_id}")
    assert "decided, waits for unify" in said
    assert "Clients change with the next unify, not before." in said
    assert "Unify now" in said
    assert case_id not in operator.get("/conflicts").text.split('id="queue"')[1]
    assert case_id in operator.get("/conflicts?state=decided").text
    assert "waits for unify" in operator.text("/conflicts/recent")
    undone = operator.post("/conflicts/undo/1", seen="/conflicts")
    assert undone.headers["location"] == f"/conflicts/{case_id}"
    assert panel.query(STATE) == before
    assert written(panel) == []
    assert "undone by operator" in operator.text("/conflicts/recent")


def test_only_some_of_the_clients_may_be_one_person(panel: Panel, operator: Visitor) -> None:
    operator.get("/conflicts")
    case_id = case_of(panel, "3")
    one, other, _ = clients_of(panel, case_id)
    assert decide(operator, case_id, answer="same", client=[one]).status_code == 409
    assert decide(operator, case_id, answer="same", client=[one, other]).status_code == 303
    assert len(written(panel)) == 1


def test_a_value_is_not_that_of_one_of_them(panel: Panel, operator: Visitor) -> None:
    operator.get("/conflicts")
    case_id = case_of(panel, "1")
    refused = decide(operator, case_id, answer="not_theirs", reason="typed <b>before</b>")
    assert refused.status_code == 409
    assert "Choose the client whose value it is not." in refused.text
    assert 'value="typed &lt;b&gt;before&lt;/b&gt;"' in refused.text
    whose = panel.query("select client_id::text from unified.client_records where id = 'people:ana_chat'")[0][0]
    assert decide(operator, case_id, answer="not_theirs", whose=whose).status_code == 303
    assert written(panel)[0][:2] == ("not_theirs", "csv:imports:main:people:ana_chat")
    assert decide(operator, case_id, answer="not_theirs", whose=str(uuid.uuid4())).status_code == 409


@pytest.mark.parametrize(
    "choices",
    [{}, {"answer": "burn"}, {"answer": "later", "until": "soon"}, {"answer": "later", "until": "2001-01-01"},
     {"answer": "shared", "conflict": "nonsense"}, {"answer": "same", "client": "nonsense"}],
    ids=str,
)  # fmt: skip
def test_an_answer_that_cannot_be_is_refused_with_a_sentence(panel: Panel, operator: Visitor, choices: Choices) -> None:
    answer = decide(operator, case_of(panel, "1"), **choices)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert written(panel) == []


def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(panel: Panel, operator: Visitor) -> None:
    case_id, owner = case_of(panel, "1"), panel.logged_in("owner")
    mine, theirs = form(operator, case_id), form(owner, case_id)
    theirs |= {"answer": "same", "reason": "she told me"}
    assert owner.client.post(f"/conflicts/{case_id}", data=theirs).status_code == 303
    second = operator.client.post(
        f"/conflicts/{case_id}", data={**mine, "answer": "different", "reason": "I typed this"}
    )
    assert second.status_code == 409
    assert "Nothing of yours was written" in second.text
    assert re.search(r"owner decided it \d+:\d+\W*[AP]M: same person\.", second.text)
    assert "she told me" in second.text
    assert 'value="I typed this"' in second.text
    assert [row[0] for row in written(panel)] == ["same_person"]


def test_what_is_decided_in_a_terminal_shows_up_and_is_no_less_protected(panel: Panel, operator: Visitor) -> None:
    case_id = case_of(panel, "1")
    mine = form(operator, case_id)
    with connect(panel.database_url, application="tests") as connection:
        different_people(connection, "ana@x.mx", "ana.l@y.mx", "sisters", "Marta")
    second = operator.client.post(f"/conflicts/{case_id}", data={**mine, "answer": "same"})
    assert (second.status_code, "Marta decided it" in second.text) == (409, True)
    contradicting = decide(operator, case_id, answer="same")
    assert contradicting.status_code == 409
    assert "Marta" in contradicting.text
    assert "are different people" in contradicting.text
    held = {**form(operator, case_id), "decision": "1"}
    assert operator.client.post(f"/conflicts/{case_id}/reopen", data=held).status_code == 303
    assert written(panel) == []
    assert "needs you" in operator.text(f"/conflicts/{case_id}")


def test_many_are_decided_by_a_rule_after_their_count_was_shown(panel: Panel, operator: Visitor) -> None:
    operator.get("/conflicts")
    before = panel.query(STATE)
    path = "/conflicts/rule/same_name"
    assert "Decide 2 conflicts: same person" in operator.text(path)
    assert operator.post(path, {"shown": "1"}, seen=path).status_code == 409
    assert written(panel) == []
    assert operator.post(path, {"shown": "2", "reason": "same names"}, seen=path).status_code == 303
    assert [row[0] for row in written(panel)] == ["same_person"] * 2
    assert "2 conflicts are decided." in operator.text("/conflicts")
    again = operator.post(path, {"shown": "2"}, seen="/conflicts")
    assert "Meanwhile it is 0 conflicts" in again.text
    operator.post("/conflicts/undo/1", seen="/conflicts")
    assert "Undone: 2 conflicts are as they were before." in operator.text("/conflicts")
    assert panel.query(STATE) == before
    assert written(panel) == []
    twice = operator.post("/conflicts/undo/1", seen="/conflicts")
    assert twice.status_code == 303
    assert "operator has undone it already" in operator.text("/conflicts")
    assert len(panel.query("select 1 from ops.panel_audit where action in ('decide', 'undo')")) >= 2


def test_the_rule_keeps_to_the_filters(panel: Panel, operator: Visitor) -> None:
    path = "/conflicts/rule/same_name?q=luz"
    assert "Decide 1 conflict: same person" in operator.text(path)
    queue_of = re.search(r'name="queue_of" value="([^"]*)"', operator.get(path).text)
    assert queue_of
    given = {"shown": "1", "queue_of": queue_of.group(1).replace("&amp;", "&")}
    assert operator.post("/conflicts/rule/same_name", given, seen=path).status_code == 303
    assert written(panel)[0][1] == "csv:imports:main:people:luz"


def test_a_viewer_looks_and_decides_nothing(panel: Panel, operator: Visitor) -> None:
    viewer, case_id = panel.logged_in("viewer"), case_of(panel, "1")
    page = viewer.get(f"/conflicts/{case_id}").text
    assert 'name="answer"' not in page
    assert "An operator or an owner decides." in page
    given = {**form(operator, case_id), "form_token": viewer.form_token("/conflicts"), "answer": "same"}
    assert viewer.client.post(f"/conflicts/{case_id}", data=given).status_code == 403
    assert "Decide many at once" not in viewer.text("/conflicts")
    assert written(panel) == []


@pytest.mark.parametrize("path", ["/conflicts/nonsense", f"/conflicts/{NOTHING}", "/conflicts/rule/nothing"])
def test_what_is_not_there_is_a_page(operator: Visitor, path: str) -> None:
    assert operator.get(path).status_code == 404


@pytest.mark.parametrize("after", ["x", "~", f"NaN~{NOTHING}", f"1e999999~{NOTHING}", "1~%00", "-1~x"])
def test_an_odd_place_is_the_top(operator: Visitor, after: str) -> None:
    assert operator.get(f"/conflicts?after={after}").status_code == 200


def test_pages_follow_each_other_without_a_gap(operator: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync_center.pages.conflicts.queue.MOST", 1)
    seen, path = [], "/conflicts"
    while path:
        page = operator.get(path).text
        seen += re.findall(r'class="row" href="/conflicts/([0-9a-f-]+)', page)
        following = re.search(r'id="next-page" rel="next" href="([^"]+)"', page)
        path = following.group(1).replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 4


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Browser, panel: Panel, operator: Visitor, theme: str) -> None:
    decide(operator, case_of(panel, "2"), answer="same", reason="same name")
    with browser_page(browser, panel, color_scheme=theme) as wide:
        wide.log_in("operator")
        for path in (*PATHS, *(f"/conflicts/{case_of(panel, phone)}" for phone in "32")):
            wide.open(path)
            assert wide.violations() == [], path


@pytest.mark.usefixtures("operator")
def test_a_phone_shows_cards_and_never_scrolls_sideways(browser: Browser, panel: Panel) -> None:
    with browser_page(browser, panel, viewport=PHONE, has_touch=True, is_mobile=True, locale="es-MX") as phone:
        phone.log_in("operator")
        for path in (*PATHS, *(f"/conflicts/{case_of(panel, number)}" for number in "34")):
            phone.open(path)
            assert not phone.is_too_wide(), path
        phone.open(f"/conflicts/{case_of(panel, '1')}")
        first, second = phone.page.locator("article.client").all()
        assert first.bounding_box()["y"] + first.bounding_box()["height"] <= second.bounding_box()["y"]  # type: ignore[index]
        assert phone.page.title() != "broken"
